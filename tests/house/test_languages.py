"""What customers read is there in every language that a business may choose: whole, with every name in its place."""

import re
from collections.abc import Iterator
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation.template import templatize

from ecosystem.management.commands.compile_languages import compiled

LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]
# Every message of these is read by customers.
READ_BY_CUSTOMERS = [
    "templates/campaigns/public/*.html",
    "templates/public.html",
    "templates/ecosystem/legal_texts/public.html",
    "templates/emails/footer.*",
    "templates/contacts/data/copy.html",
    "templates/contacts/data/_what_stays.html",
    "templates/partials/f*.html",
    "templates/partials/mark.html",
    "templates/partials/pager.html",
    "campaigns/forms/public_signups.py",
    "campaigns/views/public_*.py",
    "campaigns/rendering/system_letters.py",
    "campaigns/queries/own_hours.py",
    "campaigns/queries/preferences.py",
    "campaigns/queries/sent.py",
    "campaigns/services/own_hours.py",
    "campaigns/services/preferences.py",
    "campaigns/legal_starters.py",
    "*/personal_tables.py",
    "contacts/models/consent.py",
    "contacts/models/interactions.py",
    "contacts/queries/consent.py",
    "contacts/services/data_copies.py",
    "ecosystem/models/legal_texts.py",
    "ecosystem/queries/legal_texts.py",
    "ecosystem/privacy.py",
    "ecosystem/base/addresses.py",
    "ecosystem/forms/plain_words.py",
]
# Of these only what customers come to read.
READ_IN_PART = [
    "templates/base.html",
    "templates/partials/toast.html",
    "campaigns/rendering/merge_tags.py",
    "campaigns/rendering/texts.py",
    "campaigns/services/rendering.py",
    "campaigns/services/signups.py",
    "campaigns/services/text_signups.py",
    "contacts/queries/data_requests.py",
    "contacts/services/data_requests.py",
]
SAID_BY = {"gettext": None, "_": None, "gettext_lazy": None, "ngettext": (1, 2)}
PLACES = re.compile(r"%\(\w+\)[sd]|{{.*?}}|{%.*?%}|\b(?:YES|STOP|HELP|START)\b")


def messages_of(patterns: list[str]) -> set[str]:
    """Every message of some files; of one and many the one."""
    return {
        message[0] if isinstance(message, tuple) else message
        for pattern in patterns
        for path in Path(settings.BASE_DIR).glob(pattern)
        for message in _messages(path)
    }


def _messages(path: Path) -> Iterator[str | tuple[str, ...]]:
    source = path.read_text()
    if path.suffix != ".py":
        source = f"(\n{templatize(source)}\n)"
    for _line, _said_by, message, _comments in extract_python(BytesIO(source.encode()), list(SAID_BY), [], {}):
        if message:
            yield message


def catalog_of(language: str) -> Catalog:
    """The translations of a language, as they are written."""
    with Path(settings.BASE_DIR, "locale", language, "LC_MESSAGES/django.po").open("rb") as words:
        return read_po(words)


def written(language: str) -> dict[str, list[str]]:
    """Each message with its translations: one, or the one and the many."""
    found = [message for message in catalog_of(language) if message.id]
    return {
        (one.id[0] if isinstance(one.id, tuple) else one.id): list(
            one.string if isinstance(one.string, tuple) else [one.string]
        )
        for one in found
        if not one.fuzzy
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_that_customers_read_is_translated(language):
    needed = messages_of(READ_BY_CUSTOMERS)
    assert len(needed) > 150
    assert sorted(needed - {said for said, words in written(language).items() if all(words)}) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_translated_that_nobody_says(language):
    assert sorted(written(language).keys() - messages_of([*READ_BY_CUSTOMERS, *READ_IN_PART])) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_and_the_words_that_machines_read_stay_in_every_translation(language):
    for said, words in written(language).items():
        for word in words:
            if len(words) == 1:
                assert sorted(PLACES.findall(word)) == sorted(PLACES.findall(said)), said


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_django_reads_was_made_of_what_is_written(language):
    source = Path(settings.BASE_DIR, "locale", language, "LC_MESSAGES/django.po")
    with source.with_suffix(".mo").open("rb") as kept:
        there = GNUTranslations(kept)._catalog
    fresh = GNUTranslations(BytesIO(compiled(source)))._catalog
    assert {key: words for key, words in there.items() if key} == {key: words for key, words in fresh.items() if key}
