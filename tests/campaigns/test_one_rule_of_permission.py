"""Lists, the board, files, figures and filters say of everybody what the gate would say, whatever stands in its way."""

from dataclasses import replace
from datetime import timedelta

import pytest

from campaigns.queries.eligibility import may_send
from contacts.models import Channel, Contact, ContactPoint, Suppression
from contacts.queries.consent import channel_hashes
from contacts.queries.contacts import people_page
from contacts.queries.export_rows import export_header, export_rows, next_people
from contacts.queries.ladder import board
from contacts.queries.people_filter import PeopleFilter, matching
from contacts.queries.reach import count_permission
from contacts.services.consent import confirm_consent
from contacts.services.contacts import details_of, edit_contact
from contacts.services.suppression import suppress_address
from ecosystem.base.clock import now
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import business_scope
from ecosystem.queries.businesses import get_profile
from ecosystem.queries.health import gauge_question
from ecosystem.queries.stakeholders import words_by_kind
from tests.factories.permission import make_business, make_person, make_topic, say_yes

pytestmark = pytest.mark.django_db


@pytest.fixture
def bakery():
    business = make_business()
    with business_scope(business):
        yield business


def new_address(ana, topic):
    details = replace(details_of(ana), email="ana.two@example.com")
    edit_contact(ana, details, version=ana.version, actor=None, now=now())


def stop(ana, topic):
    hashes = channel_hashes("email", [ana.primary_email])
    suppress_address(channel="email", hashes=hashes, topic=None, reason=Suppression.Reason.UNSUBSCRIBED)


def stop_of_the_topic(ana, topic):
    hashes = channel_hashes("email", [ana.primary_email])
    suppress_address(channel="email", hashes=hashes, topic=topic, reason=Suppression.Reason.UNSUBSCRIBED)


def never(ana, topic):
    Contact.objects.filter(pk=ana.pk).update(do_not_contact=True)


def rest(ana, topic):
    Contact.objects.filter(pk=ana.pk).update(paused_until=now() + timedelta(days=5))


def ran_out(ana, topic):
    ana.consent_states.update(expires_at=now() - timedelta(days=1))


def rest_that_is_over(ana, topic):
    Contact.objects.filter(pk=ana.pk).update(paused_until=now() - timedelta(days=1))


def nothing(ana, topic):
    pass


def told(topic, channel):
    """What each place says of Ana: the list, the board, the file, the figure, the filter."""
    moment = now()
    lane = next(lane for lane in board(words_by_kind(), now=moment) if lane.cards)
    rows = export_rows(
        next_people(PeopleFilter(), below=uuid7(), now=moment, limit=9), shows_addresses=True, now=moment
    )
    column = export_header(shows_addresses=True).index("May be emailed about")
    question = gauge_question(get_profile(), words_by_kind(), now=moment, days=30)
    wanted = PeopleFilter(topic_id=topic.pk, channel=channel)
    places = {
        "list": channel in people_page(PeopleFilter(kind="suspect"), cursor=None, now=moment).people[0].may_reach_by,
        "board": channel in lane.cards[0].person.may_reach_by,
        "figure": channel in count_permission(question).by_channel,
        "filter": matching(wanted, now=moment).exists(),
    }
    if channel == Channel.EMAIL:
        places["file"] = any(topic.name in row[column] for row in rows)
    return places


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (nothing, ""),
        (rest_that_is_over, ""),
        (new_address, "other_address"),
        (stop, "left"),
        (stop_of_the_topic, "left"),
        (never, "do_not_contact"),
        (rest, "on_pause"),
        (ran_out, "expired"),
    ],
)
def test_every_place_says_what_the_gate_says(bakery, happens, reason):
    ana, topic = make_person(), make_topic()
    say_yes(ana, topic)
    happens(ana, topic)
    ana = Contact.objects.get(pk=ana.pk)
    verdict = may_send(ana, channel="email", topic=topic, message_class="marketing", now=now())
    assert verdict.reason == reason
    # A yes for a former address, and one that rests, are a yes all the same where people are chosen or counted.
    besides = {"other_address": {"figure", "filter"}, "on_pause": {"filter"}}.get(reason, set())
    places = told(topic, "email")
    assert {name for name, says in places.items() if says != verdict.allowed} == besides


@pytest.mark.parametrize(("basis", "allowed"), [("express_written", True), ("express", False)])
def test_a_yes_to_texts_that_is_not_in_writing_is_none_anywhere(bakery, basis, allowed):
    ana, topic = make_person(), make_topic()
    number = "+12025550143"
    Contact.objects.filter(pk=ana.pk).update(primary_phone=number)
    ContactPoint.objects.create(contact=ana, kind="phone", value=number, value_norm=number, is_primary=True)
    ana = Contact.objects.get(pk=ana.pk)
    confirm_consent(ana, address=number, channel="sms", topic=topic, wording="Texts")
    ana.consent_states.update(basis=basis)
    assert may_send(ana, channel="sms", topic=topic, message_class="marketing", now=now()).allowed is allowed
    assert set(told(topic, "sms").values()) == {allowed}
