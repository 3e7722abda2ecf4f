"""Pace and quiet hours as their readers see them: the rules, what was held back, and what waits for one person."""

from django.urls import reverse

from campaigns.models import ChannelRule, Message
from campaigns.services.enrollments import enroll_contacts
from ecosystem.base.tenancy import business_scope
from ecosystem.models import BusinessProfile
from tests.factories.campaigns import make_friend, make_sequence, pass_time, work
from tests.factories.permission import make_topic
from tests.smtp_server import SmtpServer

PHONE_AND_DESK = (1440, 320)


def test_every_page_that_tells_of_pace_looks_right(looks_right, nora, bakery, settings):
    server = SmtpServer()
    settings.EMAIL_URL = server.url
    with business_scope(bakery, nora):
        BusinessProfile.objects.update(sender_email="hello@example.com", postal_address="12 Mill Lane, Marlow Bend")
        topic = make_topic("Offers", promised_count=1, promised_days=7)
        sequence = make_sequence(topic, letters=2, wait=60)
        friend = make_friend(topic)
        enroll_contacts(sequence, [friend.id], source="staff")
        letter = sequence.versions.get().steps.get(position=2)
    work("sequence")
    with business_scope(bakery, nora):
        pass_time(61)
    work("sequence")
    server.stop()
    with business_scope(bakery, nora):
        assert Message.objects.get(state="deferred").held_by == "promise"
    kwargs = {"slug": bakery.slug}
    detail = reverse("campaigns:sequence_detail", kwargs={**kwargs, "id": sequence.id})
    for path in (
        reverse("campaigns:channel_rules", kwargs=kwargs),
        f"{detail}?step={letter.step_key}",
        reverse("contacts:contact_detail", kwargs={**kwargs, "id": friend.id}),
    ):
        looks_right(nora, path, widths=PHONE_AND_DESK)


def test_the_owner_sets_quiet_hours_without_scripts(visit, nora, bakery):
    page = visit(nora, scripts=False).open(reverse("campaigns:channel_rules", kwargs={"slug": bakery.slug}))
    letters = page.get_by_role("region", name="Letters")
    letters.get_by_label("Only at certain hours").check()
    letters.get_by_label("From").select_option("18:00")
    letters.get_by_role("button", name="Save").click()
    assert "Choose a later end" in page.inner_text("main")
    page.get_by_role("region", name="Letters").get_by_label("From").select_option("08:30")
    page.get_by_role("region", name="Letters").get_by_role("button", name="Save").click()
    assert "Saved" in page.inner_text("body")
    with business_scope(bakery, nora):
        assert ChannelRule.objects.get().opens_minute == 510
