"""The bar at the foot of a phone says where somebody is, also on pages that have no tab of their own."""

import re

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db


def marked(client, slug, name):
    """What the bar marks on a page: the words and how."""
    page = client.get(reverse(name, kwargs={"slug": slug}), follow=True).content.decode()
    bar = page.split('<nav class="tabbar"')[1].split("</nav>")[0]
    found = re.findall(r'<(?:a|button)[^>]*aria-current="(\w+)"[^>]*>(.*?)</(?:a|button)>', bar, re.DOTALL)
    return [(re.sub(r"<[^>]+>", "", words).strip(), how) for how, words in found]


@pytest.mark.parametrize(
    ("name", "tab"),
    [
        ("campaigns:sequence_list", ("Send", "page")),
        ("campaigns:content_list", ("Send", "true")),
        ("campaigns:signup_form_list", ("Send", "true")),
        ("contacts:topic_list", ("Send", "true")),
        ("campaigns:text_list", ("Send", "true")),
        ("campaigns:channel_rules", ("Send", "true")),
        ("ecosystem:sending", ("Send", "true")),
        ("contacts:contact_list", ("People", "page")),
        ("contacts:ladder", ("Ladder", "page")),
        ("contacts:organization_list", ("People", "true")),
        ("ecosystem:core_message", ("More", "true")),
        ("ecosystem:today", ("Today", "page")),
    ],
)
def test_one_tab_is_marked_on_every_page_of_the_menu(as_nora, bakery, name, tab):
    assert marked(as_nora, bakery.slug, name) == [tab]
