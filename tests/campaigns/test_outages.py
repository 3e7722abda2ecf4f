"""What happens when PostgreSQL, Redis or the scheduler is away, when a letter kills its worker, and after a long night.

Short with all others; `WHOLE=1` runs each as long as its requirement says. docs/reliability.md has the command.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import requests
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks._database import add_people
from campaigns.models import Message, MessageClaim, ProviderAccount, QueuedMessage
from campaigns.services.absences import forget_held
from campaigns.services.advancing import advance
from campaigns.services.delivery_claims import claim_messages
from campaigns.services.delivery_sweep import sweep_messages
from campaigns.services.enrollments import enroll_contacts
from contacts.services.consent import withdraw_consent
from ecosystem.base import shared_memory
from ecosystem.base.clock import now
from ecosystem.base.sealing import seal
from ecosystem.base.tenancy import business_scope
from ecosystem.config.embedded.accounts import choose_account
from ecosystem.config.embedded.binaries import find_redis
from ecosystem.config.embedded.ports import any_free_port
from ecosystem.config.embedded.redis_server import RedisServer
from ecosystem.models import AccountEmail, Agenda, Business, HealthSnapshot
from ecosystem.services.account_emails import queue_account_email, send_account_emails
from ecosystem.services.agenda import claim, note_work, sweep_agenda, work_lane
from ecosystem.services.heartbeat import forget_looks
from ecosystem.services.invariants import check_invariants
from tests.campaigns.celery_worker import start_beat, start_celery
from tests.campaigns.sizes import size
from tests.campaigns.test_absences import be_away, decide, plan_receipt
from tests.campaigns.worker import start_worker
from tests.copies import base_copy
from tests.factories.campaigns import make_friend, make_sequence, pass_time, work
from tests.factories.permission import make_business, make_topic, owner_of
from tests.nursery import fork
from tests.smtp_server import SmtpServer, Trouble
from tests.web import status_of, web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(int(size(240, 4000)))]
LANES = ("transactional", "sequence", "maintenance", "broadcast", "webhooks", "import")


@pytest.fixture(autouse=True)
def _fresh_looks() -> Iterator[None]:
    forget_looks()
    forget_held()
    yield
    forget_looks()
    forget_held()


def database() -> str:
    return str(connection.settings_dict["NAME"])


def shop_with(people: int, *, name: str = "Oat & Ember", owner: str = "nora@example.com", start: int = 0):
    """A business of which so many letters are queued; with its topic and sequence."""
    business = make_business(name, owner=owner)
    with business_scope(business):
        topic = make_topic()
        sequence = make_sequence(topic)
        add(topic, sequence, people, start)
    return business, topic, sequence


def add(topic, sequence, people: int, start: int = 0) -> None:
    walk(sequence, [make_friend(topic, start + number) for number in range(people)])


def walk(sequence, friends) -> None:
    """Put people on a sequence's way, up to their first letter."""
    enroll_contacts(sequence, [friend.id for friend in friends], source="staff")
    while advance(now()):
        pass


def wait_for(condition: Callable[[], object], seconds: float = 40.0) -> float:
    """Wait until something is so; how long it took. Fails when it never is."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() < began + seconds, "it never came true"
        time.sleep(0.05)
    return time.monotonic() - began


def no_twins(mail_server: SmtpServer) -> bool:
    letters = Counter((mail.message_id, mail.recipient) for mail in mail_server.accepted)
    assert [letter for letter, times in letters.items() if times > 1] == []
    return True


def all_is_well() -> bool:
    assert [problem.sentence for problem in check_invariants().problems] == []
    return True


# PostgreSQL is away


def test_rel_07_case_28_postgresql_is_killed_while_letters_go_out_and_comes_back(mail_server, tmp_path):
    """CAMPAIGNS 4m case 28."""
    business, _topic, _sequence = shop_with(60)
    mail_server.script("*", Trouble("dot", 0.05))
    with base_copy() as copy:
        port = copy.start()
        url = urlsplit(os.environ["DATABASE_URL"])
        there = url._replace(netloc=f"{url.netloc.rpartition(':')[0]}:{port}", path=f"/{database()}").geturl()
        given = {"DATABASE_URL": there, "EMAIL_URL": mail_server.url}
        with web(DATABASE_URL=there) as address:
            assert status_of(f"{address}/accounts/login/") == 200
            workers = [start_worker("sequence", database=database(), fault_dir=tmp_path, **given) for _ in range(2)]
            wait_for(lambda: len(mail_server.accepted) >= 10)
            copy.kill()
            for page in ("/b/oat-and-ember/", "/p/oat-and-ember/join/none/"):
                answer = requests.get(address + page, timeout=20, cookies={"sid": "a" * 32})
                assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "5"), page
                assert "We are back in a moment" in answer.text
                assert "Traceback" not in answer.text
            assert status_of(f"{address}/healthz") == 200
            assert status_of(f"{address}/readyz") == 503
            copy.start()
            assert wait_for(lambda: status_of(f"{address}/p/oat-and-ember/join/none/") == 404) < 10
            for worker in workers:
                worker.communicate(timeout=120)
        for _ in range(3):
            with business_scope(business):
                pass_time(61)
            work()
        with business_scope(business):
            states = Counter(Message.objects.values_list("state", flat=True))
        assert set(states) <= {"accepted", "unknown"}, states
        # A killed PostgreSQL leaves no more in doubt than each worker had in hand.
        assert states["unknown"] <= 2
        assert no_twins(mail_server)
        assert all_is_well()


# Redis is away


class OwnRedis:
    """A Redis of a test's own, that can be killed and started empty."""

    def __init__(self, folder: Path) -> None:
        account = choose_account(Path(os.environ["DATA_DIR"]) / "redis")
        folder.chmod(0o711)
        self._files = folder / "redis"
        self._account = account
        self.server = RedisServer(find_redis(account), self._files, any_free_port(), account, "own-redis-of-a-test")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        shutil.rmtree(self._files, ignore_errors=True)
        self._files.mkdir(mode=0o700)
        if self._account:
            self._account.own(self._files)
        self.server.write_configuration()
        popen = self._account.popen if self._account else {}
        self._process = subprocess.Popen(self.server.command(), cwd="/", stdout=subprocess.DEVNULL, **popen)
        wait_for(self.server.is_ready)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def own_redis() -> Iterator[OwnRedis]:
    folder = Path(tempfile.mkdtemp(prefix="lampwalk-redis-"))
    redis = OwnRedis(folder)
    redis.start()
    yield redis
    redis.kill()
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def celery(redis_url: str, mail_server: SmtpServer, *, beats: int = 1) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Workers of all lanes, and so many clocks."""
    started = [start_celery(redis_url, mail_server.url, *LANES, database=database()) for _ in range(2)]
    started += [start_beat(redis_url, database=database()) for _ in range(beats)]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_rel_08_case_26_a_redis_that_is_killed_and_comes_back_empty_delays_nothing_for_long(
    own_redis, mail_server, settings, client: Client
):
    """CAMPAIGNS 4m case 26: no twin."""
    business, topic, sequence = shop_with(5)
    client.force_login(owner_of(business).user)
    page = reverse("campaigns:sequence_list", kwargs={"slug": business.slug})
    settings.CACHES = {**settings.CACHES, "default": {**settings.CACHES["default"], "LOCATION": own_redis.server.url}}
    with celery(own_redis.server.url, mail_server):
        wait_for(lambda: len(mail_server.accepted) == 5, 60)
        own_redis.kill()
        began = time.monotonic()
        # Pages, sessions and what is written go on.
        assert client.get(page).status_code == 200
        with business_scope(business):
            add(topic, sequence, 20, start=100)
            note_work("send.sequence")
        assert client.get(page).status_code == 200
        while time.monotonic() < began + size(6, 60):
            time.sleep(0.5)
        own_redis.start()
        took = wait_for(lambda: len(mail_server.accepted) == 25, 60)
        assert took <= 15, f"it took {took:.1f} s"
        assert client.get(page).status_code == 200
        # Not while they are still writing down what the last of them was answered.
        with business_scope(business):
            wait_for(lambda: not QueuedMessage.objects.exists())
    assert no_twins(mail_server)
    assert all_is_well()


# Nobody wakes anybody


def test_rel_09_after_a_scheduler_that_was_off_two_of_them_catch_up_once(own_redis, mail_server):
    business, _topic, _sequence = shop_with(30)
    with business_scope(business):
        note_work("send.sequence")
        note_work("health")
    with celery(own_redis.server.url, mail_server, beats=0) as started:
        time.sleep(size(3, 1800))
        assert mail_server.accepted == []
        started += [start_beat(own_redis.server.url, database=database()) for _ in range(2)]
        wait_for(lambda: mail_server.accepted, 60)
        assert wait_for(lambda: len(mail_server.accepted) == 30, 60) <= 15
        wait_for(lambda: snapshots_of(business), 30)
        counted = snapshots_of(business)
        time.sleep(3)
    assert no_twins(mail_server)
    # What is done once a day was done once: nobody counted again.
    assert snapshots_of(business) == counted
    assert all_is_well()


def snapshots_of(business) -> list[tuple[str, object]]:
    with business_scope(business):
        return sorted(HealthSnapshot.objects.values_list("kind", "on_date", "taken_at"))


# A letter that kills


def test_rel_12_a_letter_that_kills_its_worker_each_time_is_set_aside_and_the_others_go(mail_server, tmp_path):
    business, _topic, _sequence = shop_with(45)
    deadly = "friend7@example.com"
    deaths = 0
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database()}").geturl()
    given = {**os.environ, "DATABASE_URL": url, "EMAIL_URL": mail_server.url, "DEADLY_ADDRESS": deadly}
    given |= {"LOG_LEVEL": "ERROR", "SENDS_FIRST_DAYS": "0"}
    given.pop("MIGRATION_DATABASE_URL", None)
    for _ in range(20):
        with business_scope(business):
            note_work("send.sequence")
        code = fork("tests.campaigns.deadly_worker", environment=given).wait(90)
        with business_scope(business):
            pass_time(61)
            if not QueuedMessage.objects.exists():
                break
        assert code in (0, -signal.SIGKILL)
        deaths += code != 0
    with business_scope(business):
        states = dict(Message.objects.values_list("address", "state"))
        assert states.pop(deadly) == "parked"
        assert Message.objects.get(address=deadly).reason == "too_many_attempts"
        # What was on its way when the worker died is not known; nothing else waits, and nothing else is set aside.
        counts = Counter(states.values())
        assert set(counts) <= {"accepted", "unknown"}, counts
        assert counts["unknown"] <= deaths
    assert deaths == 5
    assert 44 - counts["unknown"] <= len(mail_server.accepted) <= 44
    assert no_twins(mail_server)
    assert all_is_well()


# A slow provider


def test_rel_13_beside_a_slow_provider_the_others_keep_their_pace(tmp_path):
    quick, slow = SmtpServer(), SmtpServer()
    try:
        slow.script("*", Trouble("dot", size(4, 30)))
        alone = pace_of(quick, tmp_path, [])
        quick.accepted.clear()
        # The killed workers of the first run would count among those of the second for most of a minute.
        shared_memory.forget_all()
        beside = pace_of(quick, tmp_path, [slow])
        assert slow.connections >= 1
        assert beside >= 0.9 * alone, (beside, alone)
        # The workers were killed in the middle of it.
        for business in Business.objects.all():
            with business_scope(business):
                pass_time(61)
        shared_memory.forget_all()
        for business in Business.objects.all():
            with business_scope(business):
                sweep_messages("sequence")
        assert all_is_well()
    finally:
        quick.stop()
        slow.stop()


def pace_of(quick: SmtpServer, folder: Path, slow: list[SmtpServer]) -> float:
    """Letters a second by the quick account, whose limit four workers reach easily; beside slow accounts, or none."""
    numbers = range(int(size(4, 10)) if slow else 0)
    shops = [shop_with(60, name=f"Slow {number}", owner=f"slow{number}@example.com")[0] for number in numbers]
    for shop in shops:
        with business_scope(shop):
            ProviderAccount.objects.create(
                provider="smtp",
                name="Own",
                carries=True,
                carries_since=now(),
                sealed_address=seal(slow[0].url.encode()),
            )
            note_work("send.sequence")
    seconds = size(8, 40)
    business, topic, sequence = shop_with(0, name=f"Quick {len(slow)}", owner=f"q{len(slow)}@example.com")
    with business_scope(business):
        friends = add_people(topic, [f"Q{len(slow)}P{number}" for number in range(int(20 * (seconds + 60)))])
        walk(sequence, friends)
        note_work("send.sequence")
    given = {"EMAIL_URL": quick.url, "SENDS_PER_SECOND": "10", "SERVE_SECONDS": "300"}
    workers = [start_worker("sequence", database=database(), fault_dir=folder, **given) for _ in range(4)]
    try:
        # Of nobody is it known yet whether they are slow: each slow one is found out in a turn of its own.
        wait_for(lambda: len(quick.accepted) >= 5 and all(server.connections >= len(numbers) for server in slow), 90)
        time.sleep(size(25, 45) if slow else 0)
        before, began = len(quick.accepted), time.monotonic()
        time.sleep(seconds)
        return (len(quick.accepted) - before) / (time.monotonic() - began)
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()


# People who leave in the midst of it


def test_rel_15_of_many_who_leave_while_letters_go_out_nobody_gets_one_after_it(mail_server, tmp_path):
    number = int(size(150, 1000))
    business, topic, _sequence = shop_with(number)
    mail_server.script("*", Trouble("dot", 0.002))
    with business_scope(business):
        people = [message.contact for message in Message.objects.select_related("contact").order_by("-due_at", "-id")]
        note_work("send.sequence")
    workers = [
        start_worker("sequence", database=database(), fault_dir=tmp_path, EMAIL_URL=mail_server.url) for _ in range(2)
    ]
    wait_for(lambda: mail_server.accepted)
    left_at = {}
    for person in people:
        with business_scope(business):
            withdraw_consent(person, channel="email", topic=topic, source="unsubscribe")
        left_at[person.id] = timezone.now()
    for worker in workers:
        worker.communicate(timeout=200)
    work()
    with business_scope(business):
        gone = list(Message.objects.filter(state="accepted").values_list("contact_id", "handed_at"))
        others = set(Message.objects.exclude(state="accepted").values_list("state", flat=True))
    assert [contact for contact, handed_at in gone if handed_at >= left_at[contact]] == []
    assert others <= {"cancelled", "skipped"}
    assert len(mail_server.accepted) == len(gone)
    # Both happened, or nothing was shown.
    assert 0 < len(gone) < number
    assert all_is_well()


# Clocks that are wrong


@pytest.mark.parametrize("minutes", [5, -5])
def test_rel_20_a_worker_whose_clock_is_wrong_steals_nothing(mail_server, minutes):
    """CAMPAIGNS 4m case 29 for leases."""
    business, _topic, _sequence = shop_with(3)
    token = uuid4()
    with business_scope(business):
        assert len(claim_messages("sequence", token=token, now=now(), count=2)) == 2
        note_work("send.sequence")
    taken = claim("send.sequence")
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=True):
        sweep_agenda()
        with business_scope(business):
            assert sweep_messages("sequence") == 0
        work_lane("sequence", seconds=2)
        assert mail_server.accepted == [], "the business is another worker's"
        assert Agenda.objects.get(id=taken.id).token == taken.token
        with business_scope(business):
            assert QueuedMessage.objects.filter(claim_token=token).count() == 2
            later = Message.objects.exclude(id__in=MessageClaim.objects.get().message_ids).get()
            QueuedMessage.objects.filter(id=later.id).update(due_at=timezone.now() + timedelta(hours=1))
            found = claim_messages("sequence", token=uuid4(), now=taken.now, count=20)
            assert found == []


# A night without anybody


def test_rel_34_after_a_day_without_anybody_nothing_comes_too_late_or_in_a_flood(mail_server, settings, client):
    """CAMPAIGNS 4m case 18, a whole day."""
    business, _topic, sequence = shop_with(40)
    with business_scope(business):
        old = plan_receipt("t:old", "old@example.com")
        Message.objects.filter(id=old.id).update(expires_at=now() + timedelta(minutes=10))
        plan_receipt("t:good", "good@example.com")
    queue_account_email("nora@example.com", "Your code", "123456", worth_sending=timedelta(minutes=10))
    with business_scope(business):
        be_away(24 * 3600)
        Message.objects.filter(id=old.id).update(expires_at=now() - timedelta(hours=23))
    AccountEmail.objects.update(expires_at=now() - timedelta(hours=23))
    send_account_emails()
    work()
    assert [mail.recipient for mail in mail_server.accepted] == ["good@example.com"]
    with business_scope(business):
        old.refresh_from_db()
        assert (old.state, old.reason) == ("expired", "too_late")
        assert Message.objects.filter(state="planned", reason="while_away").count() == 40
    # Sent by somebody's word, they keep to the pace of the account.
    settings.SENDS_PER_SECOND = 5
    client.force_login(owner_of(business).user)
    assert "40 letters go out now." in decide(client, business, decision="send", sequence=sequence.id)
    mail_server.accepted.clear()
    began = time.monotonic()
    while time.monotonic() < began + 3:
        work_lane("sequence", seconds=0.5)
    assert 0 < len(mail_server.accepted) <= 5 * (time.monotonic() - began) + 5
    assert all_is_well()
