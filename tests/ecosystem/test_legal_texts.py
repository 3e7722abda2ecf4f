"""The privacy notice and the terms: begun from what is true, published as versions, linked, and named by each yes."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import SignupForm
from campaigns.services.rendering import sender_identity
from contacts.models import Consent
from ecosystem.base.errors import Conflict
from ecosystem.base.rich_text import page_html
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry, Business, BusinessProfile, LegalText
from ecosystem.queries.businesses import get_profile
from ecosystem.services.legal_texts import publish_legal_text
from tests.factories.ecosystem import membership_of
from tests.factories.permission import make_form, make_topic, send_form


@pytest.fixture
def url(bakery: Business) -> str:
    return reverse("ecosystem:privacy", kwargs={"slug": bakery.slug})


@pytest.fixture
def public(bakery: Business) -> str:
    return reverse("ecosystem:public_privacy", kwargs={"slug": bakery.slug})


def publish(bakery: Business, nora, body: str, *, kind: str = "privacy", after: int = 0) -> LegalText:
    with business_scope(bakery, nora):
        return publish_legal_text(kind, body, after=after, actor=membership_of(bakery, nora))


def open_form(bakery: Business) -> SignupForm:
    with business_scope(bakery):
        BusinessProfile.objects.update(sender_email="hello@example.com", postal_address="1 Mill Lane")
        return make_form(make_topic())


def test_it_begins_with_what_the_business_really_does(as_nora: Client, bakery: Business, url: str):
    with business_scope(bakery):
        make_topic(name="What is in season", promise="Two letters a month")
        BusinessProfile.objects.update(postal_address="1 Mill Lane\nBath", phone="+1 202 555 0143")
    page = as_nora.get(url).content.decode()
    for words in ("Oat &amp; Ember", "1 Mill Lane", "555 0143", "What is in season", "Two letters a month"):
        assert words in page
    assert "Nothing is public yet" in page


def test_what_is_published_is_read_by_everybody_and_linked_from_every_public_page(as_nora, bakery, url, public):
    form = open_form(bakery)
    join = f"/p/{bakery.slug}/join/{form.slug}/"
    assert Client().get(public).status_code == 404
    assert public not in Client().get(join).content.decode()
    answer = as_nora.post(url, {"body": "# Data\n\nWe **keep** little.", "after": 0, "do": "publish"})
    assert (answer.status_code, answer.headers["Location"]) == (302, url)
    page = Client().get(public).content.decode()
    assert "<h2>Data</h2>" in page
    assert "<strong>keep</strong>" in page
    assert public in Client().get(join).content.decode()
    with business_scope(bakery):
        assert sender_identity(get_profile()).values()["privacy.url"].endswith(public)
        assert AuditEntry.objects.filter(action="privacy_published").count() == 1


def test_a_letter_has_the_links_below_it(as_nora: Client, bakery: Business, nora):
    frame = reverse("ecosystem:brand_frame", kwargs={"slug": bakery.slug, "what": "letter"})
    assert "/terms/" not in as_nora.get(frame).content.decode()
    publish(bakery, nora, "Fair.", kind="terms")
    page = as_nora.get(frame).content.decode()
    assert re.search(rf'href="[^"]*/p/{bakery.slug}/terms/"[^>]*>Terms</a>', page)
    assert "/privacy/" not in page


def test_an_older_version_stays_to_be_read_and_says_that_it_is_one(bakery: Business, nora, public: str):
    publish(bakery, nora, "First words.")
    publish(bakery, nora, "Second words.", after=1)
    assert "Second words." in Client().get(public).content.decode()
    old = Client().get(f"{public}1/").content.decode()
    assert "First words." in old
    assert "This is an older version" in old
    assert [Client().get(f"{public}{number}/").status_code for number in (3, 99999999999)] == [404, 404]


def test_a_yes_names_the_version_that_stood_there(bakery: Business, nora):
    form = open_form(bakery)
    with business_scope(bakery):
        topic = form_topic(form)
    url = f"/p/{bakery.slug}/join/{form.slug}/"
    publish(bakery, nora, "First words.")
    publish(bakery, nora, "Second words.", after=1)
    assert send_form(url, topic, email="ana@example.com").status_code == 302
    with business_scope(bakery):
        wording = Consent.objects.get().wording
    assert wording.endswith("\nPrivacy notice: version 2")


def form_topic(form: SignupForm):
    from campaigns.queries.signups import boxes_of

    return boxes_of(form)[0].topic


def test_a_version_cannot_be_changed_not_even_by_us(bakery: Business, nora):
    from django.db import ProgrammingError, transaction

    text = publish(bakery, nora, "First words.")
    with business_scope(bakery), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        LegalText.objects.filter(pk=text.pk).update(body="other")


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](https://example.com/a.png)",
        '<img src=x onerror="alert(1)">',
        "[x](data:text/html,<script>1</script>)",
        '<p style="position:fixed">x</p>',
    ],
)
def test_sec_37_nothing_but_words_and_links_comes_through(evil: str):
    drawn = page_html(evil)
    assert not re.search(r"<(script|img|iframe|style)|<[^>]+ (on\w+|style|src)=|href=\"(javascript|data):", drawn)


def test_two_who_write_at_once_both_keep_their_words(as_nora: Client, bakery: Business, nora, url: str):
    publish(bakery, nora, "Theirs.")
    answer = as_nora.post(url, {"body": "Mine, typed long.", "after": 0, "do": "publish"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Mine, typed long." in page
    assert "Theirs." in page
    with pytest.raises(Conflict):
        publish(bakery, nora, "Late.", after=7)
    assert as_nora.post(url, {"body": "Mine, typed long.", "after": 1, "do": "publish"}).status_code == 302


def test_a_look_publishes_nothing_and_the_same_words_make_no_new_version(as_nora, bakery, nora, url, public):
    page = as_nora.post(url, {"body": "# Only a look", "after": 0, "do": "look"}).content.decode()
    assert "<h2>Only a look</h2>" in page
    assert Client().get(public).status_code == 404
    assert as_nora.post(url, {"body": " \n ", "after": 0, "do": "publish"}).status_code == 422
    assert publish(bakery, nora, "Words.").number == publish(bakery, nora, "Words.\r\n", after=1).number == 1


def test_staff_and_the_garage_next_door_publish_nothing(as_sam: Client, as_gus: Client, url: str, public: str):
    asked = {"body": "x", "after": 0}
    assert [client.post(url, asked).status_code for client in (as_sam, as_gus)] == [403, 404]
    assert Client().get(public).status_code == 404
