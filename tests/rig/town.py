"""Many small businesses whose people all stand at a letter of a running sequence."""

from benchmarks._database import add_people
from campaigns.models import Message
from campaigns.services.advancing import advance
from campaigns.services.enrollments import enroll_contacts
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business
from tests.factories.campaigns import make_sequence
from tests.factories.permission import make_business, make_topic


def make_town(*, businesses: int, people: int) -> list[Business]:
    """So many businesses with so many people each, every one of them due for one letter."""
    return [_make_shop(number, people) for number in range(businesses)]


def _make_shop(number: int, people: int) -> Business:
    business = make_business(f"Shop {number}", owner=f"owner{number}@example.com")
    with business_scope(business):
        topic = make_topic()
        sequence = make_sequence(topic)
        friends = add_people(topic, [f"S{number}P{person}" for person in range(people)])
        enroll_contacts(sequence, [friend.id for friend in friends], source="staff")
        # Written before the first blow: the hand is to hit workers that send.
        while Message.objects.count() < people:
            advance(now())
    return business
