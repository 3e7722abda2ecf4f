"""One rule of who may be written to, in two forms that always say the same."""

import itertools
from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import Message
from campaigns.queries.eligibility import ELIGIBILITY_SQL, REASONS, may_send
from contacts.models import ConsentState
from contacts.queries.consent import channel_hashes
from contacts.services.consent import confirm_consent, request_consent, withdraw_consent
from contacts.services.suppression import suppress_address
from ecosystem.base import sql
from ecosystem.base.tenancy import business_scope
from ecosystem.models import BusinessProfile
from tests.factories.permission import make_business, make_person, make_topic, say_yes

pytestmark = pytest.mark.django_db

ANA = "ana@example.com"
CANDIDATE = """
    WITH candidate AS (
        SELECT 1 AS row_id, %(contact)s::uuid AS contact_id, %(channel)s::text AS channel, %(topic)s::uuid AS topic_id,
               %(message_class)s AS message_class, %(hashes)s::text[] AS address_hashes
    ),"""
ASK = f"{CANDIDATE} {ELIGIBILITY_SQL} TABLE verdict"


@pytest.fixture
def bakery():
    business = make_business()
    with business_scope(business):
        yield business


def in_sql(contact, topic, message_class, now, address=ANA, channel="email") -> str:
    """The reason that the SQL form gives."""
    values = {
        "contact": contact.id,
        "topic": topic.id if topic else None,
        "message_class": message_class,
        "channel": channel,
        "hashes": channel_hashes(channel, [address]),
        "now": now,
    }
    return sql.rows(ASK, values)[0]["reason"]


def in_python(contact, topic, message_class, now, address=ANA) -> str:
    """The reason that the Python form gives."""
    verdict = may_send(contact, channel="email", topic=topic, message_class=message_class, now=now, address=address)
    assert verdict.allowed == (verdict.reason == "")
    return verdict.reason


def test_sec_59_nobody_is_written_to_without_a_yes_for_this_topic_and_channel(bakery):
    ana, season, offers = make_person(), make_topic(), make_topic("Offers")
    now = timezone.now()
    assert in_python(ana, season, "marketing", now) == in_sql(ana, season, "marketing", now) == "no_consent"
    say_yes(ana, season)
    assert in_python(ana, season, "marketing", now) == in_sql(ana, season, "marketing", now) == ""
    assert in_python(ana, offers, "marketing", now) == in_sql(ana, offers, "marketing", now) == "no_consent"
    assert may_send(ana, channel="sms", topic=season, message_class="marketing", now=now).reason == "no_address"


def test_c6_an_unconfirmed_yes_permits_nothing_but_what_is_needed_now(bakery):
    ana, season = make_person(), make_topic()
    request_consent(ana, address=ANA, channel="email", topic=season, wording="w", source="staff")
    now = timezone.now()
    for message_class in ("marketing", "relationship"):
        assert in_python(ana, season, message_class, now) == in_sql(ana, season, message_class, now) == "waiting"
    assert in_python(ana, season, "transactional", now) == in_sql(ana, season, "transactional", now) == ""


def test_both_forms_agree_on_everything_that_can_be_true_of_somebody(bakery):
    season, offers = make_topic(), make_topic("Offers")
    now = timezone.now()
    seen = set()
    said = ("nothing", "asked", "yes", "no", "no_to_all", "moved_on", "expired", "other_address")
    stops = (None, ("unsubscribed", "all"), ("manual", "topic"), ("complained", "all"), ("bounced", "all"))
    marks = ("", "do_not_contact", "deleted", "paused", "on_pause", "rested")
    for number, (words, stop, mark) in enumerate(itertools.product(said, stops, marks)):
        address = f"p{number}@example.com"
        person = make_person(address, f"P{number}")
        _say(person, address, season, words, now)
        if stop:
            reason, scope = stop
            suppress_address(
                channel="email",
                hashes=channel_hashes("email", [address]),
                topic=season if scope == "topic" else None,
                reason=reason,
            )
        person.do_not_contact = mark == "do_not_contact"
        person.deleted_at = now if mark == "deleted" else None
        rests = {"on_pause": timedelta(days=3), "rested": timedelta(0)}
        person.paused_until = now + rests[mark] if mark in rests else None
        person.save()
        person.refresh_from_db()
        BusinessProfile.objects.update(sending_paused_at=now if mark == "paused" else None)
        asked = "new-" + address if words == "moved_on" else address
        for topic, message_class in itertools.product((season, offers, None), Message.MessageClass.values):
            reason = in_python(person, topic, message_class, now, asked)
            case = (words, stop, mark, topic, message_class)
            assert reason == in_sql(person, topic, message_class, now, asked), case
            seen.add(reason)
    assert seen == set(REASONS) - {"no_address", "not_in_writing", "held"}


def _say(person, address, topic, words, now) -> None:
    if words == "nothing":
        return
    if words == "asked":
        request_consent(person, address=address, channel="email", topic=topic, wording="w", source="staff")
        return
    given_for = "else-" + address if words == "other_address" else address
    confirm_consent(person, address=given_for, channel="email", topic=topic, wording="w")
    if words == "expired":
        ConsentState.objects.filter(contact=person).update(expires_at=now - timedelta(seconds=1))
    elif words in ("no", "no_to_all", "moved_on"):
        withdraw_consent(person, channel="email", topic=None if words == "no_to_all" else topic, source="link")
