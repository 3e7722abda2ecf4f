"""Connecting a mail provider as an owner sees it: the pages in each state, and the way without scripts."""

import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse

from campaigns.models import ProviderAccount, SenderDomain
from campaigns.services.mail_trials import work_mail_trials
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import BusinessProfile
from tests.factories.mail import connect_provider
from tests.smtp_server import SmtpServer

PHONE_AND_DESK = (1440, 320)


@pytest.fixture
def at(bakery):
    return lambda name, **more: reverse(f"campaigns:{name}", kwargs={"slug": bakery.slug, **more})


def test_the_pages_look_right_in_every_state(looks_right, nora, bakery, at):
    looks_right(nora, at("mail_account"), name="empty", widths=PHONE_AND_DESK)
    looks_right(nora, at("mail_account_connect", provider="smtp"), widths=PHONE_AND_DESK)
    with business_scope(bakery, nora):
        BusinessProfile.objects.update(sender_email="nora@oat.example", postal_address="12 Mill Lane, Marlow Bend")
        SenderDomain.objects.create(
            domain="oat.example", token="t" * 32, look_at=now(), checked_at=now(), lost_at=now(), found={"owner": "no"}
        )
        account = connect_provider("resend", trial="refused", trial_trouble="sign_in", trial_words="401 no", per_day=9)
        account.sealed_candidate = account.sealed_address
        account.trial_at = now()
        account.save()
    for name in ("mail_account", "mail_account_events", "sender_domain"):
        looks_right(nora, at(name), name=name, widths=PHONE_AND_DESK)


def test_a_server_is_connected_without_scripts(visit, nora, bakery, at, settings):
    settings.MAY_REACH_THIS_MACHINE = True
    EmailAddress.objects.get_or_create(user=nora, email=nora.email, defaults={"verified": True, "primary": True})
    EmailAddress.objects.filter(user=nora).update(verified=True)
    server = SmtpServer(login=("nora", "secret"))
    page = visit(nora, scripts=False).open(at("mail_account_connect", provider="smtp"))
    page.get_by_label("Server", exact=True).fill("127.0.0.1")
    page.get_by_label("Encryption").select_option("plain")
    page.get_by_label("Port").fill(str(server.port))
    page.get_by_label("User").fill("nora")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Send me a test letter").click()
    assert "It waits for a worker" in page.inner_text("main")
    work_mail_trials(bakery.id, now())
    page.get_by_role("link", name="See how far it is").click()
    assert "The server refused the password" in page.inner_text("main")
    page.get_by_role("link", name="Put it right").click()
    assert page.get_by_label("Server", exact=True).input_value() == "127.0.0.1"
    page.get_by_label("Password").fill("secret")
    page.get_by_role("button", name="Send me a test letter").click()
    work_mail_trials(bakery.id, now())
    page.get_by_role("link", name="See how far it is").click()
    assert "Your letters go by Mail server (SMTP)" in page.inner_text("main")
    with business_scope(bakery, nora):
        assert ProviderAccount.objects.get().carries
    server.stop()
