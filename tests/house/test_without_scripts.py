"""What a team does with its lists, files, people, members and keys, in a browser in which no script runs."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from contacts.models import Contact, ImportProblem, PeopleExport, Tag
from contacts.services.bulk import BULK_JOB
from ecosystem.base.tenancy import business_scope
from ecosystem.models import ApiKey, Invitation, Job, Membership
from ecosystem.services.jobs import work_jobs
from tests.contacts.test_imports import make_topic
from tests.factories.contacts import make_contact
from tests.plain_browser import PlainBrowser

pytestmark = pytest.mark.django_db

LIST = b"Name,Email,Opted\nAna Ruiz,ana@example.com,yes\nBroken,x@@y,\n"


@pytest.fixture
def browser(nora, bakery) -> PlainBrowser:
    return PlainBrowser(nora)


def at(bakery, name: str, **kwargs) -> str:
    return reverse(name, kwargs={"slug": bakery.slug, **kwargs})


def work(bakery) -> None:
    """Let the workers do all long work that is open."""
    while True:
        with business_scope(bakery):
            job = Job.objects.filter(state__in=["waiting", "running"]).first()
        if job is None:
            return
        work_jobs(bakery.pk, job.created_at)


def test_a_list_is_brought_in_mended_and_taken_back(browser, bakery):
    browser.open(at(bakery, "contacts:import_list"))
    browser.press("Read the file", file=SimpleUploadedFile("people.csv", LIST))
    assert browser.url.endswith("/columns/")
    browser.press("Go on", column_2="")
    browser.press("Go on", rule="none", tags="Fair")
    assert "Rows that need mending" in browser.text
    browser.press("Bring in 1 person")
    assert "See how far it is" in browser.text
    work(bakery)
    browser.follow("See how far it is").follow("Mend the rows here")
    with business_scope(bakery):
        problem = ImportProblem.objects.get()
    browser.press("Check and bring in line 3", **{f"{problem.pk}-1": "bo@example.com"})
    assert "Line 3 is in." in browser.text
    with business_scope(bakery):
        brought = Contact.objects.filter(source=Contact.Source.IMPORT)
        assert set(brought.values_list("primary_email", flat=True)) == {"ana@example.com", "bo@example.com"}
        assert not ImportProblem.objects.exists()
    browser.follow("people.csv").press("Take this list back")
    work(bakery)
    browser.follow("See how far it is")
    assert "Taken back" in browser.text
    with business_scope(bakery):
        assert not Contact.objects.filter(source=Contact.Source.IMPORT, deleted_at=None).exists()


def test_a_long_list_is_looked_through_while_somebody_comes_back_to_the_page(browser, bakery):
    names = "".join(f"Ana {number},\n" for number in range(1_001))
    rows = f"Name,Email\n{names}Cy,cy@@example\n".encode()
    browser.open(at(bakery, "contacts:import_list")).press("Read the file", file=SimpleUploadedFile("long.csv", rows))
    browser.press("Go on").press("Go on")
    assert "Looked at 0 of 1,002 rows." in browser.text
    work(bakery)
    browser.follow("See how far it is")
    assert "Looked at" not in browser.text
    browser.press("Bring in 1,001 people")
    assert browser.url.startswith(at(bakery, "contacts:import_list"))


def test_a_list_is_put_away_before_it_comes_in(browser, bakery):
    with business_scope(bakery):
        make_topic()
    browser.open(at(bakery, "contacts:import_list")).press("Read the file", file=SimpleUploadedFile("a.csv", LIST))
    browser.press("Go on").press("Go on", rule="none").press("Put this list away")
    assert browser.url == at(bakery, "contacts:import_list")
    with business_scope(bakery):
        assert not Contact.objects.filter(source=Contact.Source.IMPORT).exists()


def test_people_are_taken_out_as_a_file(browser, bakery):
    make_contact(bakery)
    browser.open(at(bakery, "contacts:export_list")).press("Write the file", format="csv")
    work(bakery)
    browser.follow("See how far it is")
    assert "It is ready" in browser.text
    with business_scope(bakery):
        assert PeopleExport.objects.get().row_count == Contact.objects.count()


def test_ticked_people_are_tagged_moved_and_put_back(browser, bakery):
    people = [make_contact(bakery) for _number in range(3)]
    ticked = [str(one.pk) for one in people[:2]]
    page = at(bakery, "contacts:contact_list")
    browser.open(page).press("Put it on them", person=ticked, word="Wholesale")
    with business_scope(bakery):
        assert Tag.objects.get().name == "Wholesale"
        assert Contact.objects.filter(contact_tags__isnull=False).distinct().count() == 2
    browser.press("Undo")
    with business_scope(bakery):
        assert not Contact.objects.filter(contact_tags__isnull=False).exists()
        before = set(Contact.objects.values_list("stage", flat=True))
    assert "client" not in before
    browser.open(page).press("Clients", person=ticked)
    with business_scope(bakery):
        assert Contact.objects.filter(stage="client").count() == 2
        assert not Job.objects.filter(kind=BULK_JOB).exists()


def test_somebody_is_invited_changed_and_let_go(browser, bakery, sam):
    browser.open(at(bakery, "ecosystem:team")).follow("Invite somebody")
    browser.press("Send the invitation", email="bo@example.com", role="staff")
    browser.open(at(bakery, "ecosystem:team")).press("Send again bo@example.com")
    browser.open(at(bakery, "ecosystem:team")).press("Take back bo@example.com")
    with business_scope(bakery):
        assert not Invitation.objects.filter(revoked_at=None).exists()
        member = Membership.objects.get(user=sam)
    browser.open(at(bakery, "ecosystem:member_edit", membership_id=member.pk)).press("Save", role="helper")
    with business_scope(bakery):
        assert Membership.objects.get(user=sam).role == "helper"
    browser.open(at(bakery, "ecosystem:member_edit", membership_id=member.pk)).press("Yes, remove")
    with business_scope(bakery):
        assert not Membership.objects.filter(user=sam).exists()


def test_a_key_is_made_shown_once_and_ended(browser, bakery):
    browser.open(at(bakery, "ecosystem:api_key_list")).follow("Make a key")
    browser.press("Make the key", name="Till", scopes=["contacts:read", "signup_forms:read"])
    assert "lw_" in browser.text
    browser.open(at(bakery, "ecosystem:api_key_list")).press("Yes, end it")
    with business_scope(bakery):
        key = ApiKey.objects.get()
        assert (key.scopes, key.revoked_at is not None) == (["contacts:read", "signup_forms:read"], True)
