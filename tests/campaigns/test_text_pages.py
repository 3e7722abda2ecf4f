"""Pages of texts: written, counted, looked at, tried; answered, decided; who we are in them."""

from html import unescape

import pytest
from django.test import Client

from campaigns.models import Content, IncomingText, Message, TextSender
from campaigns.queries.eligibility import may_send
from ecosystem.base.access import Role
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from tests.factories.campaigns import make_letter, work
from tests.factories.ecosystem import sign_in
from tests.factories.permission import make_member, owner_of
from tests.factories.texts import ANA, BEN, hear, make_sender, make_text, make_text_friend, make_text_sequence
from tests.sms_server import SmsServer
from tests.statements import statements_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(settings):
    server = SmsServer()
    settings.SMS_URL = server.url
    yield server
    server.stop()


@pytest.fixture
def nora(shop) -> Client:
    """Nora's browser."""
    return sign_in(Client(), owner_of(shop).user)


@pytest.fixture
def at(shop):
    return lambda path: f"/b/{shop.slug}/{path}"


def page(client, url, status=200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, url
    return unescape(answer.content.decode())


def test_a_text_is_written_saved_counted_and_put_into_a_sequence(nora, at, seasonal, provider):
    make_sender()
    assert "A new text" in page(nora, at("letters/new-text/"))
    answer = nora.post(at("letters/new-text/"), {"name": "Rye", "text_body": "The “rye” is back."})
    content = Content.objects.get()
    assert (content.kind, content.text_body) == ("text", "The “rye” is back.")
    shown = page(nora, answer["Location"])
    assert "These signs make a part hold only 70 instead of 160: “ ”" in shown
    assert 'data-brand="Oat"' in shown
    body = "x" * 155
    nora.post(at(f"letters/{content.id}/"), {"name": "Rye", "text_body": body, "version": content.version})
    shown = page(nora, at(f"letters/{content.id}/"))
    assert "<dt>Each text</dt><dd>1 part</dd>" in shown
    assert "<dt>The first one about a topic</dt><dd>2 parts</dd>" in shown
    sequence = make_text_sequence(seasonal, Content.objects.get())
    assert "<small>Text</small>" in page(nora, at(f"sequences/{sequence.id}/"))
    assert body[:60] in page(nora, at("letters/"))


def test_what_cannot_be_sent_is_said_beside_the_field(nora, at, seasonal):
    answer = nora.post(at("letters/new-text/"), {"name": "Rye", "text_body": "Hi {{ contact.firstname }}"})
    assert answer.status_code == 422
    assert "contact.first_name" in answer.content.decode()
    assert Content.objects.count() == 0
    content = make_text("")
    assert "the text is still empty" in page(nora, at(f"letters/{content.id}/"))


def test_somebody_elses_change_meanwhile_is_not_written_over(nora, at, seasonal):
    content = make_text("Mine")
    Content.objects.update(text_body="Theirs", version=2)
    url = at(f"letters/{content.id}/")
    answer = nora.post(url, {"name": "Rye", "text_body": "Mine, better", "version": 1})
    assert answer.status_code == 409
    assert "Theirs" in answer.content.decode()
    assert Content.objects.get().text_body == "Theirs"


def test_a_text_is_looked_at_as_somebody_and_tried_on_ones_own_phone(nora, at, seasonal, provider):
    make_sender()
    content = make_text()
    shown = page(nora, at(f"letters/{content.id}/preview/?person=sample"))
    assert "Oat: Hi Ana, the rye is back." in shown
    assert "Reply HELP for help, STOP to end." in shown
    assert "Oat: Hi there, the rye is back." in page(nora, at(f"letters/{content.id}/preview/?person=nobody"))
    nora.post(at(f"letters/{content.id}/test/"), {"number": "202 555 0123", "person": "sample"})
    work()
    assert provider.texts_to(ANA)[0].startswith("Oat: Hi Ana, the rye is back.")
    nora.post(at(f"letters/{content.id}/test/"), {"number": "12", "person": "sample"})
    assert Message.objects.count() == 1


def test_a_letter_can_say_the_same_as_a_text(nora, at, seasonal, provider):
    content = make_letter(text_body="The rye is back.")
    assert '<h2 id="h-as-text">As a text</h2>' in page(nora, at(f"letters/{content.id}/preview/"))
    assert "What it costs" in page(nora, at(f"letters/{content.id}/"))
    sequence = make_text_sequence(seasonal, content)
    assert "Email or text, as they prefer" in page(nora, at(f"sequences/{sequence.id}/"))


def test_answers_are_listed_and_told_on_the_persons_page(nora, at, seasonal, provider):
    ana = make_text_friend(seasonal)
    assert "Nobody has texted yet" in page(nora, at("texts/"))
    hear("Is the <b>rye</b> back?")
    hear("Stop", BEN)
    shown = nora.get(at("texts/")).content.decode()
    assert "Is the &lt;b&gt;rye&lt;/b&gt; back?" in shown
    assert BEN in shown
    assert "Nobody you know" in shown
    timeline = page(nora, at(f"contacts/{ana.id}/"))
    assert "Texted us" in timeline
    assert "Is the <b>rye</b> back?" in timeline


def test_s3_somebody_decides_by_one_tap_and_nobody_of_another_business(nora, at, seasonal, garage, provider):
    ana = make_text_friend(seasonal)
    text = hear("no more of this please")
    assert "Did they mean stop?" in page(nora, at("texts/"))
    url = at(f"texts/{text.id}/decide/")
    gus = sign_in(Client(), owner_of(garage).user)
    assert gus.post(url, {"meant": "other"}).status_code == 404
    assert gus.post(f"/b/{garage.slug}/texts/{text.id}/decide/", {"meant": "other"}).status_code == 404
    assert IncomingText.objects.get().settled_at is None
    nora.post(url, {"meant": "other"})
    assert may_send(ana, channel="sms", topic=seasonal, message_class="marketing", now=now()).allowed
    assert "Did they mean stop?" not in page(nora, at("texts/"))


def test_name_number_and_links_are_kept_by_those_who_may(shop, nora, at):
    given = {"brand": "Oat", "number": "202-555-0109", "help_line": "hello@example.com"}
    links = {"terms_url": "https://example.com/terms", "privacy_url": "https://example.com/privacy"}
    assert "/t/" in page(nora, at("texts/settings/"))
    assert nora.post(at("texts/settings/"), {**given, **links}).status_code == 302
    sender = TextSender.objects.get()
    assert (sender.brand, sender.number, sender.terms_url) == ("Oat", "+12025550109", "https://example.com/terms")
    assert nora.post(at("texts/settings/"), {**given, "number": "1"}).status_code == 422
    assert nora.post(at("texts/settings/"), {**given, "terms_url": "javascript:x"}).status_code == 422
    sam = sign_in(Client(), make_member(shop, Role.STAFF).user)
    assert sam.post(at("texts/settings/"), given).status_code == 403
    with business_scope(shop):
        assert TextSender.objects.get().number == "+12025550109"


def test_the_list_of_texts_costs_the_same_for_3_as_for_30(nora, at, seasonal, provider):
    costs = []
    for start, end in ((0, 3), (3, 30)):
        for number in range(start, end):
            words = "no more" if number % 2 else "When do you open?"
            make_text_friend(seasonal, f"+1202555{100 + number:04}", f"P{number}")
            hear(words, f"+1202555{100 + number:04}")
        costs.append(len(statements_of(nora, at("texts/"))))
    # The sender's pause, the texts, those to decide about, and what every page asks.
    assert costs[0] == costs[1] <= 8
