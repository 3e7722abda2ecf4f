"""S10: a text is counted as the provider counts it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.rendering.segments import BASIC, EXTENSION, count_segments, longest_of

BASICS = st.text(alphabet=sorted(BASIC), max_size=700)
GSM_TEXTS = st.text(alphabet=sorted(BASIC | EXTENSION), max_size=700)


@pytest.mark.parametrize(
    ("text", "alphabet", "units", "parts"),
    [
        ("", "gsm", 0, 0),
        ("a" * 160, "gsm", 160, 1),
        ("a" * 161, "gsm", 161, 2),
        ("a" * 306, "gsm", 306, 2),
        ("a" * 307, "gsm", 307, 3),
        ("€" * 80, "gsm", 160, 1),
        ("€" * 81, "gsm", 162, 2),
        ("á", "ucs", 1, 1),
        ("ж" * 70, "ucs", 70, 1),
        ("ж" * 71, "ucs", 71, 2),
        ("ж" * 134, "ucs", 134, 2),
        ("ж" * 135, "ucs", 135, 3),
        ("🍞" * 35, "ucs", 70, 1),
        ("🍞" * 36, "ucs", 72, 2),
        ("a" * 69 + "🍞", "ucs", 71, 2),
        ("Ä\n^{}\\[~]|€\f", "gsm", 22, 1),
    ],
)
def test_s10_the_limits_of_both_alphabets(text, alphabet, units, parts):
    """CAMPAIGNS 2c S10."""
    counted = count_segments(text)
    assert (counted.alphabet, counted.units, counted.parts) == (alphabet, units, parts)


def test_s10_case_42_an_extension_character_at_place_153_goes_whole_into_the_next_part():
    """152 and two halves of a euro sign do not fit into 153: the first part stays one short."""
    split = "a" * 152 + "€" + "a" * 151
    assert count_segments(split).units == 305
    assert count_segments(split).parts == 2
    assert count_segments(split + "a").units == 306
    assert count_segments(split + "a").parts == 3
    assert count_segments("a" * 151 + "€" + "a" * 153).parts == 2


def test_s10_case_42_an_emoji_at_the_end_of_a_part_is_not_cut_in_half():
    """CAMPAIGNS 4m case 42."""
    assert count_segments("ж" * 66 + "🍞" + "ж" * 65).parts == 2
    assert count_segments("ж" * 66 + "🍞" + "ж" * 66).parts == 3


def test_s10_a_toll_free_number_has_a_longer_header():
    assert count_segments("a" * 305).parts == 2
    assert count_segments("a" * 305, is_toll_free=True).parts == 3
    assert count_segments("ж" * 133, is_toll_free=True).parts == 3


def test_s10_case_42_merge_fields_are_counted_on_the_longest_copy():
    """CAMPAIGNS 4m case 42."""
    copies = ["a" * 150 + name for name in ("Ana", "Maximiliane-Charlotte", "Bo")]
    assert [count_segments(copy).parts for copy in copies] == [1, 2, 1]
    assert longest_of(copies).parts == 2
    assert longest_of([]).parts == 0


def test_s10_what_makes_a_text_dear_is_named_once():
    assert count_segments("“Bread”, “cake” – ok").odd_characters == ("“", "”", "–")


@given(BASICS)
def test_s10_basic_characters_cost_one_each(text):
    counted = count_segments(text)
    assert counted.units == len(text)
    assert counted.parts == (math.ceil(len(text) / 153) if len(text) > 160 else min(1, len(text)))


@given(GSM_TEXTS)
def test_s10_parts_hold_the_text_and_no_more_than_they_need(text):
    """Cut greedily by hand, a part at a time."""
    counted = count_segments(text)
    assert counted.units == sum(2 if letter in EXTENSION else 1 for letter in text)
    if counted.units <= 160:
        return
    parts, room = 1, 153
    for letter in text:
        size = 2 if letter in EXTENSION else 1
        if size > room:
            parts, room = parts + 1, 153
        room -= size
    assert (counted.parts, counted.left) == (parts, room)
    assert math.ceil(counted.units / 153) <= counted.parts <= math.ceil(counted.units / 152)


@given(st.text(min_size=1, max_size=400).map(lambda text: text + "ж"))
def test_s10_ucs_2_is_counted_in_code_units(text):
    counted = count_segments(text)
    assert counted.alphabet == "ucs"
    assert counted.units == len(text.encode("utf-16-le", "surrogatepass")) // 2
    assert counted.parts >= math.ceil(counted.units / (70 if counted.units <= 70 else 67))


@given(st.text(max_size=300), st.characters())
def test_s10_a_longer_text_is_never_cheaper(text, letter):
    assert count_segments(text + letter).parts >= count_segments(text).parts
