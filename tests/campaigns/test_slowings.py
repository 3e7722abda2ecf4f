"""What slows letters down stands on the page of the provider: since when, and the one thing to do."""

from datetime import timedelta
from html import unescape

import pytest
from django.core.management import call_command
from django.test import Client

from campaigns.gateways.base import Outcome, Verdict
from campaigns.models import DailySends, Message, SenderDomain
from campaigns.queries.accounts import account_for
from campaigns.queries.receiver_groups import GOOGLE, GROUPS
from campaigns.services.account_suspensions import suspend_account
from campaigns.services.delivery_breaker import breaker_of
from campaigns.services.delivery_limits_buckets import Bucket, paces_of, slow_down
from campaigns.services.enrollments import enroll_contacts
from ecosystem.base.clock import now
from ecosystem.base.ids import uuid7
from ecosystem.days import business_day
from ecosystem.models import BusinessProfile
from ecosystem.services.sending import pause_sending
from tests.factories.campaigns import make_friend, make_sequence, work
from tests.factories.ecosystem import sign_in
from tests.factories.mail import connect_provider
from tests.factories.permission import owner_of
from tests.mail_api import MailApi
from tests.statements import statements_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def nora(shop) -> Client:
    return sign_in(Client(), owner_of(shop).user)


@pytest.fixture
def url(shop) -> str:
    return f"/b/{shop.slug}/settings/mail/"


def page(client: Client, url: str) -> str:
    return unescape(client.get(url).content.decode())


def test_nothing_slows_at_first(nora, url):
    assert "Nothing. They leave as fast as they are taken." in page(nora, url)


def test_a_refused_key_is_said_with_its_day_and_the_one_thing_to_do(shop, nora, url):
    connect_provider("brevo")
    suspend_account(account_for("email"), words="Key not found")
    shown = page(nora, url)
    assert "Brevo does not let us in any more" in shown
    assert "Since " in shown
    assert f"{url}connect/brevo/" in shown
    assert "Key not found" in shown


def test_a_domain_without_proof_holds_an_own_provider_up(shop, nora, url):
    connect_provider("brevo")
    SenderDomain.objects.update(good_until=None, lost_at=now() - timedelta(days=2))
    shown = page(nora, url)
    assert "Your domain is not proved, and your provider sends from no other." in shown
    assert f"{url}domain/" in shown


def test_a_provider_in_trouble_and_one_that_asked_for_a_rest_are_said(shop, nora, url):
    connect_provider("brevo")
    breaker = breaker_of(account_for("email").key)
    breaker.hear([Outcome(uuid7(), Verdict.PERHAPS, 500, "x", is_fault=True)] * 5)
    assert "We knock again in" in page(nora, url)
    breaker.hear([Outcome(uuid7(), Verdict.REFUSED_TEMPORARY, 429, "x", retry_after_seconds=1800)])
    assert "The provider asked for a rest until" in page(nora, url)


def test_receivers_that_asked_for_less_are_named_with_what_they_get(shop, nora, url):
    account = connect_provider("brevo")
    key = account_for("email").key
    assert key.endswith(str(account.id))
    slow_down(Bucket(f"bucket:receivers:{key}:{GOOGLE}", 10.0))
    share, since = paces_of(key, GROUPS)[GOOGLE]
    assert (share, abs((now() - since).total_seconds()) < 60) == (0.5, True)
    shown = page(nora, url)
    assert "Gmail asked for fewer letters and gets 50 in 100 of the usual pace" in shown
    assert "Outlook" not in shown


def full(account_key: str, count: int) -> None:
    profile = BusinessProfile.objects.get()
    today = business_day(now(), profile.timezone).today
    DailySends.objects.create(account_key=account_key, sent_on=today, count=count, full_at=now())


def test_a_full_day_says_how_many_went_and_where_the_measure_is_changed(shop, nora, url):
    connect_provider("brevo", per_day=300)
    full(account_for("email").key, 300)
    shown = page(nora, url)
    assert "300 letters went today, the most that go in a day." in shown
    assert "Change the most of a day" in shown


def test_a_day_that_is_full_for_want_of_records_says_so(shop, nora, url):
    connect_provider("brevo")
    SenderDomain.objects.update(found={"owner": "yes", "spf": "yes", "dkim": "no", "dmarc": "no"})
    full(account_for("email").key, 5_000)
    assert "Set all records to send more" in page(nora, url)


def test_a_stop_of_the_business_and_of_all_stand_first(shop, nora, url):
    pause_sending(reason="Too many came back.", actor=None, now=now())
    call_command("stop_sending", reason="We look into a leak.")
    shown = page(nora, url)
    assert shown.index("We look into a leak.") < shown.rindex("Too many came back.")
    assert "See why, and go on" in shown


def test_all_of_it_costs_no_more_than_eight_statements(shop, nora, url, settings, seasonal):
    api = MailApi()
    settings.MAIL_PROVIDER_URLS = api.urls
    connect_provider("brevo", per_day=1)
    enroll_contacts(make_sequence(seasonal), [make_friend(seasonal, n).id for n in range(3)], source="staff")
    work()
    assert sorted(Message.objects.values_list("state", flat=True)) == ["accepted", "queued", "queued"]
    assert "1 letter went today" in page(nora, url)
    assert len(statements_of(nora, url)) <= 8
    api.stop()
