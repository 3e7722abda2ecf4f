"""Signed links: bound to purpose, business and time, and not to be forged."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from ecosystem.base.ids import uuid7
from ecosystem.base.links import (
    CONFIRM,
    LINK,
    PREFERENCES,
    PURPOSES,
    UNSUBSCRIBE,
    BadLink,
    MessageSigner,
    read_link,
    sign_link,
)

DAY = 86_400
FIRST = {"a": "a" * 40}
ROTATED = {"b": "b" * 40, "a": "a" * 40}
GONE = {"b": "b" * 40}


@examples(max_examples=60)
@given(st.sampled_from(sorted(PURPOSES)), st.integers(0, 2**63 - 1), st.binary(max_size=80))
def test_a_token_gives_back_what_was_signed(purpose, business_id, payload):
    found = read_link(purpose, sign_link(purpose, business_id, payload))
    assert (found.business_id, found.payload, found.is_of_message) == (business_id, payload, False)


@pytest.mark.parametrize("purpose", sorted(PURPOSES))
def test_a_token_works_for_no_other_purpose(purpose):
    token = sign_link(purpose, 7, b"payload")
    for other in PURPOSES.keys() - {purpose}:
        with pytest.raises(BadLink):
            read_link(other, token)


def test_the_three_tokens_of_a_message_are_bound_to_their_purposes():
    message_id = uuid7()
    tokens = MessageSigner(7).tokens(message_id)
    purposes = {LINK: tokens.link, UNSUBSCRIBE: tokens.unsubscribe, PREFERENCES: tokens.preferences}
    for purpose, token in purposes.items():
        found = read_link(purpose, token)
        assert (found.business_id, found.uuid, found.is_of_message) == (7, message_id, True)
        for other in purposes.keys() - {purpose}:
            with pytest.raises(BadLink):
                read_link(other, token)


def test_the_tokens_of_a_message_are_the_same_every_time():
    message_id = uuid7()
    assert MessageSigner(7).tokens(message_id) == MessageSigner(7).tokens(message_id)
    assert MessageSigner(8).tokens(message_id) != MessageSigner(7).tokens(message_id)


@examples(max_examples=60)
@given(st.data())
def test_no_changed_letter_is_accepted(data):
    token = sign_link(CONFIRM, 12, b"0123456789abcdef", issued_at=1_800_000_000)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("ABCXYZabcxyz0189-_.~=/é "))
    changed = token[:place] + letter + token[place + 1 :]
    if changed != token:
        with pytest.raises(BadLink):
            read_link(CONFIRM, changed, now=1_800_000_000)


@examples(max_examples=60)
@given(st.text(max_size=200))
def test_any_text_is_either_ours_or_a_bad_link(text):
    with pytest.raises(BadLink):
        read_link(LINK, text)


@pytest.mark.parametrize(("purpose", "days"), [(CONFIRM, 7), (PREFERENCES, 90)])
def test_a_token_ends_with_its_time(purpose, days):
    token = sign_link(purpose, 1, b"x", issued_at=1_000_000)
    assert read_link(purpose, token, now=1_000_000 + days * DAY).payload == b"x"
    with pytest.raises(BadLink) as ended:
        read_link(purpose, token, now=1_000_001 + days * DAY)
    assert ended.value.is_expired


def test_unsubscribing_works_for_ever():
    token = sign_link(UNSUBSCRIBE, 1, b"x", issued_at=1_000_000)
    assert read_link(UNSUBSCRIBE, token, now=1_000_000 + 40 * 365 * DAY).payload == b"x"


def test_keys_rotate_with_overlap(settings):
    message_id = uuid7()
    settings.PUBLIC_TOKEN_KEYS = FIRST
    old, old_unsubscribe = sign_link(LINK, 3, b"x"), MessageSigner(3).tokens(message_id).unsubscribe
    settings.PUBLIC_TOKEN_KEYS = ROTATED
    assert read_link(LINK, old).payload == b"x"
    assert read_link(UNSUBSCRIBE, old_unsubscribe).uuid == message_id
    new = sign_link(LINK, 3, b"x")
    settings.PUBLIC_TOKEN_KEYS = GONE
    assert read_link(LINK, new).payload == b"x"
    with pytest.raises(BadLink):
        read_link(LINK, old)


def test_a_tag_has_more_than_128_bits():
    token = sign_link(LINK, 1, b"")
    assert len(token) >= 24 + 8
    assert len(token[-24:]) * 6 == 144


def test_a_payload_that_is_no_id_is_a_bad_link():
    with pytest.raises(BadLink):
        _ = read_link(LINK, sign_link(LINK, 1, b"short")).uuid
    assert read_link(LINK, sign_link(LINK, 1, UUID(int=5).bytes)).uuid == UUID(int=5)
