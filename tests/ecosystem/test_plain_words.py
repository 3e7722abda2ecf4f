"""What is wrong with a field is said as we talk, wherever the framework has only its own words."""

import pytest
from django import forms

from ecosystem.forms.plain_words import sentences_of


class EveryField(forms.Form):
    """One field of each sort that can go wrong by itself."""

    words = forms.CharField(max_length=3)
    number = forms.IntegerField(min_value=1, max_value=9, required=False)
    address = forms.EmailField(required=False)
    day = forms.DateField(required=False)
    one = forms.ChoiceField(choices=[("a", "A")])
    needed_day = forms.DateField()
    own = forms.CharField(error_messages={"required": "Write its name."})


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("words", "", "Write something here: it is needed."),
        ("words", "abcd", "At most 3 letters fit here. These are 4."),
        ("words", "a\0", "There is a sign in it that cannot be kept. Type it anew."),
        ("number", "x", "Write a whole number."),
        ("number", "0", "Write 1 or more."),
        ("number", "10", "Write 9 or less."),
        ("address", "ana", "That does not look like an address. One reads like nora@example.com."),
        ("day", "soon", "Write a day, such as 2026-05-04."),
        ("one", "", "Choose one."),
        ("one", "b", "Choose one of the list."),
        ("needed_day", "", "Choose a day."),
        ("own", "", "Write its name."),
    ],
)
def test_every_fault_has_plain_words(field, value, sentence):
    form = EveryField({"words": "abc", "one": "a", "own": "x", field: value})
    assert sentences_of(form[field]) == [sentence]


def test_what_a_rule_said_stays_as_it_is():
    form = EveryField({"words": "abc", "one": "a", "own": "x"})
    form.is_valid()
    form.add_error("words", "100% of these are taken.")
    assert sentences_of(form["words"]) == ["100% of these are taken."]
