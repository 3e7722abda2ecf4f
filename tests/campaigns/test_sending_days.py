"""How many letters go in a day, how a new business begins, and accounts that are not let in; what is told of it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from campaigns.models import AccountSuspension, DailySends, Message, QueuedMessage
from campaigns.queries.sending_notes import sending_notes
from campaigns.services.advancing import advance
from campaigns.services.delivery_days import DayOfSending
from campaigns.services.enrollments import enroll_contacts
from campaigns.services.messages import plan_message
from ecosystem.base import shared_memory
from ecosystem.base.addresses import address_hash
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Agenda, BusinessProfile
from tests.campaigns.test_limits import ask_from_threads
from tests.factories.campaigns import make_friend, make_sequence, pass_time, states_of, work
from tests.factories.permission import make_business, owner_of
from tests.smtp_server import Trouble

LANE = "sequence"
KEY = "platform:email"
EVENING = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
MOST = 2_000_000_000


@pytest.fixture
def steps(settings):
    """A new business sends two, then four, then as many as it likes."""
    settings.SENDS_FIRST_DAYS = [2, 4]


def write_to(topic, count: int, *, start: int = 0) -> None:
    people = [make_friend(topic, number) for number in range(start, start + count)]
    enroll_contacts(make_sequence(topic), [person.id for person in people], source="staff")
    advance(now())


def day(moment: datetime = EVENING, *, per_day: int | None = None, timezone: str = "UTC") -> DayOfSending:
    return DayOfSending(KEY, per_day=per_day, now=moment, timezone=timezone, is_urgent=False)


def receipt(key: str) -> None:
    """A letter that somebody needs now."""
    plan_message(
        idem_key=key,
        message_class="transactional",
        lane="transactional",
        template="receipt",
        address="ana@example.com",
        address_hash=address_hash("email", "ana@example.com"),
        merge={"topics": [{"name": "Bread", "promise": "Two a month"}]},
    )


# Days


def test_sec_57_a_new_business_begins_with_few_and_each_day_of_sending_is_a_step(shop, steps):
    assert day().take(5) == 2
    assert day().take(5) == 0
    assert day(EVENING + timedelta(days=1)).take(3) == 3
    assert day(EVENING + timedelta(days=1)).take(3) == 1
    # Two days without a letter are no step back and none ahead.
    assert day(EVENING + timedelta(days=4)).take(5_000) == 5_000


def test_a_day_on_which_nothing_left_is_no_step(shop, steps):
    first = day()
    first.take(2)
    first.give_back_unused(0)
    assert day(EVENING + timedelta(days=1)).places_left() == 2


def test_each_account_has_steps_of_its_own(shop, steps):
    assert day().take(2) == 2
    assert DayOfSending("other", per_day=None, now=EVENING, timezone="UTC", is_urgent=False).take(9) == 2


def test_rel_33_the_least_of_all_measures_counts(shop, settings):
    settings.SENDS_PER_DAY = 7
    assert day().places_left() == 7
    assert day(per_day=5).places_left() == 5
    settings.SENDS_FIRST_DAYS = [3]
    assert day(per_day=5).places_left() == 3


def test_the_day_is_that_of_the_business(shop, steps):
    assert day(timezone="UTC").take(2) == 2
    auckland = day(timezone="Pacific/Auckland")
    assert auckland.places_left() == 4
    assert auckland.ends_at.astimezone(UTC) == datetime(2026, 11, 21, 11, 0, tzinfo=UTC)


def test_what_did_not_leave_gives_its_place_back(shop, steps):
    mine = day()
    assert mine.take(2) == 2
    mine.give_back_unused(1)
    assert day().places_left() == 1
    assert DailySends.objects.get().sent_on == date(2026, 11, 20)


@pytest.mark.django_db(transaction=True)
def test_sec_50_twenty_workers_at_once_take_exactly_the_places_of_the_day(settings):
    settings.SENDS_PER_DAY = 30
    business = make_business("Oat & Ember")

    def ask() -> int:
        with business_scope(business):
            return day().take(4)

    got = ask_from_threads(20, ask)
    assert (len(got), sum(got)) == (20, 30)


def test_sec_57_rel_15_letters_beyond_the_day_wait_until_midnight_and_what_is_needed_now_does_not(
    shop, seasonal, mail_server, settings, steps
):
    write_to(seasonal, 3)
    work(LANE)
    assert (len(mail_server.accepted), QueuedMessage.objects.count()) == (2, 1)
    assert list(QueuedMessage.objects.values_list("attempt", "claim_token")) == [(0, None)]
    assert DailySends.objects.get().count == 2
    midnight = day(now(), timezone=BusinessProfile.objects.get().timezone).ends_at
    assert Agenda.objects.get(agenda_business_id=shop.pk, queue="send.sequence").due_at == midnight
    receipt("t:1")
    work("transactional")
    assert len(mail_server.accepted) == 3
    # A note of new letters wakes the business, and it sleeps again.
    write_to(seasonal, 1, start=50)
    work(LANE)
    assert len(mail_server.accepted) == 3
    assert Agenda.objects.get(agenda_business_id=shop.pk, queue="send.sequence").due_at == midnight
    DailySends.objects.update(sent_on=date(2026, 1, 1))
    pass_time(86_400)
    work(LANE)
    assert len(mail_server.accepted) == 5
    assert set(states_of(Message)) == {"accepted"}


def test_a_letter_that_the_gate_stops_takes_no_place(shop, seasonal, mail_server, steps):
    write_to(seasonal, 2)
    friend = Message.objects.order_by("id").first().contact
    friend.do_not_contact = True
    friend.save(update_fields=["do_not_contact"])
    work(LANE)
    assert len(mail_server.accepted) == 1
    assert DailySends.objects.get().count == 1


def test_the_owner_reads_how_many_went_and_how_many_go_tomorrow(client, shop, seasonal, mail_server, steps):
    client.force_login(owner_of(shop).user)
    page = reverse("campaigns:sequence_list", kwargs={"slug": shop.slug})
    write_to(seasonal, 2)
    work(LANE)
    sentence = (
        "2 letters went today, as many as go on this day while providers learn to trust a new sender. "
        "What waits goes on tomorrow, up to 4."
    )
    # Both places are taken, and nobody waits: there is nothing to tell.
    assert sentence not in client.get(page).content.decode()
    with business_scope(shop):
        write_to(seasonal, 1, start=50)
        work(LANE)
    assert sentence in client.get(page).content.decode()


def test_the_owner_reads_of_the_most_that_go_in_a_day(shop, seasonal, mail_server, settings):
    settings.SENDS_PER_DAY = 1
    write_to(seasonal, 2)
    work(LANE)
    assert sending_notes(now=now(), timezone=BusinessProfile.objects.get().timezone) == [
        "1 letter went today, the most that go in a day. What waits goes on tomorrow, up to 1."
    ]


def test_one_business_reads_nothing_of_another_ones_day(shop, garage, seasonal, mail_server, steps):
    write_to(seasonal, 3)
    work(LANE)
    with business_scope(garage):
        assert sending_notes(now=now(), timezone="UTC") == []
        assert day(now()).places_left() == 2


# Accounts that are not let in


def test_rel_14_a_refused_sign_in_sets_the_account_aside_and_the_owner_reads_it_once(
    client, shop, seasonal, mail_server, settings
):
    right, wrong = mail_server.url, mail_server.url.replace("://", "://nora:wrong@")
    mail_server.login = ("nora", "secret")
    settings.EMAIL_URL = wrong
    write_to(seasonal, 6)
    work(LANE)
    connections = mail_server.connections
    assert connections == 1
    assert set(Message.objects.values_list("state", "attempt")) == {("queued", 0)}
    since = AccountSuspension.objects.get().suspended_at
    # The breaker would try again after a minute; the account is left alone for an hour.
    shared_memory.forget_all()
    pass_time(120)
    work(LANE)
    assert mail_server.connections == connections
    client.force_login(owner_of(shop).user)
    page = client.get(reverse("campaigns:sequence_list", kwargs={"slug": shop.slug})).content.decode()
    assert page.count("the mail server does not accept our name and password") == 1
    # One try an hour; it fails, and nothing is told anew.
    with business_scope(shop):
        AccountSuspension.objects.update(next_try_at=now())
        pass_time(3_600)
        work(LANE)
        assert mail_server.connections == connections + 1
        assert AccountSuspension.objects.get().suspended_at == since
        # The right password is tried without waiting for the hour.
        shared_memory.forget_all()
        settings.EMAIL_URL = right.replace("://", "://nora:secret@")
        pass_time(400)
        work(LANE)
        assert set(states_of(Message)) == {"accepted"}
        assert AccountSuspension.objects.count() == 0
        assert sending_notes(now=now(), timezone="UTC") == []


def test_rel_14_a_permanent_error_is_not_tried_again(shop, seasonal, mail_server):
    mail_server.script("friend0@example.com", Trouble("rcpt", "554 5.7.1 not here"))
    write_to(seasonal, 2)
    work(LANE)
    pass_time(86_400)
    work(LANE)
    assert sorted(states_of(Message)) == ["accepted", "failed"]
    assert sum(line.startswith("RCPT TO:<friend0@") for line in mail_server.commands) == 1
