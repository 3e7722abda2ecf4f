"""What a letter is called where its person's timeline tells of it."""

import pytest
from django.template import Context, Template

from campaigns.names import called


@pytest.mark.parametrize(
    ("subject", "body", "name"),
    [
        ("Bread in winter", "Hello", "Bread in winter"),
        ("", "The rye is back", "The rye is back"),
        ("For {{ contact.first_name }}", "", "For …"),
        (
            'Good morning {{ contact.first_name | default: "friend" }}, the rye is back',
            "",
            "Good morning …, the rye is back",
        ),
        (
            "",
            "The rye is back, and so is the baker, {{ contact.first_name | default: 'friend' }}",
            "The rye is back, and so is the baker, …",
        ),
        ("{% if contact.first_name %}Hello {{ contact.first_name }}{% else %}Hello{% endif %}", "", "Hello …Hello"),
        ("", "", "a message of ours"),
        ("{% comment %}", "", "a message of ours"),
    ],
)
def test_no_reader_sees_how_a_name_is_filled_in(subject, body, name):
    assert called(subject, body) == name


def test_a_letter_without_words_of_its_own_is_told_of_by_something_else():
    page = Template("{% load letters %}{% firstof letter.version.subject|told name %}")
    assert page.render(Context({"letter": {"version": None}, "name": "Bread news"})) == "Bread news"
