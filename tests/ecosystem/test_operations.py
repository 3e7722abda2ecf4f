"""What machines ask of a process: is it alive, can it work, what waits."""

from datetime import timedelta

import pytest

from ecosystem.base.clock import now
from ecosystem.models import Agenda

pytestmark = pytest.mark.django_db


def test_healthz_asks_nothing_of_the_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer["Cache-Control"]


def test_readyz_names_what_was_found_ready(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "database": True, "migrations": True}


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
