"""What machines ask of a process: is it alive, can it work, what waits."""

import re
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder

from ecosystem.base.clock import now
from ecosystem.models import Agenda
from ecosystem.views import operations

pytestmark = pytest.mark.django_db


def test_rel_26_healthz_asks_nothing_of_the_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer["Cache-Control"]


READY = {"ready": True, "running": True, "database": True, "role": True, "migrations": True}


def test_rel_26_readyz_names_what_was_found_ready_and_nothing_else(client):
    """REL-26: database, migrations and the role of SEC-13; no secret, no name of a host, no version of anything."""
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == READY
    for said in (answer, client.get("/healthz")):
        assert not {"Server", "X-Powered-By"} & set(said.headers)
        assert not re.search(rb"\d", said.content)


@contextmanager
def another_database(**changed):
    """The application's alias leads elsewhere, as with another DATABASE_URL."""
    kept = connection.settings_dict
    connection.close()
    connection.settings_dict = {**kept, **changed}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = kept


@pytest.mark.django_db(transaction=True)
def test_rel_26_a_database_that_is_away_or_a_role_that_is_too_strong_is_not_ready(client):
    owner = connections["owner"].settings_dict
    with another_database(PORT=1):
        away = client.get("/readyz")
        assert client.get("/healthz").status_code == 200
    with another_database(USER=owner["USER"], PASSWORD=owner["PASSWORD"]):
        strong = client.get("/readyz")
    assert (away.status_code, away["Retry-After"]) == (503, "5")
    assert away.json() == READY | {"ready": False, "database": False, "role": False, "migrations": False}
    assert strong.status_code == 503
    assert strong.json() == READY | {"ready": False, "role": False, "migrations": False}
    assert owner["USER"].encode() not in strong.content
    assert client.get("/readyz").json() == READY


@pytest.mark.django_db(transaction=True)
def test_rel_26_a_migration_that_waits_is_not_ready(client, monkeypatch):
    monkeypatch.setattr(operations, "_known_complete", [])
    last = MigrationRecorder(connections["owner"]).migration_qs.using("owner").filter(app="campaigns").latest("name")
    last.delete(using="owner")
    try:
        waiting = client.get("/readyz")
    finally:
        last.save(using="owner", force_insert=True)
    assert waiting.status_code == 503
    assert waiting.json() == READY | {"ready": False, "migrations": False}
    assert client.get("/readyz").json() == READY


def test_rel_26_while_it_stops_it_is_alive_and_not_ready(client, settings, tmp_path):
    settings.LEAVING_FILE = str(tmp_path / "leaving")
    assert client.get("/readyz").status_code == 200
    (tmp_path / "leaving").touch()
    stopping = client.get("/readyz")
    assert (stopping.status_code, stopping["Retry-After"]) == (503, "5")
    assert stopping.json() == READY | {"ready": False, "running": False}
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_health_answers_no_post(client, path):
    assert client.post(path).status_code == 405


def test_metrics_tell_how_long_work_has_been_due_and_for_nobody_in_particular(client):
    Agenda.objects.create(agenda_business_id=417, queue="letters", due_at=now() - timedelta(minutes=5))
    Agenda.objects.create(agenda_business_id=418, queue="letters", due_at=now() + timedelta(minutes=5))
    lines = client.get("/metrics").content.decode().splitlines()
    assert 'lampwalk_waiting{queue="letters"} 1' in lines
    [oldest] = [line for line in lines if line.startswith('lampwalk_oldest_due_seconds{queue="letters"}')]
    assert 300 <= float(oldest.split()[1]) < 310
    assert "417" not in "".join(lines)


@pytest.mark.parametrize(
    "request_from",
    [
        {"REMOTE_ADDR": "192.0.2.7"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.7"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=192.0.2.7"},
    ],
)
def test_metrics_are_not_there_for_anybody_else(client, request_from):
    assert client.get("/metrics", **request_from).status_code == 404
