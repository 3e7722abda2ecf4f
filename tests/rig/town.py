"""Many small businesses whose people all stand at a letter of a running sequence.

Some of them have more: people who asked to be written to and are sent the one letter that asks them to confirm, which
is needed now, and people who are sent a text.
"""

from benchmarks._database import add_people
from campaigns.models import Message
from campaigns.queries.signups import boxes_of
from campaigns.services.advancing import advance
from campaigns.services.enrollments import enroll_contacts
from campaigns.services.signups import request_signup
from contacts.models import Topic
from contacts.services.consent_ledger import NO_EVIDENCE
from ecosystem.base.clock import now
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business, BusinessProfile
from tests.factories.campaigns import make_sequence
from tests.factories.permission import make_business, make_form, make_topic
from tests.factories.texts import make_sender, make_text_friend, make_text_sequence

# So many numbers are nobody's.
NUMBERS = 100


def make_town(*, businesses: int, people: int, needed: int = 0, texts: int = 0) -> list[Business]:
    """So many businesses with so many people each, every one of them due for one letter.

    `needed` and `texts` are how many confirmations and texts each has beside them.
    """
    return [_make_shop(number, people, needed, texts) for number in range(businesses)]


def sender_of(number: int) -> str:
    """From whom the letters of a business come."""
    return f"shop{number}@example.com"


def _make_shop(number: int, people: int, needed: int, texts: int) -> Business:
    business = make_business(f"Shop {number}", owner=f"owner{number}@example.com")
    with business_scope(business):
        BusinessProfile.objects.update(sender_email=sender_of(number))
        topic = make_topic()
        sequence = make_sequence(topic)
        friends = add_people(topic, [f"S{number}P{person}" for person in range(people)])
        enroll_contacts(sequence, [friend.id for friend in friends], source="staff")
        _add_texts(texts)
        # Written before the first blow: the hand is to hit workers that send.
        while Message.objects.count() < people + texts:
            advance(now())
        _ask_to_confirm(topic, number, needed)
    return business


def _add_texts(count: int) -> None:
    """People who said yes to texts and stand at one."""
    if not count:
        return
    if count > NUMBERS:
        raise ValueError(f"There are {NUMBERS} numbers that are nobody's.")
    make_sender()
    topic = make_topic("By text")
    friends = [make_text_friend(topic, f"+1202555{100 + person:04}", f"T{person}") for person in range(count)]
    enroll_contacts(make_text_sequence(topic), [friend.id for friend in friends], source="staff")


def _ask_to_confirm(topic: Topic, number: int, count: int) -> None:
    """People who typed their address into the opt-in page."""
    if not count:
        return
    form = make_form(topic)
    boxes = boxes_of(form)
    for person in range(count):
        given = {"email": f"asks{person}of{number}@example.com", "given_name": f"A{person}"}
        assert request_signup(form, **given, boxes=boxes, signup_id=uuid7(), evidence=NO_EVIDENCE) is not None
