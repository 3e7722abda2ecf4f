"""Quiet hours that somebody asks for on their own page: kept by the engine beside those of the business."""

from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from campaigns.models import Message, QueuedMessage
from campaigns.services.delivery_claims import claim_messages
from campaigns.services.enrollments import enroll_contacts
from campaigns.services.own_hours import keep_quiet_hours
from campaigns.services.quiet_hours import shut_until
from campaigns.services.tracking import note_trap
from contacts.models import Contact, Topic
from contacts.services.contacts import set_contact_zone
from contacts.services.merging import merge_contacts
from ecosystem.base.clock import now
from ecosystem.base.errors import Invalid
from ecosystem.base.links import MessageSigner
from ecosystem.base.tenancy import current_business_id
from tests.campaigns.test_pressure import news
from tests.campaigns.test_quiet_hours import keep_hours, plan, shut
from tests.factories.campaigns import make_friend, make_sequence, work
from tests.factories.clocks import zone_at
from tests.factories.permission import make_topic, owner_of

pytestmark = pytest.mark.django_db

NIGHT = (20 * 60, 8 * 60)


@pytest.fixture
def generous(shop) -> Topic:
    return make_topic("Bread news", promised_count=31, promised_days=30)


@pytest.fixture
def ana(generous) -> Contact:
    return make_friend(generous)


@pytest.fixture
def letter(ana, generous, mail_server) -> Message:
    message = news(ana, generous, 1)
    work()
    return Message.objects.get(id=message.id)


@pytest.fixture
def url(letter) -> str:
    return "/prefs/" + MessageSigner(letter.business_id).tokens(letter.id).preferences


def it_is(contact: Contact, hour: int) -> ZoneInfo:
    """Let it be that hour of the day where they live."""
    set_contact_zone(contact, zone_at(hour), actor=None, now=now())
    return ZoneInfo(zone_at(hour))


def eight_after(midnight: datetime) -> datetime:
    """Eight in the morning after that time of a night, there."""
    return (midnight + timedelta(days=1)).replace(hour=8, minute=0)


def test_a_letter_of_the_night_waits_for_the_morning_they_named(letter, ana, generous, mail_server):
    there = it_is(ana, 22)
    assert keep_quiet_hours(letter, hours=NIGHT, now=now())
    message = plan(ana, generous, key="b:2")
    assert message.due_at.astimezone(there).hour == 8
    assert timedelta(hours=9) < message.due_at - now() <= timedelta(hours=10)
    work()
    assert len(mail_server.accepted) == 1


def test_a_letter_of_the_day_goes_at_once(letter, ana, generous, mail_server):
    it_is(ana, 12)
    keep_quiet_hours(letter, hours=NIGHT, now=now())
    plan(ana, generous, key="b:2")
    work()
    assert len(mail_server.accepted) == 2


def test_a_letter_of_a_sequence_keeps_them_too(letter, ana, generous, mail_server):
    bea = make_friend(generous, 1)
    for person in (ana, bea):
        it_is(person, 22)
    keep_quiet_hours(letter, hours=NIGHT, now=now())
    enroll_contacts(make_sequence(generous), [ana.id, bea.id], source="staff")
    work()
    waiting = Message.objects.get(contact=ana, sequence__isnull=False)
    assert (waiting.state, waiting.due_at.astimezone(ZoneInfo(waiting.zone)).hour) == ("queued", 8)
    assert Message.objects.get(contact=bea).state == "accepted"


def test_what_waits_already_moves_there_and_back(letter, ana, generous):
    it_is(ana, 12)
    midnight = now().astimezone(ZoneInfo(zone_at(12))).replace(hour=23, minute=30, second=0, microsecond=0) + timedelta(
        days=1
    )
    message = plan(ana, generous, key="b:2", due_at=midnight)
    keep_quiet_hours(letter, hours=NIGHT, now=now())
    message.refresh_from_db()
    assert message.due_at == QueuedMessage.objects.get(id=message.id).due_at == eight_after(midnight)
    keep_quiet_hours(letter, hours=None, now=now())
    message.refresh_from_db()
    assert message.due_at == QueuedMessage.objects.get(id=message.id).due_at == midnight


def test_what_is_held_for_its_place_comes_at_no_hour_they_shut(letter, ana, generous):
    it_is(ana, 12)
    midnight = now().astimezone(ZoneInfo(zone_at(12))).replace(hour=23, minute=30, second=0, microsecond=0) + timedelta(
        days=1
    )
    message = plan(ana, generous, key="b:2", due_at=midnight)
    Message.objects.filter(id=message.id).update(state="deferred", reason="promise_kept", held_by="promise")
    keep_quiet_hours(letter, hours=NIGHT, now=now())
    message.refresh_from_db()
    assert message.due_at == QueuedMessage.objects.get(id=message.id).due_at == eight_after(midnight)


def test_what_is_needed_now_comes_all_the_same(letter, ana, generous, mail_server):
    it_is(ana, 22)
    keep_quiet_hours(letter, hours=NIGHT, now=now())
    plan(ana, generous, key="b:2", message_class="transactional", lane="transactional")
    work()
    assert len(mail_server.accepted) == 2


def test_hours_of_the_business_hold_beside_theirs(letter, ana, generous):
    there = it_is(ana, 22)
    keep_quiet_hours(letter, hours=NIGHT, now=now())
    keep_hours(10, 18)
    assert plan(ana, generous, key="b:2").due_at.astimezone(there).hour == 10


def test_where_the_business_leaves_no_hour_of_theirs_theirs_count(letter, ana, generous):
    there = it_is(ana, 22)
    keep_quiet_hours(letter, hours=(20 * 60, 10 * 60), now=now())
    keep_hours(7, 9)
    assert plan(ana, generous, key="b:2").due_at.astimezone(there).hour == 10


def test_a_text_is_shut_out_at_the_gate(letter, ana, generous):
    Contact.objects.filter(id=ana.id).update(primary_phone="+12125550123")
    ana.refresh_from_db()
    there = it_is(ana, 17)
    assert shut(ana, generous) == {}
    # Asked for between the planning and the gate.
    Message.objects.filter(channel="sms").delete()
    plan(ana, generous, channel="sms", key="b:2")
    Contact.objects.filter(id=ana.id).update(quiet_from_minute=17 * 60, quiet_until_minute=11 * 60)
    claimed = claim_messages("broadcast", token=uuid4(), now=now(), count=1)
    [until] = shut_until(claimed, business_id=current_business_id()).values()
    assert datetime.fromisoformat(until).astimezone(there).hour == 11


@pytest.mark.parametrize("hours", [(20 * 60 + 1, 8 * 60), (20 * 60, 4 * 60), (0, 1440)])
def test_only_offered_hours_can_be_asked_for(letter, hours):
    with pytest.raises(Invalid, match="from when"):
        keep_quiet_hours(letter, hours=hours, now=now())


def test_the_page_keeps_them_and_the_owner_sees_them(client, url, ana, shop):
    assert "No quiet hours" in client.get(url).content.decode()
    page = client.post(url, {"quiet_from": "1200", "quiet_until": "420"}).content.decode()
    assert "We keep to it from this second" in page
    assert 'value="1200" selected' in page
    assert 'value="420" selected' in page
    ana.refresh_from_db()
    assert (ana.quiet_from_minute, ana.quiet_until_minute) == (1200, 420)
    client.force_login(owner_of(shop).user)
    panel = reverse("contacts:contact_panel", kwargs={"slug": shop.slug, "id": ana.id, "card": "pace"})
    assert "They asked for quiet from 8 PM to 7 AM" in client.get(panel).content.decode()
    client.post(url, {"quiet_from": "1200", "quiet_until": "nonsense"})
    ana.refresh_from_db()
    assert (ana.quiet_from_minute, ana.quiet_until_minute) == (None, None)


def test_sec_55_a_machine_in_the_trap_sets_no_quiet_hours(client, url, letter, ana):
    note_trap(letter, now=now())
    client.post(url, {"quiet_from": "1200", "quiet_until": "420"})
    ana.refresh_from_db()
    assert ana.quiet_from_minute is None


def test_two_records_that_become_one_keep_the_wish_of_either(letter, ana, generous, shop):
    keep_quiet_hours(letter, hours=NIGHT, now=now())
    bea = make_friend(generous, 1)
    merge_contacts(bea.id, ana.id, choices={}, actor=owner_of(shop), now=now())
    bea.refresh_from_db()
    assert (bea.quiet_from_minute, bea.quiet_until_minute) == NIGHT
