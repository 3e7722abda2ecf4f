"""One spelling for an address, one kind sentence for what cannot be one, one hash that outlives it."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from ecosystem.base.addresses import (
    PLAIN_EMAIL,
    address_hash,
    address_hashes,
    fold,
    normalise_email,
    normalise_phone,
)
from ecosystem.base.errors import Invalid


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ana.Lima@Example.COM ", "ana.lima@example.com"),
        ("o'neill+bread@example.co.uk", "o'neill+bread@example.co.uk"),
        ("ana@bäckerei.example", "ana@xn--bckerei-5wa.example"),
    ],
)
def test_an_email_address_has_one_spelling(typed, kept):
    assert normalise_email(typed) == kept
    assert normalise_email(kept) == kept


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Write an email address."),
        ("ana.example.com", "has an @ in it"),
        ("ana@gmail", "Did you mean ana@gmail.com?"),
        ("ana@gmail.", "Did you mean ana@gmail.com?"),
        ("ana@oatandember", "looks cut short"),
        ("ana lima@example.com", "no spaces"),
        ("ana@example.com\r\nBcc: eve@example.com", "no spaces"),
        ("ana@exa..mple.com", "does not look right"),
        ("a" * 250 + "@example.com", "too long"),
    ],
)
def test_what_cannot_be_an_address_is_answered_kindly(typed, words):
    with pytest.raises(Invalid) as refused:
        normalise_email(typed)
    assert words in str(refused.value.message)
    assert refused.value.field == "email"


LETTERS = st.text("abxyz019._+-", min_size=1, max_size=12)
DOMAINS = st.lists(st.text("abxn019-", min_size=1, max_size=8), min_size=1, max_size=3).map(".".join)


@examples(max_examples=60)
@given(st.builds("{}@{}.{}".format, LETTERS, DOMAINS, st.sampled_from(["com", "de", "org", "uk", "zz", "c", "x1"])))
@example("ana@xn--a.com")
@example("ana@123.com")
@example("ana@ab--c.com")
def test_the_quick_way_takes_only_what_the_library_takes(address):
    if not PLAIN_EMAIL.fullmatch(address):
        return
    try:
        found = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as reason:
        pytest.fail(f"{address}: {reason}")
    assert normalise_email(address) == f"{found.local_part.lower()}@{found.ascii_domain}"


@pytest.mark.parametrize(
    ("typed", "region", "kept"),
    [("(415) 555-2671", "US", "+14155552671"), ("030 123456", "de", "+4930123456"), ("+44 20 7946 0018", "US", None)],
)
def test_a_phone_number_is_kept_as_e164(typed, region, kept):
    assert normalise_phone(typed, region) == (kept or "+442079460018")


@pytest.mark.parametrize("typed", ["", "bread", "555", "1" * 30, "+999 123456789"])
def test_what_cannot_be_a_phone_number_is_answered_kindly(typed):
    with pytest.raises(Invalid) as refused:
        normalise_phone(typed, "US")
    assert refused.value.field == "phone"


def test_a_hash_names_its_key_and_old_keys_are_still_looked_up(settings):
    settings.ADDRESS_HASH_KEYS = {"a": "a" * 40}
    old = address_hash("email", "ana@example.com")
    settings.ADDRESS_HASH_KEYS = {"b": "b" * 40, "a": "a" * 40}
    new = address_hash("email", "ana@example.com")
    assert new.startswith("b:")
    assert old.startswith("a:")
    assert address_hashes("email", "ana@example.com") == [new, old]
    assert address_hash("phone", "ana@example.com") != new


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Ångström  Ltd", "angstrom ltd"),
        ("Straße", "strasse"),
        ("Łódź", "lodz"),
        ("ÆSIR Øre", "aesir ore"),
        ("李", "李"),
    ],
)
def test_text_is_folded_for_searching(text, folded):
    assert fold(text) == folded


@examples(max_examples=60)
@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)
