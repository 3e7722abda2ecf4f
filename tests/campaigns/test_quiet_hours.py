"""Quiet hours: letters are planned by the reader's clock, texts are held back by law, and nothing goes out at three."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import ChannelRule, Message, Pressure, QueuedMessage
from campaigns.queries.sequences import skip_sentence
from campaigns.services import quiet_hours
from campaigns.services.advancing import advance
from campaigns.services.delivery_claims import claim_messages
from campaigns.services.delivery_gate import Passage, pass_gate
from campaigns.services.enrollments import enroll_contacts
from campaigns.services.messages import plan_message
from campaigns.services.quiet_hours import plan_hours, set_channel_rule, shut_until
from campaigns.services.rendering import compile_content
from contacts.models import Contact, ContactPoint
from contacts.services.consent import confirm_consent
from contacts.services.contacts import details_of, edit_contact, set_contact_zone
from ecosystem.base.addresses import address_hash
from ecosystem.base.clock import now
from ecosystem.base.errors import Invalid
from ecosystem.base.tenancy import current_business_id
from ecosystem.models import BusinessProfile
from tests.factories.campaigns import make_friend, make_letter, make_sequence, pass_time, work
from tests.factories.clocks import zone_at
from tests.factories.permission import make_topic, owner_of

FAR = {
    "Europe/Berlin": "2027-01-12 08:00",
    "America/New_York": "2027-01-12 14:00",
    "Asia/Kathmandu": "2027-01-12 03:15",
    "Pacific/Chatham": "2027-01-12 19:15",
    "Australia/Lord_Howe": "2027-01-12 22:00",
}


@pytest.fixture
def generous(shop):
    return make_topic("Bread news", promised_count=31, promised_days=30)


def keep_hours(opens: int = 9, closes: int = 18, channel: str = "email", *, at_weekends: bool = True) -> None:
    """The hours of the business on a channel."""
    hours = {"opens_minute": opens * 60, "closes_minute": closes * 60, "at_weekends": at_weekends}
    ChannelRule.objects.update_or_create(channel=channel, defaults={"most_count": 20, "most_days": 7, **hours})


def live_in(contact: Contact, zone: str) -> None:
    set_contact_zone(contact, zone, actor=None, now=now())


def plan(contact: Contact, topic, *, channel: str = "email", key: str = "b:1", **values) -> Message:
    """A letter or a text to one person."""
    address = contact.primary_email if channel == "email" else contact.primary_phone
    given = {"message_class": "marketing", "lane": "broadcast", **values}
    message = plan_message(
        idem_key=key,
        content_version=compile_content(make_letter(key), topic=topic),
        contact=contact,
        topic=topic,
        address=address,
        address_hash=address_hash(channel, address),
        merge={},
        **given,
    )
    if channel != "email":
        Message.objects.filter(id=message.id).update(channel=channel)
    return message


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# Planning


@pytest.mark.parametrize("zone", FAR)
def test_case_16_a_letter_is_planned_into_the_hours_of_its_reader(shop, generous, zone):
    """CAMPAIGNS 4m case 16."""
    keep_hours()
    bea = make_friend(generous)
    live_in(bea, zone)
    wanted = at(FAR[zone]) - timedelta(hours=2)
    message = plan(bea, generous, due_at=wanted)
    place = QueuedMessage.objects.get()
    assert message.due_at == place.due_at == at(FAR[zone])
    assert (message.wanted_at, message.zone) == (wanted, zone)


def test_case_16_a_zone_that_is_learned_later_plans_the_letter_anew_from_what_was_meant(shop, generous):
    """CAMPAIGNS 4m case 16: the zone changed after planning."""
    keep_hours()
    bea = make_friend(generous)
    message = plan(bea, generous, due_at=at("2027-01-12 03:00"))
    # The business is in New York: nine there.
    assert message.due_at == at("2027-01-12 14:00")
    live_in(bea, "Asia/Kathmandu")
    message.refresh_from_db()
    assert message.due_at == QueuedMessage.objects.get().due_at == at("2027-01-12 03:15")
    assert (message.wanted_at, message.zone) == (at("2027-01-12 03:00"), "Asia/Kathmandu")
    live_in(bea, "")
    message.refresh_from_db()
    assert message.due_at == at("2027-01-12 14:00")


def test_a_new_phone_number_plans_anew_where_nothing_better_is_known(shop, generous):
    keep_hours()
    bea = make_friend(generous)
    message = plan(bea, generous, due_at=at("2027-01-12 03:00"))
    details = details_of(bea)
    changed = type(details)(**{**details.__dict__, "phone": "+49 30 123456"})
    edit_contact(bea, changed, version=Contact.objects.get(id=bea.id).version, actor=None, now=now())
    message.refresh_from_db()
    assert (message.due_at, message.zone) == (at("2027-01-12 08:00"), "Europe/Berlin")


def test_case_16_nine_oclock_their_time_is_kept_as_it_was_meant(shop, generous):
    bea = make_friend(generous)
    message = plan(bea, generous, wall_time=datetime(2027, 3, 28, 2, 30))
    assert message.wall_time == "2027-03-28T02:30:00"
    assert message.due_at == at("2027-03-28 06:30")
    live_in(bea, "Europe/Berlin")
    message.refresh_from_db()
    # Half past two is jumped over that night: three o'clock, and once.
    assert message.due_at == QueuedMessage.objects.get().due_at == at("2027-03-28 01:00")


def test_without_hours_of_its_own_a_business_writes_at_any_hour(shop, generous):
    bea = make_friend(generous)
    wanted = at("2027-01-12 03:00")
    message = plan(bea, generous, due_at=wanted)
    assert (message.due_at, message.wanted_at, message.zone) == (wanted, None, "")


def test_what_somebody_needs_now_keeps_no_hours(shop, generous):
    keep_hours()
    bea = make_friend(generous)
    wanted = at("2027-01-12 03:00")
    assert plan(bea, generous, due_at=wanted, message_class="transactional").due_at == wanted
    assert plan(bea, generous, due_at=wanted, is_test=True, key="b:2").due_at == wanted


def test_a_note_of_a_zone_that_does_not_exist_is_refused(shop, generous):
    bea = make_friend(generous)
    with pytest.raises(Invalid):
        live_in(bea, "Middle/Earth")
    bea.refresh_from_db()
    assert bea.timezone == ""


def test_letters_of_a_sequence_land_in_the_hours_when_they_are_written(shop, generous, mail_server):
    keep_hours()
    awake, asleep, unknown = (make_friend(generous, number) for number in range(3))
    live_in(awake, zone_at(12))
    live_in(asleep, zone_at(3))
    enroll_contacts(make_sequence(generous), [awake.id, asleep.id, unknown.id], source="staff")
    BusinessProfile.objects.update(timezone=zone_at(12))
    work()
    assert len(mail_server.accepted) == 2
    waiting = Message.objects.get(contact=asleep)
    local = waiting.due_at.astimezone(ZoneInfo(waiting.zone))
    assert (waiting.state, local.hour, local.minute) == ("queued", 9, 0)
    assert timedelta(hours=5) < waiting.due_at - now() < timedelta(hours=6, minutes=31)


def test_a_hundred_people_are_planned_in_the_same_number_of_statements(shop, generous):
    keep_hours()
    people = [make_friend(generous, number) for number in range(100)]
    zones = ["Europe/Berlin", "Asia/Kathmandu", zone_at(3), zone_at(12)]
    for number, person in enumerate(people):
        Contact.objects.filter(id=person.id).update(timezone=zones[number % 4])
    sequence = make_sequence(generous)
    counts = []
    advance(now())
    for some in (people[:4], people[4:]):
        enroll_contacts(sequence, [person.id for person in some], source="staff")
        with CaptureQueriesContext(connection) as seen:
            advance(now())
        counts.append(len(seen))
    # The steps, the people with their clocks, the places, the moves; and the note that there is work.
    assert counts[0] == counts[1] <= 6
    # Held or due, whoever sleeps waits for nine o'clock.
    asleep = Message.objects.filter(contact__timezone=zone_at(3))
    assert asleep.count() == 25
    assert {one.due_at.astimezone(ZoneInfo(one.zone)).hour for one in asleep} == {9}


def set_hours(actor, opens: int | None, closes: int | None) -> None:
    """What the owner does on the page."""
    set_channel_rule(
        "email",
        most_count=20,
        most_days=7,
        opens_minute=opens and opens * 60,
        closes_minute=closes and closes * 60,
        at_weekends=True,
        actor=actor,
    )


def test_hours_that_are_changed_plan_anew_what_waits_and_nothing_that_is_needed_now(shop, generous, monkeypatch):
    monkeypatch.setattr(quiet_hours, "BATCH", 2)
    monkeypatch.setattr(quiet_hours, "BATCHES", 2)
    nora = owner_of(shop)
    wanted = at("2027-01-12 03:00")
    friends = [make_friend(generous, number) for number in range(9)]
    for number, friend in enumerate(friends):
        live_in(friend, "Europe/Berlin")
        plan(friend, generous, key=f"b:{number}", due_at=wanted)
    needed = plan(friends[0], generous, key="t:1", due_at=wanted, message_class="transactional")
    set_hours(nora, 10, 18)
    work("maintenance", times=4)
    due = set(Message.objects.exclude(id=needed.id).values_list("due_at", flat=True))
    assert due == set(QueuedMessage.objects.exclude(id=needed.id).values_list("due_at", flat=True))
    assert due == {at("2027-01-12 09:00")}
    set_hours(nora, None, None)
    work("maintenance", times=4)
    assert set(Message.objects.values_list("due_at", flat=True)) == {wanted}


def test_what_missed_its_hour_waits_for_the_next_one(shop, generous):
    friend = make_friend(generous)
    live_in(friend, zone_at(12))
    message = plan(friend, generous, due_at=now() - timedelta(hours=9))
    keep_hours(2, 4)
    plan_hours([message.id])
    message.refresh_from_db()
    assert message.due_at > now() + timedelta(hours=12)
    assert message.due_at.astimezone(ZoneInfo(zone_at(12))).hour == 2


@pytest.mark.parametrize(
    ("zone", "wall", "moment"),
    [
        # A time that is jumped over: the moment of the jump.
        ("Europe/Berlin", "2027-03-28 02:30", "2027-03-28 01:00"),
        ("America/New_York", "2027-03-14 02:30", "2027-03-14 07:00"),
        ("Australia/Lord_Howe", "2027-10-03 02:15", "2027-10-02 15:30"),
        ("Pacific/Chatham", "2027-09-26 03:00", "2027-09-25 14:00"),
        # A time that comes twice: the first.
        ("Europe/Berlin", "2027-10-31 02:30", "2027-10-31 00:30"),
        ("America/New_York", "2027-11-07 01:30", "2027-11-07 05:30"),
        ("Australia/Lord_Howe", "2027-04-04 01:45", "2027-04-03 14:45"),
        ("Pacific/Chatham", "2027-04-04 03:00", "2027-04-03 13:15"),
    ],
)
def test_rel_19_a_letter_leaves_once_at_its_time_of_day_though_the_clock_is_changed(
    shop, generous, mail_server, zone, wall, moment
):
    bea = make_friend(generous)
    live_in(bea, zone)
    message = plan(bea, generous, wall_time=datetime.fromisoformat(wall))
    assert message.due_at == at(moment)
    pass_time((at(moment) - now()).total_seconds() - 60)
    work()
    assert mail_server.accepted == [], "a minute before"
    # A minute after, and where the same time comes again, half an hour and an hour later.
    for seconds in (120, 1_800, 1_800):
        pass_time(seconds)
        work()
        assert [mail.recipient for mail in mail_server.accepted] == [bea.primary_email]
    assert Message.objects.get().state == "accepted"


def test_a_letter_that_is_late_at_night_keeps_what_must_not_be_forgotten_of_it(shop, generous, mail_server):
    friend = make_friend(generous)
    live_in(friend, zone_at(12))
    plan(friend, generous)
    keep_hours(2, 4)
    Message.objects.update(reason="resent")
    pass_time(2 * 3600)
    work()
    message = Message.objects.get()
    assert (message.state, message.reason, mail_server.accepted) == ("deferred", "resent", [])


# The gate


@pytest.fixture
def phone_friend(shop, generous):
    """Somebody with an American number who said yes to texts."""
    bea = make_friend(generous)
    Contact.objects.filter(id=bea.id).update(primary_phone="+12125550123")
    bea.refresh_from_db()
    return bea


def shut(contact: Contact, generous) -> dict:
    """What the gate is told of quiet hours for a text in hand."""
    plan(contact, generous, channel="sms")
    claimed = claim_messages("broadcast", token=uuid4(), now=now(), count=1)
    assert len(claimed) == 1
    return shut_until(claimed, business_id=current_business_id())


def test_s7_a_text_in_hand_is_shut_out_until_the_law_lets_it_go(shop, generous, phone_friend):
    live_in(phone_friend, zone_at(3))
    [until] = shut(phone_friend, generous).values()
    opens = datetime.fromisoformat(until).astimezone(ZoneInfo(zone_at(3)))
    assert (opens.hour, opens.minute) == (10, 0)


def test_s7_a_known_state_has_its_own_hours(shop, generous, phone_friend):
    # Past eight in the evening: shut in Florida, and open till nine in California.
    live_in(phone_friend, zone_at(20))
    where = {"contact": phone_friend, "kind": "postal", "value_norm": "x"}
    point = ContactPoint.objects.create(**where, value="12 Tulip Street, Miami, FL 33101")
    assert len(shut(phone_friend, generous)) == 1
    ContactPoint.objects.filter(id=point.id).update(value="12 Tulip Street, Fresno, CA 93650")
    Message.objects.all().delete()
    assert shut(phone_friend, generous) == {}


def test_the_owners_taste_narrows_the_hours_of_the_law_and_never_widens_them(shop, generous, phone_friend):
    live_in(phone_friend, zone_at(12))
    keep_hours(0, 24, channel="sms")
    assert shut(phone_friend, generous) == {}
    Message.objects.all().delete()
    keep_hours(13, 15, channel="sms")
    [until] = shut(phone_friend, generous).values()
    assert datetime.fromisoformat(until).astimezone(ZoneInfo(zone_at(12))).hour == 13
    Message.objects.all().delete()
    keep_hours(0, 24, channel="sms")
    live_in(phone_friend, zone_at(3))
    assert len(shut(phone_friend, generous)) == 1


def test_case_17_where_no_hour_is_open_everywhere_a_text_does_not_go(shop, generous, phone_friend):
    """CAMPAIGNS 4m case 17: an empty intersection."""
    Contact.objects.filter(id=phone_friend.id).update(primary_phone="+74951234567")
    phone_friend.refresh_from_db()
    assert list(shut(phone_friend, generous).values()) == ["infinity"]


def pass_text(contact: Contact, generous, number: str) -> Passage:
    """What the gate says of a text to a number that its owner said yes with."""
    Contact.objects.filter(id=contact.id).update(primary_phone=number)
    contact.refresh_from_db()
    confirm_consent(contact, address=number, channel="sms", topic=generous, wording="w", basis="express_written")
    plan(contact, generous, channel="sms")
    token = uuid4()
    claimed = claim_messages("broadcast", token=token, now=now(), count=1)
    [passage] = pass_gate(claimed, token=token).values()
    return passage


def test_s7_the_gate_defers_a_text_in_quiet_hours_and_costs_it_no_attempt(shop, generous, phone_friend):
    live_in(phone_friend, zone_at(3))
    passage = pass_text(phone_friend, generous, "+12125550123")
    assert (passage.state, passage.reason) == ("deferred", "quiet_hours")
    place = QueuedMessage.objects.get()
    local = place.due_at.astimezone(ZoneInfo(zone_at(3)))
    assert (local.hour, local.minute, place.attempt, place.claim_token) == (10, 0, 0, None)
    assert not Pressure.objects.exists()


def test_s7_the_gate_hands_a_text_over_in_open_hours(shop, generous, phone_friend):
    live_in(phone_friend, zone_at(12))
    assert pass_text(phone_friend, generous, "+12125550123").state == "handed"
    assert Pressure.objects.get().channels == ["sms"]


def test_case_17_the_gate_says_why_a_text_without_a_common_hour_does_not_go(shop, generous, phone_friend):
    """CAMPAIGNS 4m case 17 at the gate."""
    passage = pass_text(phone_friend, generous, "+74951234567")
    assert (passage.state, passage.reason) == ("skipped", "no_common_hour")
    assert "Note their time zone" in str(skip_sentence(passage.reason))
    assert not QueuedMessage.objects.exists()


def test_case_18_after_a_night_without_power_nothing_goes_out_at_three(shop, generous, mail_server):
    """CAMPAIGNS 4m case 18."""
    keep_hours()
    asleep, awake, late = (make_friend(generous, number) for number in range(3))
    for number, (person, zone) in enumerate([(asleep, zone_at(12)), (awake, zone_at(12)), (late, zone_at(12))]):
        live_in(person, zone)
        expires = now() + timedelta(hours=11) if person == late else None
        plan(person, generous, key=f"b:{number}", expires_at=expires)
    # Twelve hours later, and where one of them is it is three in the morning.
    pass_time(12 * 3600)
    Message.objects.filter(contact=late).update(expires_at=now() - timedelta(hours=1))
    Contact.objects.filter(id=asleep.id).update(timezone=zone_at(3))
    work()
    assert [mail.recipient for mail in mail_server.accepted] == [awake.primary_email]
    waits = Message.objects.get(contact=asleep)
    assert (waits.state, waits.reason) == ("deferred", "quiet_hours")
    assert QueuedMessage.objects.get().due_at.astimezone(ZoneInfo(zone_at(3))).hour == 9
    assert QueuedMessage.objects.get().attempt == 0
    expired = Message.objects.get(contact=late)
    assert (expired.state, expired.reason) == ("expired", "too_late")


def test_case_29_a_worker_five_minutes_ahead_sends_no_letter_early(shop, generous, mail_server):
    """CAMPAIGNS 4m case 29."""
    plan(make_friend(generous), generous, due_at=now() + timedelta(minutes=4))
    with time_machine.travel(now() + timedelta(minutes=5), tick=True):
        work()
    assert mail_server.accepted == []
    pass_time(241)
    work()
    assert len(mail_server.accepted) == 1


def test_rel_20_a_worker_five_minutes_ahead_sends_nothing_early(shop, generous, phone_friend):
    zone = zone_at(9)
    live_in(phone_friend, zone)
    plan(phone_friend, generous, channel="sms")
    claimed = claim_messages("broadcast", token=uuid4(), now=now(), count=1)
    assert len(claimed) == 1
    to_ten = 60 - datetime.now(ZoneInfo(zone)).minute
    with time_machine.travel(now() + timedelta(minutes=to_ten + 1), tick=True):
        assert list(shut_until(claimed, business_id=shop.pk)) == [claimed[0].id]
