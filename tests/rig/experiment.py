"""A run of the rig: workers send while a seeded hand kills, freezes and cuts, until nothing is left to send."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import psycopg2
import redis
from django.conf import settings
from django.db import connections
from django.db.utils import InterfaceError, OperationalError

from campaigns.models import ProviderEvent
from campaigns.services.delivery_marks import told_under
from campaigns.services.provider_events import PROVIDER_EVENTS_QUEUE
from ecosystem.base.clock import now
from ecosystem.base.sql import execute
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business
from ecosystem.services.agenda import note_work
from ecosystem.services.invariants import check_invariants
from tests.factories.campaigns import pass_time
from tests.rig.doors import connect, database_url
from tests.rig.history import (
    History,
    claims_in_hand,
    has_passed_on,
    in_doubt,
    judge,
    left_to_send,
    letters_of,
    still_to_hand,
)
from tests.rig.leaving import leave
from tests.rig.marks import claims_held_by
from tests.rig.plans import Plan
from tests.rig.receivers import BY_SMTP, Ways, log_of, provider

# Longer than a lease, and than a letter waits that was refused for now three times.
GROWS_OLD_BY = 8_000

_CLAIMS_OVER = """
UPDATE campaigns_messageclaim SET lease_until = clock_timestamp() - interval '1 second'
 WHERE business_id = %(business_id)s AND id = ANY (%(tokens)s::uuid[])"""
_AGENDA_OVER = """
UPDATE ecosystem_agenda SET lease_until = clock_timestamp() - interval '1 second'
 WHERE agenda_business_id = %(business_id)s AND lease_until IS NOT NULL"""


@dataclass
class Report:
    """What was done, what came of it, and whether the run counts."""

    plan: Plan
    left: int = 0  # people who said in the middle of it that they want nothing more
    landed: int = 0  # kills that hit a worker with letters handed over and not answered for
    struck: Counter[str] = field(default_factory=Counter)  # what was really done before nothing was left to send
    seconds: float = 0.0
    history: History | None = None
    problems: list[str] = field(default_factory=list)


def run(plan: Plan, businesses: list[Business], folder: Path) -> Report:
    """Let the workers send for the businesses while the plan is carried out, then to the end; judge the history."""
    report = Report(plan)
    began = time.monotonic()
    with contextlib.ExitStack() as running:
        connect(plan, businesses, running, folder)
        ways = running.enter_context(provider(plan, folder))
        crew = _Crew(plan, ways, folder)
        try:
            for blow in plan.blows():
                crew.await_work()
                time.sleep(crew.random.uniform(*plan.pause))
                crew.strike(blow, businesses, report)
                report.struck[blow] += 1
                crew.note_doubts(all_rest=False)
                if not left_to_send(crew.ops):
                    break
            crew.finish(businesses)
        finally:
            crew.stop()
        report.history = judge(log_of(plan, ways.log), crew.ops, told=folder / "told.log", doubted=crew.doubted)
    report.problems = [problem.sentence for problem in _patiently(check_invariants).problems]
    report.seconds = time.monotonic() - began
    return report


class _Crew:
    """The workers, and the hand that strikes them."""

    def __init__(self, plan: Plan, ways: Ways, folder: Path) -> None:
        self.plan, self.ways, self.folder = plan, ways, folder
        self.random = random.Random(plan.seed)
        self.ops, self.app = database_url("OPS_DATABASE_URL"), database_url("DATABASE_URL")
        environment = {
            **os.environ,
            "DATABASE_URL": self.app,
            "LOG_LEVEL": plan.log_level,
            "PYTHONPATH": str(plan.code),
        }
        environment |= {"EMAIL_URL": f"smtp://127.0.0.1:{ways.smtp}", "SENDS_FIRST_DAYS": "0"}
        if ways.http:
            environment["SMS_URL"] = ways.texts_url
        if plan.provider not in BY_SMTP:
            environment["MAIL_PROVIDER_URLS"] = ways.mail_urls(plan.provider)
        environment.pop("MIGRATION_DATABASE_URL", None)
        said = (folder / "workers.log").open("ab")
        self.nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.rig.worker"],
            env=environment, cwd=plan.code, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True,
        )  # fmt: skip
        # Who has not been seen with letters in hand yet.
        self._new: set[int] = set()
        self.workers = [self._hire() for _ in range(plan.workers)]
        self._dead_claims: set[UUID] = set()
        self.doubted: set[str] = set()

    def strike(self, blow: str, businesses: list[Business], report: Report) -> None:
        """One blow of the plan."""
        if blow == "kill":
            self._kill(report)
        elif blow == "freeze":
            self._freeze(businesses)
        elif blow == "kill postgres":
            os.kill(_postmaster(), signal.SIGKILL)
            _patiently(lambda: left_to_send(self.ops))
        elif blow == "leave":
            business = self.random.choice(businesses)
            report.left += _patiently(lambda: leave(business, self.ways.log, is_forgotten=self.plan.loses_stops))
        elif blow == "flush redis":
            for url in (settings.REDIS_URL, settings.CACHE_URL):
                redis.Redis.from_url(url).flushdb()
        else:
            with psycopg2.connect(self.app) as session, session.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
                )

    def await_work(self, seconds: float = 5) -> None:
        """Wait until everybody has had letters in hand: on a busy machine a blow would hit those who only begin."""
        deadline = time.monotonic() + seconds
        while self._new and time.monotonic() < deadline and _patiently(lambda: left_to_send(self.ops)):
            self._new = {number for number in self._new if not any(claims_held_by(number))}
            time.sleep(0.01)
        self._new.clear()

    def note_doubts(self, *, all_rest: bool) -> None:
        """Remember what is in doubt now: a quarter of an hour later it may be needed a second time."""
        self.doubted |= _patiently(lambda: in_doubt(self.ops, all_rest=all_rest))

    def finish(self, businesses: list[Business], *, rounds: int = 12) -> None:
        """Let everybody end their turn and what was left behind grow old, and begin anew, until nothing is left.

        After so many rounds it is given up; the judge sees what is left.
        """
        for _round in range(rounds):
            self._await_words()
            self._dismiss()
            if not _patiently(lambda: left_to_send(self.ops)):
                return
            self.note_doubts(all_rest=True)
            for business in businesses:
                _patiently(lambda business=business: _grow_old(business))
            self.workers = [self._hire() for _ in range(self.plan.workers)]
            self._await_rest()

    def stop(self) -> None:
        """End everybody who still works."""
        self._dismiss()
        self.nursery.kill()
        self.nursery.wait()

    def _hire(self) -> int:
        self.nursery.stdin.write("one\n")
        self.nursery.stdin.flush()
        number = int(self.nursery.stdout.readline())
        self._new.add(number)
        return number

    def _dismiss(self) -> None:
        """Ask the workers to go, wait until they have, and insist with whoever has not after half a minute."""
        for number in self.workers:
            _signal(number, signal.SIGCONT)
            _signal(number, signal.SIGTERM)
        for number in self.workers:
            if not _wait_for_end(number, 30):
                _signal(number, signal.SIGKILL)
        self.workers = []

    def _await_words(self, seconds: float = 60) -> None:
        """Wait until everything was told that is told of what was taken. Fails where nothing is heard for a minute."""
        before, since = -1, time.monotonic()
        while left := self.ways.left_to_tell():
            if left != before:
                before, since = left, time.monotonic()
            if time.monotonic() > since + seconds:
                raise TimeoutError(f"{left} webhooks are not told")
            time.sleep(0.1)

    def _await_rest(self) -> None:
        """Wait until nothing is left or nothing has moved for three seconds."""
        before, since = -1, time.monotonic()
        while time.monotonic() < since + 3:
            left = _patiently(lambda: left_to_send(self.ops))
            if not left:
                return
            if left != before:
                before, since = left, time.monotonic()
            time.sleep(0.2)

    def _kill(self, report: Report) -> None:
        """Kill a worker, count whether it had letters in hand, and hire another one."""
        place = self.random.randrange(len(self.workers))
        _signal(self.workers[place], signal.SIGKILL)
        _wait_for_end(self.workers[place], 5)
        for token in set(_patiently(lambda: claims_in_hand(self.ops))) - self._dead_claims:
            if told_under(token) is not None:
                self._dead_claims.add(token)
                report.landed += 1
        self.workers[place] = self._hire()

    def _stop_in_the_middle(self) -> tuple[int, list[UUID]]:
        """Stop a worker that has letters in hand which it has not handed over yet, if there is one within seconds."""
        deadline = time.monotonic() + 3
        while True:
            number = self.random.choice(self.workers)
            _signal(number, signal.SIGSTOP)
            held = list(claims_held_by(number))
            if _patiently(lambda held=held: still_to_hand(self.ops, held)) or time.monotonic() > deadline:
                return number, held
            _signal(number, signal.SIGCONT)
            time.sleep(0.03)

    def _freeze(self, businesses: list[Business]) -> None:
        """Stop a worker until its lease is over and another one sends its letters, then let it wake up."""
        number, held = self._stop_in_the_middle()
        letters = _patiently(lambda: letters_of(self.ops, held))
        for business in businesses:
            _patiently(lambda business=business: _end_leases(business, held))
        deadline = time.monotonic() + 4
        while time.monotonic() < deadline and not _patiently(lambda: has_passed_on(self.ops, letters, held)):
            time.sleep(0.01)
        _signal(number, signal.SIGCONT)


def _grow_old(business: Business) -> None:
    with business_scope(business):
        pass_time(GROWS_OLD_BY)
        if ProviderEvent.objects.filter(worked_at=None).update(look_at=now()):
            note_work(PROVIDER_EVENTS_QUEUE)


def _patiently(ask, seconds: float = 30):
    """What `ask` answers, asked again while PostgreSQL starts anew."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except (psycopg2.OperationalError, psycopg2.InterfaceError, OperationalError, InterfaceError):
            if time.monotonic() > deadline:
                raise
            for used in connections.all():
                used.close()
            time.sleep(0.3)


def _end_leases(business: Business, tokens: list[UUID]) -> None:
    """Let the leases of some claims be over, and that of the business they are in."""
    with business_scope(business):
        found = execute(_CLAIMS_OVER, {"tokens": tokens})
        if found:
            execute(_AGENDA_OVER)


def _signal(number: int, what: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(number, what)


def _wait_for_end(number: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while Path(f"/proc/{number}").exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def _postmaster() -> int:
    """The process of the embedded PostgreSQL."""
    return int((Path(os.environ["DATA_DIR"]) / "postgres" / "postmaster.pid").read_text().split()[0])
