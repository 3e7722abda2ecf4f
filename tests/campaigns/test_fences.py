"""Each condition by which a worker that lost its hold on a letter can do nothing with it, asked alone."""

from datetime import timedelta
from uuid import uuid4

import pytest

from campaigns.models import MessageClaim, QueuedMessage
from campaigns.services.advancing import advance
from campaigns.services.delivery_claims import claim_messages, give_back
from campaigns.services.delivery_gate import pass_gate
from campaigns.services.delivery_lease import mark_started
from campaigns.services.enrollments import enroll_contacts
from ecosystem.base.clock import now
from tests.factories.campaigns import make_friend, make_sequence

LANE = "sequence"


@pytest.fixture
def handed(shop, seasonal):
    """Two letters that a worker has handed over, and its token."""
    people = [make_friend(seasonal, number) for number in range(2)]
    enroll_contacts(make_sequence(seasonal), [one.id for one in people], source="staff")
    advance(now())
    token = uuid4()
    claimed = claim_messages(LANE, token=token, now=now(), count=2)
    pass_gate(claimed, token=token)
    return claimed, token


def test_rel_05_a_letter_is_marked_as_begun_by_its_own_token_alone(shop, handed):
    claimed, token = handed
    # A token with a good lease that holds other letters.
    other = MessageClaim.objects.create(lane=LANE, lease_until=now() + timedelta(minutes=1), message_ids=[])
    assert not mark_started(shop.pk, other.id, claimed[0].id)
    assert mark_started(shop.pk, token, claimed[0].id)


def test_rel_05_a_letter_is_not_marked_as_begun_once_the_lease_is_over(shop, handed):
    claimed, token = handed
    MessageClaim.objects.filter(id=token).update(lease_until=now() - timedelta(seconds=1))
    assert not mark_started(shop.pk, token, claimed[0].id)
    assert not QueuedMessage.objects.filter(started_at__isnull=False).exists()


def test_rel_05_nobody_gives_back_what_another_one_holds_or_what_was_handed_over(shop, handed):
    claimed, token = handed
    give_back(claimed, token=token)
    assert QueuedMessage.objects.filter(claim_token=token, handed_at__isnull=False).count() == 2
    QueuedMessage.objects.update(handed_at=None)
    give_back(claimed, token=uuid4())
    assert QueuedMessage.objects.filter(claim_token=token).count() == 2
    give_back(claimed, token=token)
    assert QueuedMessage.objects.filter(claim_token=None).count() == 2
