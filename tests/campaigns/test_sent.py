"""What was sent to somebody, as they read it on their own page."""

import pytest

from campaigns.models import Message, TrackingEvent
from ecosystem.base.links import MessageSigner
from tests.campaigns.test_pressure import news
from tests.factories.campaigns import make_friend, work
from tests.factories.permission import make_topic

pytestmark = pytest.mark.django_db


@pytest.fixture
def topic(shop):
    return make_topic("Bread news", promised_count=31, promised_days=30)


@pytest.fixture
def ana(topic):
    return make_friend(topic)


def url_of(message: Message) -> str:
    return "/prefs/" + MessageSigner(message.business_id).tokens(message.id).preferences + "/sent"


@pytest.fixture
def letters(ana, topic, mail_server) -> list[Message]:
    made = [news(ana, topic, number, message_class="transactional") for number in range(25)]
    work()
    return made


def test_the_last_letters_are_listed_page_by_page(client, letters):
    page = client.get(url_of(letters[0])).content.decode()
    assert page.count("<b>News") == 20
    assert "<b>News 24</b>" in page
    assert "<b>News 4</b>" not in page
    older = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert client.get(url_of(letters[0]) + older).content.decode().count("<b>News") == 5


def test_a_letter_is_shown_word_for_word_and_reading_it_counts_nothing(client, letters):
    page = client.get(f"{url_of(letters[0])}/{letters[3].id}").content.decode()
    assert "our story" in page
    assert "https://example.com/story" in page
    assert "/l/" not in page
    assert "<img" not in page
    assert not TrackingEvent.objects.exists()


def test_somebody_elses_letter_is_not_shown(client, letters, topic, mail_server):
    other = make_friend(topic, 2)
    theirs = news(other, topic, 30)
    work()
    assert client.get(f"{url_of(letters[0])}/{theirs.id}").status_code == 404
    assert "News 30" not in client.get(url_of(letters[0])).content.decode()


def test_nothing_sent_yet_is_said(client, letters):
    Message.objects.update(state="cancelled")
    assert "Nothing yet" in client.get(url_of(letters[0])).content.decode()
