"""What letters tell of their readers: the owner's page, and the reader's one tap."""

from django.urls import reverse

from campaigns.models import Message
from campaigns.services.enrollments import enroll_contact
from contacts.models import Contact
from ecosystem.base.links import MessageSigner
from ecosystem.base.tenancy import business_scope
from ecosystem.models import BusinessProfile
from tests.factories.campaigns import make_friend, make_sequence, work
from tests.factories.permission import make_topic
from tests.smtp_server import SmtpServer

PHONE_AND_DESK = (1440, 320)


def letter_to_somebody(bakery, nora, settings) -> Message:
    server = SmtpServer()
    settings.EMAIL_URL = server.url
    with business_scope(bakery, nora):
        sender = {"sender_name": "Oat & Ember", "sender_email": "hello@example.com"}
        BusinessProfile.objects.update(**sender, postal_address="12 Tulip Street, Marlow Bend")
        topic = make_topic()
        enroll_contact(make_sequence(topic), make_friend(topic), source="staff")
    work("sequence")
    server.stop()
    with business_scope(bakery, nora):
        return Message.objects.get()


def test_the_owner_chooses_and_the_reader_declines_without_scripts(visit, looks_right, nora, bakery, settings):
    path = reverse("campaigns:measuring", kwargs={"slug": bakery.slug})
    looks_right(nora, path, widths=PHONE_AND_DESK)
    page = visit(nora, scripts=False).open(path)
    page.get_by_label("See whether letters are opened").check()
    page.get_by_role("button", name="Save").click()
    assert "Saved" in page.inner_text("body")
    with business_scope(bakery, nora):
        assert BusinessProfile.objects.get().sees_opens
    letter = letter_to_somebody(bakery, nora, settings)
    preferences = f"/prefs/{MessageSigner(bakery.pk).tokens(letter.id).preferences}"
    looks_right(None, preferences, widths=PHONE_AND_DESK)
    reader = visit(None, scripts=False).open(preferences)
    reader.get_by_role("button", name="Do not look").click()
    assert "From this second nothing tells us what you open or follow." in reader.inner_text("main")
    with business_scope(bakery, nora):
        assert Contact.objects.get(pk=letter.contact_id).is_unmeasured
    reader.get_by_role("button", name="You may look again").click()
    with business_scope(bakery, nora):
        assert not Contact.objects.get(pk=letter.contact_id).is_unmeasured
