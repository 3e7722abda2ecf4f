"""The smallest parts of every page."""

import pytest
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.template.loader import render_to_string

from ecosystem.templatetags.design import bar_end, device, icon, initials, undo_url


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Ana Ruiz", "AR"), ("ana@example.com", "A"), ("Jean-Luc Petit", "JP"), ("  ", "?"), ("Łukasz", "Ł"), ("!", "?")],
)
def test_initials_of_a_name(name, letters):
    assert initials(name) == letters


def test_an_icon_is_hidden_from_a_screen_reader_and_escapes_what_it_is_given():
    assert icon("truck") == '<svg class="i" aria-hidden="true"><use href="/static/icons.svg#truck"/></svg>'
    assert "<script>" not in icon('"><script>')


@pytest.mark.parametrize(
    ("tags", "url"),
    [("undo:/b/oat/undo/", "/b/oat/undo/"), ("loud undo:/x/", "/x/"), ("", ""), ("loud", "")],
)
def test_a_toast_knows_where_its_undo_posts_to(tags, url):
    assert undo_url(Message(constants.SUCCESS, "Moved.", extra_tags=tags)) == url


@pytest.mark.parametrize(("value", "most", "end"), [(7, 11, "63.6"), (0, 5, "0.0"), (9, 5, "100.0"), (1, 0, "0.0")])
def test_a_bar_ends_where_its_share_does(value, most, end):
    assert bar_end(value, most) == end


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36",
            "Chrome on Linux",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/131.0 Safari/537.36 Edg/131.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("curl/8.0", "curl/8.0"),
    ],
)
def test_a_device_in_words(user_agent, words):
    assert device(user_agent) == words


def test_a_question_before_an_act_needs_no_script():
    words = {"id": "stop", "label": "Stop it", "title": "Stop for 412 people?", "action": "/stop/"}
    shown = render_to_string("cotton/confirm.html", words | {"slot": "Sure."})
    assert 'popovertarget="stop"' in shown
    assert '<form method="post" action="/stop/"' in shown
    assert "Stop for 412 people?" in shown
    assert "<script" not in shown
