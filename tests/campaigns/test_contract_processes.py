"""The delivery contract, case by case (CAMPAIGNS 4m), with real workers, clocks and queues."""

import os
import signal
import threading
import time
from collections import Counter

import pytest

from campaigns.models import Message
from campaigns.services.messages import plan_message
from ecosystem.base.addresses import address_hash
from ecosystem.base.tenancy import business_scope
from ecosystem.services.agenda import note_work
from ecosystem.tasks import work_lane as work_lane_task
from tests.campaigns.celery_worker import start_beat, start_celery
from tests.campaigns.sizes import size
from tests.campaigns.test_outages import OwnRedis, all_is_well, database, no_twins, own_redis, shop_with, wait_for
from tests.campaigns.worker import start_worker
from tests.factories.campaigns import pass_time, work
from tests.factories.permission import make_business
from tests.smtp_server import SmtpServer

__all__ = ["own_redis"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(int(size(300, 1200)))]
URGENT, SLOW = ("transactional", "webhooks", "maintenance"), ("sequence", "broadcast", "import")


def plan_receipt(key: str, address: str) -> Message:
    """A letter that somebody needs now."""
    return plan_message(
        idem_key=key,
        message_class="transactional",
        lane="transactional",
        template="receipt",
        address=address,
        address_hash=address_hash("email", address),
        merge={"topics": [{"name": "Bread", "promise": "Two a month"}]},
    )


def addressed(mail_server: SmtpServer, address: str) -> list[str]:
    """The Message-IDs of what arrived at an address, in their order."""
    return [mail.message_id for mail in mail_server.accepted if mail.recipient == address]


# What somebody needs now


@pytest.mark.parametrize(
    ("point", "twins"),
    [("after_claim", 0), ("after_gate", 0), ("before_data", 0), ("after_final_dot", 1), ("before_result_commit", 0)],
)
def test_cases_1_2_and_3_what_somebody_needs_goes_once_after_a_kill_or_again_with_the_same_id(
    mail_server, tmp_path, point, twins
):
    """CAMPAIGNS 4m cases 1, 2 and 3, transactional: once later; only where the provider had it and nobody heard, a
    second one that a mail program knows by its Message-ID."""
    business = make_business()
    with business_scope(business):
        plan_receipt("t:1", "ana@example.com")
    worker = start_worker(
        "transactional",
        database=database(),
        fault_dir=tmp_path,
        EMAIL_URL=mail_server.url,
        FAULT_PLAN=f"{point}:1:kill",
    )
    words = worker.communicate(timeout=60)[0].decode()
    assert worker.returncode == -signal.SIGKILL, words
    with business_scope(business):
        pass_time(61)
    work()
    with business_scope(business):
        pass_time(16 * 60)
    work()
    with business_scope(business):
        assert Message.objects.get().state == "accepted"
    taken = addressed(mail_server, "ana@example.com")
    assert (len(taken), len(set(taken))) == (1 + twins, 1)
    assert all_is_well()


# A worker that is merely slow


@pytest.mark.parametrize("point", ["before_gate", "before_result_commit"])
def test_case_6_a_slow_worker_whose_lease_is_over_neither_sends_nor_writes(mail_server, tmp_path, point):
    """CAMPAIGNS 4m case 6: it stands still for its whole lease and goes on."""
    business, _topic, _sequence = shop_with(4)
    with business_scope(business):
        note_work("send.sequence")
    worker = start_worker(
        "sequence",
        database=database(),
        fault_dir=tmp_path,
        EMAIL_URL=mail_server.url,
        FAULT_PLAN=f"{point}:1:sleep:6",
    )
    wait_for(lambda: (tmp_path / point).exists())
    os.kill(worker.pid, signal.SIGSTOP)
    try:
        before = len(mail_server.accepted)
        with business_scope(business):
            pass_time(61)
        work("sequence")
        with business_scope(business):
            judged = sorted(Message.objects.values_list("id", "state", "attempt"))
    finally:
        os.kill(worker.pid, signal.SIGCONT)
    worker.communicate(timeout=60)
    assert worker.returncode == 0
    states = Counter(state for _id, state, _attempt in judged)
    if point == "before_gate":
        # The next worker sent them; the slow one is stopped at the gate.
        assert (before, states) == (0, Counter({"accepted": 4}))
    else:
        # All had left. What it says after its lease changes nothing that was decided meanwhile.
        assert before == 4
        assert set(states) <= {"unknown", "accepted"}
    assert len(mail_server.accepted) == 4
    with business_scope(business):
        assert sorted(Message.objects.values_list("id", "state", "attempt")) == judged
    assert no_twins(mail_server)
    assert all_is_well()


# The same tick again, and a queue that forgets


def start(redis: OwnRedis, mail_server: SmtpServer, *groups: tuple[str, ...], **environment: str) -> list:
    """A Celery worker for each group of lanes."""
    old = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        return [start_celery(redis.server.url, mail_server.url, *lanes, database=database()) for lanes in groups]
    finally:
        for name, value in old.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


def end(processes: list) -> None:
    for process in processes:
        process.kill()
        process.wait()


def test_case_27_the_same_tick_three_times_has_one_effect(own_redis, mail_server):
    """CAMPAIGNS 4m case 27: delivered again with the same id, to two workers at once."""
    business, _topic, _sequence = shop_with(30)
    with business_scope(business):
        note_work("send.sequence")
    workers = start(own_redis, mail_server, SLOW, SLOW)
    try:
        with work_lane_task.app.connection_for_write(own_redis.server.url) as line:
            for _ in range(3):
                work_lane_task.apply_async(args=["sequence"], queue="sequence", connection=line, task_id="the-same")
        wait_for(lambda: len(mail_server.accepted) >= 30, 90)
        time.sleep(2)
    finally:
        end(workers)
    assert len(mail_server.accepted) == 30
    assert no_twins(mail_server)
    with business_scope(business):
        assert set(Message.objects.values_list("state", "attempt")) == {("accepted", 1)}
    assert all_is_well()


def test_case_26_a_redis_that_is_flushed_in_the_middle_makes_no_twin_and_no_burst(own_redis, mail_server):
    """CAMPAIGNS 4m case 26: what Redis knew of the pace is gone, and the pace is kept."""
    rate = 20
    business, _topic, _sequence = shop_with(120)
    with business_scope(business):
        note_work("send.sequence")
    workers = start(own_redis, mail_server, SLOW, URGENT, SENDS_PER_SECOND=str(rate))
    workers.append(start_beat(own_redis.server.url, database=database()))
    arrived: list[float] = []
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.is_set():
            moment = time.monotonic()
            arrived.extend([moment] * (len(mail_server.accepted) - len(arrived)))
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        wait_for(lambda: len(mail_server.accepted) >= 20, 90)
        for _ in range(4):
            flush(own_redis)
            time.sleep(0.4)
        wait_for(lambda: len(mail_server.accepted) == 120, 90)
    finally:
        is_over.set()
        watcher.join()
        end(workers)
    assert no_twins(mail_server)
    # A bucket holds one second: in any second go what it held and what came in, and one is on its way.
    most = max(sum(1 for other in arrived if moment <= other < moment + 1) for moment in arrived)
    assert most <= 2 * rate + 1, most
    assert all_is_well()


def flush(redis: OwnRedis) -> None:
    import redis as client

    with client.Redis.from_url(redis.server.url) as line:
        line.flushall()
