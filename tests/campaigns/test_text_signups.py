"""S1: the box for texts on an opt-in page, the one text that asks, and the YES."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from campaigns.models import Message, Signup, SignupForm, TextSignup
from campaigns.queries.eligibility import may_send
from campaigns.queries.settings_facts import writing_facts
from campaigns.queries.signups import confirm_url
from campaigns.services.signup_forms import FormWords, add_signup_form, publish_signup_form
from campaigns.services.signup_purge import work_purge
from contacts.models import Consent, ConsentEvidence, Contact
from contacts.services.suppression import suppress_address
from ecosystem.base.addresses import address_hashes
from ecosystem.base.clock import now
from ecosystem.queries.businesses import get_profile
from ecosystem.services.legal_texts import publish_legal_text
from tests.factories.campaigns import work
from tests.factories.ecosystem import sign_in
from tests.factories.permission import join_url, make_person, owner_of, send_form
from tests.factories.texts import ANA, BEN, hear, make_caller, make_sender, make_text_friend, say_yes_to_texts
from tests.sms_server import SmsServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(settings):
    server = SmsServer()
    settings.SMS_URL = server.url
    yield server
    server.stop()


@pytest.fixture
def form(shop, seasonal, provider):
    make_sender()
    promises = {"intro": "Bread", "promise_how_often": "Twice a month", "promise_no_abuse": "Never shared"}
    words = FormWords(headline="Warm bread", promise_how_to_leave="One tap", offers_texts=True, **promises)
    return publish_signup_form(add_signup_form(words, boxes={seasonal.id: "Bread news, by email"}))


@pytest.fixture
def url(shop, form):
    return join_url(shop, form)


def send(url, topic, *, letters=True, texts=True, **values):
    """The page as somebody fills it in."""
    given = {"phone": "(202) 555-0123", "texts": [str(topic.id)] if texts else [], **values}
    return send_form(url, *([topic] if letters else []), **given)


def allowed(person, topic, channel) -> bool:
    return may_send(person, channel=channel, topic=topic, message_class="marketing", now=now()).allowed


def test_s1_the_box_stands_alone_starts_empty_and_says_what_the_law_wants(url, seasonal):
    page = Client().get(url).content.decode()
    assert page.count('name="topics"') == page.count('name="texts"') == 1
    assert "checked" not in page
    words = ("recurring automated marketing messages from Oat", "Two letters a month", "Msg &amp; data rates may apply")
    words += ("Reply STOP to end, HELP for help", "Consent is not a condition of purchase")
    for part in (*words, "https://example.com/terms", "https://example.com/privacy"):
        assert part in page


def test_s1_a_yes_from_the_number_itself_is_kept_in_writing_with_the_disclosure(url, seasonal, provider):
    """CAMPAIGNS 2c S1: the disclosure is kept."""
    assert send(url, seasonal).status_code == 302
    asked = TextSignup.objects.get()
    assert Contact.objects.filter(membership=None).count() == 0
    work()
    [question] = provider.accepted
    assert question.text.startswith("Oat: Reply YES to get texts. Two letters a month. Msg & data rates may apply.")
    hear("Yes")
    person = Contact.objects.get(primary_phone=ANA)
    assert allowed(person, seasonal, "sms")
    consent = Consent.objects.filter(act="confirmed").get()
    assert (consent.basis, consent.channel, consent.request_id) == ("express_written", "sms", asked.id)
    assert "Consent is not a condition of purchase" in consent.wording
    evidence = ConsentEvidence.objects.get(consent=consent)
    assert (evidence.address, evidence.note, evidence.ip) == (ANA, "Yes", "127.0.0.1")
    assert person.stage == "prospect"
    work()
    assert provider.texts_to(ANA)[1].startswith("Oat: Thank you, you are in. Two letters a month.")


def test_s1_neither_yes_stands_for_the_other(shop, url, seasonal, provider):
    """The mailbox confirmed and the number silent: letters, no texts. And the other way round."""
    send(url, seasonal)
    Client().post("/c/" + confirm_url(shop.pk, Signup.objects.get().id).rpartition("/")[2])
    ana = Contact.objects.get(primary_email="ana@example.com")
    assert (allowed(ana, seasonal, "email"), ana.primary_phone) == (True, "")
    send(url, seasonal, email="ben@example.com", phone=BEN)
    hear("YES", BEN)
    ben = Contact.objects.get(primary_phone=BEN)
    assert (allowed(ben, seasonal, "sms"), ben.primary_email) == (True, "")
    hear("yes")
    ana.refresh_from_db()
    assert (allowed(ana, seasonal, "sms"), ana.primary_phone) == (True, ANA)


def test_who_says_yes_by_text_first_and_by_mail_later_is_one_person(shop, url, seasonal, provider):
    send(url, seasonal)
    hear("YES")
    Client().post("/c/" + confirm_url(shop.pk, Signup.objects.get().id).rpartition("/")[2])
    [person] = Contact.objects.filter(membership=None)
    assert (person.primary_phone, person.primary_email) == (ANA, "ana@example.com")
    assert allowed(person, seasonal, "sms")
    assert allowed(person, seasonal, "email")


def test_a_number_alone_is_enough_and_each_box_needs_what_it_is_for(url, seasonal, provider):
    assert send(url, seasonal, letters=False, email="").status_code == 302
    assert (Signup.objects.count(), TextSignup.objects.count()) == (0, 1)
    assert "Write the number" in send(url, seasonal, phone="").content.decode()
    assert "Write an email address" in send(url, seasonal, email="").content.decode()
    assert send(url, seasonal, phone="12").status_code == 422
    assert send(url, seasonal, letters=False, texts=False).status_code == 422
    assert TextSignup.objects.count() == 1
    assert Signup.objects.count() == 0


def test_a_script_is_offered_the_same_boxes_for_texts_and_its_yes_is_the_same(url, seasonal, provider):
    """Page, frame and program go the same way in: the words beside the box are kept with what it asks for."""
    shown = Client().get(f"{url}json/").json()
    [box] = shown["text_boxes"]
    assert (box["topic"], "Consent is not a condition of purchase" in box["wording"]) == (str(seasonal.id), True)
    token, ticked = shown["token"], [str(seasonal.id)]

    def post(**values):
        with time_machine.travel(now() + timedelta(seconds=5), tick=True):
            sent = {"token": token, "topics": [], "texts": ticked, "phone": "(202) 555-0123", **values}
            return Client().post(f"{url}json/", sent, content_type="application/json")

    assert post(phone="").json()["errors"]["phone"]
    assert post(phone=["x"]).status_code == post(texts="x", phone="12").status_code == 400
    assert TextSignup.objects.count() == 0
    assert (post().status_code, post().status_code) == (200, 200)
    asked = TextSignup.objects.get()
    assert (asked.number, asked.topics) == (ANA, [[str(seasonal.id), box["wording"]]])
    assert Message.objects.get().template == "text_confirm"
    assert Signup.objects.count() == 0


def test_a_script_is_offered_no_boxes_for_texts_where_the_page_has_none(url, form, seasonal, provider):
    SignupForm.objects.filter(id=form.id).update(offers_texts=False)
    shown = Client().get(f"{url}json/").json()
    assert shown["text_boxes"] == []
    sent = {"token": shown["token"], "email": "ana@example.com", "topics": [str(seasonal.id)], "phone": ANA}
    with time_machine.travel(now() + timedelta(seconds=5), tick=True):
        answer = Client().post(f"{url}json/", {**sent, "texts": sent["topics"]}, content_type="application/json")
    assert answer.status_code == 200
    assert (Signup.objects.count(), TextSignup.objects.count()) == (1, 0)


def test_a_stopped_number_is_not_asked_and_the_page_answers_the_same(url, seasonal, provider):
    suppress_address(channel="sms", hashes=address_hashes("sms", ANA), topic=None, reason="unsubscribed")
    stopped = send(url, seasonal, letters=False, email="")
    open_one = send(url, seasonal, letters=False, email="", phone=BEN)
    assert (stopped.status_code, stopped["Location"]) == (open_one.status_code, open_one["Location"])
    work()
    assert [sent.to for sent in provider.accepted] == [BEN]
    assert not Message.objects.filter(address=ANA).exists()
    hear("START")
    assert allowed(Contact.objects.get(primary_phone=ANA), seasonal, "sms")


def test_three_questions_a_day_reach_a_number(url, seasonal, provider):
    for _ in range(5):
        assert send(url, seasonal, letters=False, email="").status_code == 302
    assert Message.objects.count() == 3


def test_a_stop_instead_of_a_yes_ends_the_request(url, seasonal, provider):
    send(url, seasonal, letters=False, email="")
    hear("STOP")
    hear("YES")
    assert not Consent.objects.filter(act="confirmed").exists()
    assert TextSignup.objects.count() == 0


def test_a_yes_after_seven_days_comes_too_late_and_after_thirty_the_number_is_gone(shop, url, seasonal, provider):
    send(url, seasonal, letters=False, email="")
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=True):
        hear("YES")
    assert not Consent.objects.filter(act="confirmed").exists()
    work_purge(shop.pk, timezone.now() + timedelta(days=31))
    assert TextSignup.objects.count() == 0
    assert Message.objects.get(template="text_confirm").address == ""
    assert not ConsentEvidence.objects.filter(address=ANA).exists()
    assert Consent.objects.filter(act="requested", channel="sms").count() == 1


def test_without_the_links_or_a_provider_no_box_shows(shop, form, url, seasonal, settings):
    nora = sign_in(Client(), owner_of(shop).user)
    settings.SMS_URL = ""
    assert 'name="texts"' not in Client().get(url).content.decode()
    assert "No box for texts shows yet" in nora.get(f"/b/{shop.slug}/opt-in/{form.id}/").content.decode()
    send(url, seasonal)
    assert TextSignup.objects.count() == 0
    assert Signup.objects.count() == 1


def test_s1_what_was_published_here_stands_beside_the_box_and_its_version_with_the_yes(shop, seasonal, provider):
    make_sender(terms_url="", privacy_url="")
    promises = {"intro": "Bread", "promise_how_often": "Twice a month", "promise_no_abuse": "Never shared"}
    words = FormWords(headline="Warm bread", promise_how_to_leave="One tap", offers_texts=True, **promises)
    form = publish_signup_form(add_signup_form(words, boxes={seasonal.id: "Bread news, by email"}))
    url = join_url(shop, form)
    assert 'name="texts"' not in Client().get(url).content.decode()
    assert not writing_facts(get_profile()).texts_are_ready
    for kind in ("privacy", "terms"):
        publish_legal_text(kind, "Our words.", after=0, actor=owner_of(shop))
    assert writing_facts(get_profile()).texts_are_ready
    page = Client().get(url).content.decode()
    for kind in ("privacy", "terms"):
        assert f"/p/{shop.slug}/{kind}" in page.partition('name="texts"')[2]
    send(url, seasonal)
    work()
    hear("Yes")
    wording = Consent.objects.get(act="confirmed", channel="sms").wording
    assert wording.endswith("Privacy notice: version 1\nTerms: version 1")


# The person's page


@pytest.fixture
def nora(shop):
    return sign_in(Client(), owner_of(shop).user)


def test_s3_one_tap_on_the_persons_page_takes_texts_back(shop, nora, seasonal, provider):
    ana = make_text_friend(seasonal, email="ana@example.com")
    page = nora.get(f"/b/{shop.slug}/contacts/{ana.id}/cards/permission/").content.decode()
    assert "They want no texts at all" in page
    nora.post(f"/b/{shop.slug}/contacts/{ana.id}/permission/withdraw/", {"channel": "sms"})
    assert not allowed(ana, seasonal, "sms")
    assert (
        "They want no texts at all"
        not in nora.get(f"/b/{shop.slug}/contacts/{ana.id}/cards/permission/").content.decode()
    )


def test_s1_the_team_keeps_a_yes_in_writing_with_the_words_and_no_other(shop, nora, seasonal, provider):
    make_sender()
    ana = make_caller(ANA)
    say_yes_to_texts(ana, seasonal, basis="express")
    url = f"/b/{shop.slug}/contacts/{ana.id}/permission/{seasonal.id}/proof/?channel=sms"
    assert "Consent is not a condition of purchase" in nora.get(url).content.decode()
    given = {"said_on": (timezone.now() - timedelta(days=1)).date().isoformat(), "note": "Card 14"}
    assert nora.post(url, {**given, "source": "counter"}).status_code == 422
    assert not allowed(ana, seasonal, "sms")
    assert nora.post(url, {**given, "source": "paper"}).status_code == 302
    assert allowed(ana, seasonal, "sms")
    assert "Consent is not a condition of purchase" in Consent.objects.latest("id").wording


def test_mission_52_what_they_prefer_is_kept_on_their_page(shop, nora, seasonal, provider):
    ana = make_caller(ANA, email="ana@example.com")
    url = f"/b/{shop.slug}/contacts/{ana.id}/prefers/"
    nora.post(url, {"prefers": "sms"})
    ana.refresh_from_db()
    assert ana.preferred_channel == "sms"
    nora.post(url, {"prefers": "pigeon"})
    ana.refresh_from_db()
    assert ana.preferred_channel == "sms"
    assert make_person("ben@example.com").preferred_channel == ""
