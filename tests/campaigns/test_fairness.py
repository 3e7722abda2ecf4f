"""Fairness: a business with very many letters delays nobody, and what somebody needs now goes first.

At full size the same is measured by `manage.py bench send.fair`.
"""

import re
import time
from datetime import timedelta
from itertools import groupby
from math import ceil

from django.db.models.functions import Now

from benchmarks._database import add_people, compiled_letter, queue_messages
from benchmarks._letters import LETTER
from campaigns.models import Message, QueuedMessage
from campaigns.services import delivery
from campaigns.services.delivery_limits_buckets import Bucket, take_tokens
from campaigns.services.messages import plan_message
from ecosystem.base.addresses import address_hash
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Agenda, Business
from ecosystem.services.agenda import FEW_WAITING, SECONDS_UNSERVED, is_crowded, note_work, work_lane
from tests.factories.permission import make_business, make_topic

LANE = "broadcast"
# A turn of a business is a hundred letters; fewer here, so that three of them take no time.
TURN = 10
ACCOUNT, NOBODY = Bucket("bucket:account:platform:email", 10.0), Bucket("bucket:receivers:nobody")


def make_sender(name: str, letters: int) -> Business:
    """A business of which so many letters are queued."""
    business = make_business(name, owner=f"{name}@example.com")
    with business_scope(business):
        topic = make_topic()
        version = compiled_letter(topic, subject=LETTER.subject, body="Hello {{ first_name }}, come by.")
        people = add_people(topic, [f"{name}{number}" for number in range(letters)])
        queue_messages(topic, version, people)
        note_work("send.broadcast")
    return business


def sender_names(mail_server) -> list[str]:
    """From whom each letter came, in the order of their arrival."""
    return [re.search(rb"^From: (.*) <", mail.body, re.MULTILINE)[1].decode() for mail in mail_server.accepted]


def test_rel_30_each_of_many_small_businesses_sends_before_a_large_one_has_its_second_turn(
    db, mail_server, monkeypatch
):
    """CAMPAIGNS 4m case 24: between two turns of the large one all small ones have theirs."""
    monkeypatch.setattr(delivery, "QUANTUM", TURN)
    make_sender("large", 3 * TURN)
    small = [f"small{number}" for number in range(8)]
    for name in small:
        make_sender(name, 2)
    work_lane(LANE, seconds=60)
    order = sender_names(mail_server)
    assert len(order) == 3 * TURN + 2 * len(small)
    second_turn = [place for place, name in enumerate(order) if name == "large"][TURN]
    assert set(order[:second_turn]) >= set(small)


def test_rel_30_in_a_crowd_each_begins_before_any_goes_on(db, mail_server, monkeypatch):
    monkeypatch.setattr(delivery, "QUANTUM_IN_A_CROWD", 2)
    crowd, few = 3, FEW_WAITING + 1
    for number in range(crowd + few):
        make_sender(f"shop{number}", 4)
    work_lane(LANE, seconds=60)
    turns = [len(list(letters)) for _name, letters in groupby(sender_names(mail_server))]
    # The last few are no crowd any more: their turns are whole ones again, and the first have theirs after them.
    assert turns == [2] * crowd + [4] * few + [2] * crowd


def test_rel_30_who_was_served_a_moment_ago_makes_no_crowd(db, mail_server):
    for number in range(FEW_WAITING + 2):
        make_sender(f"shop{number}", 1)
    assert not is_crowded("send.broadcast"), "notes are no rows yet"
    work_lane(LANE, seconds=60)
    Agenda.objects.filter(queue="send.broadcast").update(due_at=Now())
    assert not is_crowded("send.broadcast")
    Agenda.objects.filter(queue="send.broadcast").update(served_at=Now() - timedelta(seconds=SECONDS_UNSERVED + 1))
    assert is_crowded("send.broadcast")


def test_rel_30_where_tokens_are_few_the_small_ones_get_theirs_between_those_of_the_large_one(
    db, mail_server, settings
):
    settings.SENDS_PER_SECOND = 10
    take_tokens([ACCOUNT], [(NOBODY, 0)], is_urgent=False, at=1.0)
    make_sender("large", 60)
    for number in range(5):
        make_sender(f"small{number}", 1)
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        work_lane(LANE, seconds=1)
        time.sleep(0.05)  # until the next tick, and the next token
    order = sender_names(mail_server)
    assert {name for name in order if name != "large"} == {f"small{number}" for number in range(5)}
    assert 0 < order.count("large") < 60


def test_rel_31_what_is_needed_now_goes_at_once_while_tokens_and_workers_are_busy(db, mail_server, settings):
    settings.SENDS_PER_SECOND = 10
    take_tokens([ACCOUNT], [(NOBODY, 0)], is_urgent=False, at=1.0)
    business = make_sender("large", 600)
    waits = []
    for number in range(10):
        work_lane(LANE, seconds=0.2)  # takes what there is
        with business_scope(business):
            message = plan_message(
                idem_key=f"t:{number}",
                message_class="transactional",
                lane="transactional",
                template="receipt",
                address="ana@example.com",
                address_hash=address_hash("email", "ana@example.com"),
                merge={"topics": [{"name": "Bread", "promise": "Two a month"}]},
            )
            began = time.monotonic()
            while QueuedMessage.objects.filter(id=message.id).exists():
                work_lane("transactional", seconds=1)
            waits.append(time.monotonic() - began)
    assert sorted(waits)[ceil(0.95 * len(waits)) - 1] <= 10
    with business_scope(business):
        assert QueuedMessage.objects.filter(lane=LANE).exists(), "the load was over before the end"
        assert Message.objects.filter(lane="transactional", state="accepted").count() == 10
