"""Real Celery workers that are asked to end while they send."""

import os
import time
from urllib.parse import urlsplit

import pytest
from django.db import connection

from campaigns.models import Message, MessageClaim, QueuedMessage
from campaigns.services.advancing import advance
from campaigns.services.enrollments import enroll_contacts
from ecosystem.base import stopping
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.config.celery import app
from ecosystem.models import Agenda
from ecosystem.services.agenda import TASK_NAME, note_work, work_lane
from ecosystem.services.invariants import check_invariants
from tests.campaigns.celery_worker import start_celery
from tests.factories.campaigns import make_friend, make_sequence
from tests.factories.permission import make_business, make_topic
from tests.smtp_server import SmtpServer, Trouble

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
RESTARTS = int(os.environ.get("RESTARTS", "2"))
LETTERS = 60 * RESTARTS + 20
# A Redis database of its own: nobody else's wake-ups are taken.
OWN_REDIS = 3


@pytest.fixture
def queued(mail_server: SmtpServer):
    """A business with letters for many people, and a provider that takes its time."""
    mail_server.script("*", Trouble("dot", 0.05))
    business = make_business("Oat & Ember")
    with business_scope(business):
        topic = make_topic()
        people = [make_friend(topic, number) for number in range(LETTERS)]
        enroll_contacts(make_sequence(topic), [person.id for person in people], source="staff")
        while Message.objects.count() < LETTERS:
            advance(now())
    return business


def test_rel_06_a_worker_that_is_asked_to_end_finishes_what_it_began_and_gives_back_the_rest(queued, mail_server):
    redis_url = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{OWN_REDIS}").geturl()
    for _restart in range(RESTARTS):
        before = len(mail_server.accepted)
        worker = start_celery(redis_url, mail_server.url, "sequence", database=str(connection.settings_dict["NAME"]))
        with app.connection_for_write(redis_url) as broker:
            app.send_task(TASK_NAME, args=["sequence"], queue="sequence", connection=broker, ignore_result=True)
        wait_for(lambda before=before: len(mail_server.accepted) > before + 5)
        worker.terminate()
        assert worker.wait(30) == 0
        # No more than the sub-batch that had begun: 20 letters, not the hundred of a turn.
        assert before < len(mail_server.accepted) <= before + 60
        with business_scope(queued):
            states = list(Message.objects.values_list("state", flat=True))
            assert states.count("unknown") == 0
            assert states.count("accepted") == len(mail_server.accepted)
            assert not QueuedMessage.objects.filter(claim_token__isnull=False).exists()
            assert not MessageClaim.objects.exists()
            assert not Agenda.objects.filter(lease_until__isnull=False).exists()
    assert check_invariants().problems == ()


def test_rel_06_nothing_is_taken_in_hand_by_a_worker_that_was_asked_to_end(mail_server):
    business = make_business("Oat & Ember")
    with business_scope(business):
        note_work("send.sequence")
    stopping.ask_to_stop()
    try:
        assert work_lane("sequence") == 0
    finally:
        stopping.take_back()
    assert work_lane("sequence") >= 1


def wait_for(condition, seconds: float = 40.0) -> None:
    """Wait until something is so; fails when it never is."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
