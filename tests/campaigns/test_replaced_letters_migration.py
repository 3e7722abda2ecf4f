"""Migration 0026 on full tables: a letter that was tried again counts once, also after the way back and forth."""

from importlib import import_module

import pytest
from django.db import connections
from django.db.models import Sum

from campaigns.models import Message
from campaigns.services.again import send_once_more
from campaigns.services.enrollments import enroll_contacts
from campaigns.services.proofs import wrong_counts
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Tally
from ecosystem.services.tallies import count
from tests.factories.campaigns import make_friend, make_sequence, work
from tests.factories.permission import make_business, make_topic, owner_of
from tests.smtp_server import Trouble

pytestmark = pytest.mark.django_db(transaction=True)
MIGRATION = import_module("campaigns.migrations.0026_replaced_letters")


def migrate(statements: str) -> None:
    """Run as the owner of the tables what the migration runs."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(statements)


def kept() -> dict[str, int]:
    """What is counted of the steps, by name."""
    found = Tally.objects.filter(name__startswith="step.").values_list("name").annotate(Sum("amount"))
    return {name: amount for name, amount in found if amount}


def test_a_letter_that_was_tried_again_counts_once_and_the_way_back_takes_that_back(mail_server):
    business = make_business("Oat & Ember")
    with business_scope(business):
        topic = make_topic()
        friends = [make_friend(topic, number) for number in range(3)]
        for friend in friends[:2]:
            mail_server.script(friend.primary_email, Trouble("rcpt", "550 5.7.1 not welcome here", times=1))
        enroll_contacts(make_sequence(topic), [friend.id for friend in friends], source="staff")
    work()
    with business_scope(business):
        first = Message.objects.get(contact=friends[0])
        # Somebody read it before its receiver told that it was refused.
        for name in ("step.clicked", "step.held:promise"):
            count(name, f"{first.sequence_id}:{first.step_key}")
        Message.objects.filter(id=first.id).update(clicked_at=now(), held_by="promise")
        before = kept()
        assert (before["step.sent"], before["step.failed"], before["step.clicked"]) == (1, 2, 1)
        for friend in friends[:2]:
            send_once_more(friend, Message.objects.get(contact=friend).id, actor=owner_of(business))
        after = kept()
        assert not {"step.failed", "step.clicked", "step.held:promise"} & set(after)
    # Back and forward, twice.
    for _ in range(2):
        migrate(MIGRATION.EMPTY)
        with business_scope(business):
            assert kept() == before
            Message.objects.update(is_replaced=False)
            assert wrong_counts() == []
        migrate(MIGRATION.FILL)
        with business_scope(business):
            assert Message.objects.filter(is_replaced=True).count() == 2
            assert kept() == after
            assert wrong_counts() == []
