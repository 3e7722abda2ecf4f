"""The pages of sequences and of lists that are brought in, as their readers see them."""

import pytest
from django.urls import reverse

from campaigns.models import Message
from campaigns.services.enrollments import enroll_contacts
from contacts.models import Contact, Import
from contacts.services.import_slices import work_import
from contacts.services.imports import map_import, permit_import, start_import, upload_import
from ecosystem.base.tenancy import business_scope
from ecosystem.models import BusinessProfile
from tests.factories.campaigns import make_friend, make_sequence, work
from tests.factories.permission import make_topic
from tests.smtp_server import DROP_AFTER, SmtpServer, Trouble

PHONE_AND_DESK = (1440, 320)
LIST = b"Name,Email,Newsletter\nAna Ruiz,ana@example.com,yes\nBroken,x@@y,\n"


@pytest.fixture
def mail_server(settings):
    """The server that letters go to, which hangs up when told."""
    server = SmtpServer()
    settings.EMAIL_URL = server.url
    yield server
    server.stop()


def test_every_page_of_sequences_looks_right(looks_right, nora, bakery):
    with business_scope(bakery, nora):
        BusinessProfile.objects.update(sender_email="hello@example.com", postal_address="12 Mill Lane, Marlow Bend")
        topic = make_topic("Starter letters")
        sequence = make_sequence(topic, letters=2)
        make_friend(topic)
        letter = sequence.versions.get().steps.get(position=0)
    work("maintenance", "sequence")
    kwargs = {"slug": bakery.slug}
    at = {**kwargs, "id": sequence.id}
    detail = reverse("campaigns:sequence_detail", kwargs=at)
    sent = reverse("campaigns:step_messages", kwargs={**at, "step_key": letter.step_key, "outcome": "sent"})
    for path in (
        reverse("campaigns:sequence_list", kwargs=kwargs),
        reverse("campaigns:sequence_add", kwargs=kwargs),
        detail,
        f"{detail}?step={letter.step_key}",
        reverse("campaigns:sequence_people", kwargs=at),
        sent,
    ):
        looks_right(nora, path, widths=PHONE_AND_DESK)


def test_the_page_of_what_is_not_known_looks_right(looks_right, nora, bakery, mail_server):
    with business_scope(bakery, nora):
        BusinessProfile.objects.update(sender_email="hello@example.com", postal_address="12 Mill Lane, Marlow Bend")
        topic = make_topic("Starter letters")
        sequence = make_sequence(topic)
        for number in range(3):
            make_friend(topic, number)
        mail_server.script("*", Trouble("dot", DROP_AFTER, times=2))
        enroll_contacts(sequence, list(Contact.objects.values_list("id", flat=True)), source="staff")
    work("maintenance", "sequence")
    at = {"slug": bakery.slug, "id": sequence.id}
    for name in ("unknown_list", "sequence_detail"):
        looks_right(nora, reverse(f"campaigns:{name}", kwargs=at), name=name, widths=(1440, 390, 320))


def test_somebody_decides_what_becomes_of_a_letter_in_doubt(visit, nora, bakery, mail_server):
    with business_scope(bakery, nora):
        BusinessProfile.objects.update(sender_email="hello@example.com", postal_address="12 Mill Lane, Marlow Bend")
        topic = make_topic("Starter letters")
        sequence = make_sequence(topic)
        friend = make_friend(topic)
        mail_server.script("*", Trouble("dot", DROP_AFTER, times=1))
        enroll_contacts(sequence, [friend.id], source="staff")
    work("maintenance", "sequence")
    page = visit(nora).open(reverse("campaigns:unknown_list", kwargs={"slug": bakery.slug, "id": sequence.id}))
    page.get_by_role("button", name="Give up", exact=True).click()
    question = page.get_by_role("dialog")
    assert "If it did not arrive, it never comes." in question.inner_text()
    question.get_by_role("button", name="Give up", exact=True).click()
    page.get_by_text("Nothing to decide").wait_for()
    with business_scope(bakery, nora):
        assert Message.objects.get(contact=friend).state == "lost"


def test_every_step_of_bringing_in_a_list_looks_right(looks_right, nora, bakery):
    with business_scope(bakery, nora):
        imported = upload_import(LIST, file_name="people.csv")
    kwargs = {"slug": bakery.slug, "id": imported.id}
    looks_right(nora, reverse("contacts:import_list", kwargs={"slug": bakery.slug}), widths=PHONE_AND_DESK)
    looks_right(nora, reverse("contacts:import_columns", kwargs=kwargs), widths=PHONE_AND_DESK)
    with business_scope(bakery, nora):
        map_import(imported.id, mapping=imported.mapping)
    looks_right(nora, reverse("contacts:import_permission", kwargs=kwargs), widths=PHONE_AND_DESK)
    with business_scope(bakery, nora):
        permit_import(imported.id, rule="none")
    looks_right(nora, reverse("contacts:import_check", kwargs=kwargs), widths=PHONE_AND_DESK)
    with business_scope(bakery, nora):
        job_id = start_import(imported.id).job_id
    looks_right(nora, reverse("contacts:import_detail", kwargs=kwargs), widths=PHONE_AND_DESK)
    work_import(bakery.id, job_id)
    looks_right(nora, reverse("contacts:import_detail", kwargs=kwargs), widths=PHONE_AND_DESK)


def test_a_list_is_brought_in_without_scripts(visit, nora, bakery):
    page = visit(nora, scripts=False, width=390).open(reverse("contacts:import_list", kwargs={"slug": bakery.slug}))
    page.get_by_label("Your list").set_input_files({"name": "people.csv", "mimeType": "text/csv", "buffer": LIST})
    page.get_by_role("button", name="Read the file").click()
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("No, or I am not sure.").check()
    page.get_by_role("button", name="Go on").click()
    page.get_by_text("Broken · x@@y").wait_for()
    page.get_by_role("button", name="Bring in 1 person").click()
    with business_scope(bakery, nora):
        job_id = Import.objects.get().job_id
    work_import(bakery.id, job_id)
    page.get_by_role("link", name="See how far it is").click()
    assert "They are in" in page.inner_text("main")


def test_an_empty_list_of_sequences_says_what_they_are_for(visit, nora, bakery):
    page = visit(nora).open(reverse("campaigns:sequence_list", kwargs={"slug": bakery.slug}))
    assert "Who would like to hear from you a little at a time?" in page.inner_text("main")
    page.get_by_role("link", name="Write the first one").click()
    assert "First say what people can say yes to" in page.inner_text("main")
