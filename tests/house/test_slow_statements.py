"""REL-33: no statement takes longer than its process may wait, and none of one business stops another."""

import http.client
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from ecosystem.base.clock import now
from ecosystem.base.sql import rows
from ecosystem.base.tenancy import business_scope
from ecosystem.config.embedded import programs
from ecosystem.jobs import JOBS
from ecosystem.models import Job
from ecosystem.services.jobs import start_job, work_jobs
from tests.house import test_requests
from tests.house.wire import Address, web_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.house.urls")]

town = test_requests.town
SHOW = (
    "import django; django.setup(); from django.db import connection as c; k = c.cursor();"
    "k.execute('SHOW statement_timeout'); print(k.fetchone()[0])"
)
LIMIT, WITHIN = "3s", 20


def ask(address: Address, path: str, cookie: str = "") -> tuple[int, dict[str, str], str]:
    """Ask over a connection of one's own."""
    sending = http.client.HTTPConnection(*address, timeout=60)
    try:
        sending.request("GET", path, headers={"Cookie": f"{django_settings.SESSION_COOKIE_NAME}={cookie}"})
        answer = sending.getresponse()
        return answer.status, dict(answer.headers), answer.read().decode()
    finally:
        sending.close()


def run_python(code: str, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    env = {**env, "DJANGO_SETTINGS_MODULE": "ecosystem.config.settings"}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=django_settings.BASE_DIR, env=env, capture_output=True, text=True, check=False
    )


def cookie_of(name: str) -> str:
    return str(test_requests.client_of(name).cookies[django_settings.SESSION_COOKIE_NAME].value)


def wait_for_a_sleeper() -> None:
    """Until PostgreSQL is at work on the long statement."""
    ends = time.monotonic() + WITHIN
    while time.monotonic() < ends:
        if rows("SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%%' AND state = 'active'", {"x": 1}):
            return
        time.sleep(0.02)
    raise AssertionError("Nobody sleeps.")


@pytest.mark.parametrize(("kind", "limit"), [("web", "5s"), ("worker", "1min")])
def test_rel_33_what_bin_up_runs_is_held_to_its_limit_by_postgresql(kind, limit):
    run = [programs.web({}, 1)] if kind == "web" else programs.workers({})
    kinds = {program.environment["PROCESS_KIND"] for program in run}
    assert kinds == {kind}
    shown = run_python(SHOW, {**os.environ, "PROCESS_KIND": kind})
    assert shown.stdout.strip() == limit, shown.stderr


@pytest.mark.parametrize(
    ("first", "limit"),
    [
        ("import ecosystem.config.wsgi", "5s"),
        ("import sys; sys.argv = ['/srv/bin/celery', 'worker']; import ecosystem.config", "1min"),
        ("import sys; sys.argv = ['/srv/celery/__main__.py', 'worker']; import ecosystem.config", "1min"),
    ],
)
def test_rel_33_who_serves_or_works_is_held_to_its_limit_without_being_told(first, limit):
    env = {name: value for name, value in os.environ.items() if name != "PROCESS_KIND"}
    shown = run_python(f"{first}; {SHOW}", env)
    assert shown.stdout.strip() == limit, shown.stderr


def test_rel_33_a_long_statement_of_one_business_is_cut_while_another_is_answered(town, settings):
    settings.STATEMENT_TIMEOUT = LIMIT
    nora, gus = cookie_of("nora"), cookie_of("gus")
    with web_server() as address, ThreadPoolExecutor(1) as pool:
        slow = pool.submit(ask, address, "/b/oat-and-ember/think_long/", nora)
        wait_for_a_sleeper()
        assert ask(address, "/b/garage/listing/", gus)[0] == 200
        assert not slow.done()
        status, headers, page = slow.result(WITHIN)
        assert (status, headers["Retry-After"]) == (503, "5")
        assert "That took too long" in page
        assert "so that nobody else waits for it. Nothing was changed." in page
        assert "pg_sleep" not in page
        assert "canceling" not in page
        assert ask(address, "/b/oat-and-ember/listing/", nora)[0] == 200
    assert test_requests.shelves_of(town[0]) == test_requests.NORAS


def test_rel_33_a_program_is_told_by_a_code_that_it_asked_for_too_much(town, settings, client):
    settings.STATEMENT_TIMEOUT = "100ms"
    connection.close()
    answer = client.get("/api/v1/think_long/")
    connection.close()
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json()["code"] == "took_too_long"
    assert "Ask for less at once" in answer.json()["title"]


def test_rel_33_a_long_statement_of_a_job_is_cut_and_the_next_business_is_served(town, settings, monkeypatch):
    """It is tried again later, as everything that broke; nobody waits for it meanwhile."""
    done: list[int] = []

    def sleep_in_the_first(business_id: int, job_id: Any) -> bool:
        with business_scope(business_id):
            if business_id == town[0].pk:
                rows("SELECT pg_sleep(60)")
            done.append(business_id)
        return False

    monkeypatch.setitem(JOBS._entries, "sleep", (0, sleep_in_the_first))
    settings.STATEMENT_TIMEOUT = "300ms"
    connection.close()
    for business in town:
        with business_scope(business):
            start_job("sleep")
        work_jobs(business.pk, now())
    connection.close()
    settings.STATEMENT_TIMEOUT = "60s"
    states = []
    for business in town:
        with business_scope(business):
            states.append(Job.objects.get(kind="sleep").state)
    assert (states, done) == (["running", "done"], [town[1].pk])
