"""Texts: counted while they are written, as the provider counts; their pages at every width."""

import pytest
from django.urls import reverse

from campaigns.models import Content, TextSender
from campaigns.rendering.segments import count_segments
from ecosystem.base.tenancy import business_scope
from tests.factories.permission import make_topic
from tests.factories.texts import hear, make_text, make_text_friend

WORDS = [
    "",
    "Bread",
    "a" * 155,
    "a" * 156,
    "a" * 147 + "€" + "a" * 151,
    "“Bread”",
    "🍞" * 33,
    "ж" * 61 + "🍞" + "ж" * 65,
]


@pytest.fixture
def text(bakery, settings) -> Content:
    settings.SMS_URL = "sms+http://acc:secret@127.0.0.1:9/"
    with business_scope(bakery):
        TextSender.objects.create(brand="Oat")
        make_text_friend(make_topic())
        hear("no more of this please")
        hear("Is the rye back?")
        return make_text("Hi {{ contact.first_name }}, the “rye” is back.")


def test_pages_of_texts_look_right(looks_right, nora, bakery, text):
    slug, one = {"slug": bakery.slug}, {"slug": bakery.slug, "id": text.pk}
    looks_right(nora, reverse("campaigns:text_list", kwargs=slug), name="text_list")
    looks_right(nora, reverse("campaigns:text_settings", kwargs=slug), name="text_settings", widths=(1440, 390))
    looks_right(nora, reverse("campaigns:content_edit", kwargs=one), name="text_edit")
    looks_right(nora, reverse("campaigns:content_preview", kwargs=one), name="text_preview", widths=(1440, 390))


def test_s10_the_browser_counts_as_we_do(visit, nora, bakery, text):
    visitor = visit(nora)
    page = visitor.open(reverse("campaigns:content_add_text", kwargs={"slug": bakery.slug}))
    shown = page.locator("[data-count]")
    for words in WORDS:
        page.fill("[name=text_body]", words)
        counted = count_segments(f"Oat: {words}" if words else "")
        if not counted.parts:
            assert shown.is_hidden()
            continue
        parts = "1 part" if counted.parts == 1 else f"{counted.parts} parts"
        assert page.inner_text("[data-count-parts]") == f"{parts}, {counted.left} signs left.", words
        odd = page.inner_text("[data-count-odd]")
        assert all(sign in odd for sign in counted.odd_characters), words
        assert bool(odd) == bool(counted.odd_characters)
    assert visitor.complaints == []
