"""REL-33: a business may send as many letters and texts a day as its own figure says, and reads how many went."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from campaigns.models import Message, QueuedMessage
from campaigns.queries.accounts import Account
from campaigns.queries.sending_days import find_full_day
from campaigns.queries.sending_notes import sending_notes
from campaigns.services.delivery_days import DayOfSending
from ecosystem.base.clock import now
from ecosystem.base.sql import rows
from ecosystem.base.tenancy import business_scope
from ecosystem.days import business_day
from ecosystem.models import AgendaNote, BusinessProfile, Notice
from ecosystem.queries.quotas import usage_of
from ecosystem.services.quotas import QUEUE, set_quotas, work_quotas
from tests.campaigns.test_limits import ask_from_threads
from tests.campaigns.test_sending_days import LANE, write_to
from tests.factories.campaigns import work
from tests.factories.permission import make_business, owner_of


@pytest.fixture
def no_steps(settings):
    settings.SENDS_FIRST_DAYS = []


def day(key: str, *, moment: datetime | None = None) -> DayOfSending:
    return DayOfSending(key, per_day=None, now=moment or now(), timezone="UTC", is_urgent=False, is_measured=True)


def test_rel_33_a_figure_of_its_own_ends_the_day_of_one_business_and_of_no_other(
    client, shop, garage, seasonal, mail_server, settings, no_steps
):
    set_quotas({"letters": 2})
    write_to(seasonal, 3)
    work(LANE)
    assert (len(mail_server.accepted), QueuedMessage.objects.count()) == (2, 1)
    assert set(Message.objects.values_list("state", flat=True)) == {"accepted", "queued"}
    assert usage_of("letters").words == "2 of 2"
    zone = BusinessProfile.objects.get().timezone
    told = ["2 letters went today, the most that go in a day. What waits goes on tomorrow, up to 2."]
    assert sending_notes(now=now(), timezone=zone) == told
    client.force_login(owner_of(shop).user)
    page = client.get(reverse("ecosystem:usage", kwargs={"slug": shop.slug})).content.decode()
    assert "Letters today: 2 of 2. There is no more room. What waits goes on tomorrow by itself." in page
    work_quotas(shop.pk, now())
    assert list(Notice.objects.values_list("kind", "about")) == [("quota_full", "Letters today: 2 of 2")]
    with business_scope(garage):
        assert (usage_of("letters").used, usage_of("letters").limit) == (0, None)
        assert day("platform:email").take(5) == 5


def test_rel_33_a_full_day_is_told_of_once_on_each_day_of_the_business(shop, seasonal, mail_server, no_steps):
    """In Auckland a day of UTC ends about noon."""
    BusinessProfile.objects.update(timezone="Pacific/Auckland")
    set_quotas({"letters": 2})
    write_to(seasonal, 2)
    work(LANE)
    today = business_day(now(), "Pacific/Auckland")
    told = []
    for moment in (today.midnight + timedelta(hours=1), today.midnight + timedelta(hours=20), today.tomorrow):
        work_quotas(shop.pk, moment.astimezone(UTC))
        told.append(Notice.objects.filter(kind="quota_full").count())
    assert told == [1, 1, 2]


def test_rel_33_letters_and_texts_have_figures_of_their_own(shop, settings, no_steps):
    BusinessProfile.objects.update(timezone="UTC")
    settings.SENDS_PER_DAY = 9
    set_quotas({"letters": 3, "texts": 0})
    assert day("platform:email").take(5) == 3
    assert day("own:018f").places_left() == 0
    assert day("platform:sms").take(50) == 50
    set_quotas({"letters": None, "texts": None})
    assert day("platform:email").places_left() == 6
    assert (usage_of("letters").limit, usage_of("texts").used) == (9, 50)


def test_rel_33_another_account_opens_no_second_day(shop, settings, no_steps):
    BusinessProfile.objects.update(timezone="UTC")
    set_quotas({"letters": 5})
    assert day("platform:email").take(3) == 3
    assert day("own:018f").take(4) == 2
    assert (day("own:018f").places_left(), day("platform:email").places_left()) == (0, 0)
    full = find_full_day(Account(key="own:018f", url=""), now=now(), timezone="UTC")
    assert full is not None
    assert (full.count, full.is_step, full.most_tomorrow) == (5, False, 5)
    assert usage_of("letters").words == "5 of 5"
    assert (day("platform:sms").take(50), usage_of("texts").used) == (50, 50)
    assert day("own:018f", moment=now() + timedelta(days=1)).take(9) == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("whose", ["its own", "the usual"])
def test_rel_33_twenty_accounts_at_once_take_exactly_the_figure_of_the_business(settings, whose):
    settings.SENDS_FIRST_DAYS = []
    settings.SENDS_PER_DAY = 30 if whose == "the usual" else 0
    business = make_business("Oat & Ember")
    with business_scope(business):
        set_quotas({"letters": 30 if whose == "its own" else None})
    keys = iter(range(20))

    def ask() -> int:
        with business_scope(business):
            mine = DayOfSending(
                f"own:{next(keys)}", per_day=None, now=now(), timezone="UTC", is_urgent=False,
                is_measured=whose == "its own",
            )  # fmt: skip
            return mine.take(4)

    got = ask_from_threads(20, ask)
    assert (len(got), sum(got)) == (20, 30)


def test_rel_33_texts_wait_for_no_letters(shop, no_steps):
    """What holds the figure of letters is no hold on that of texts."""
    set_quotas({"letters": 5, "texts": 5})
    day("platform:email").take(1)
    held = "SELECT count(*) AS number FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    assert rows(held)[0]["number"] == 1
    day("platform:sms").take(1)
    assert rows(held)[0]["number"] == 2


def test_rel_33_the_step_of_an_account_adds_to_what_went_by_another(shop, settings):
    BusinessProfile.objects.update(timezone="UTC")
    settings.SENDS_FIRST_DAYS = [2, 4]
    set_quotas({"letters": 3})
    assert day("own:018f").take(9) == 2
    assert (usage_of("letters").words, day("platform:email").places_left()) == ("2 of 3", 1)


def test_rel_33_who_fills_the_day_by_a_second_account_is_told(shop, settings, no_steps):
    settings.SENDS_PER_DAY = 5
    assert day("own:018f").take(3) == 3
    assert not AgendaNote.objects.filter(queue=QUEUE).exists()
    assert day("platform:email").take(2) == 2
    assert AgendaNote.objects.filter(queue=QUEUE).exists()


def test_rel_33_the_step_of_a_new_sender_is_shown_and_nobody_is_told_of_it(shop, seasonal, mail_server, settings):
    settings.SENDS_FIRST_DAYS = [2, 4]
    write_to(seasonal, 3)
    work(LANE)
    letters = usage_of("letters")
    assert (letters.words, letters.is_step) == ("2 of 2", True)
    assert work_quotas(shop.pk, now()) is None
    assert not Notice.objects.exists()
