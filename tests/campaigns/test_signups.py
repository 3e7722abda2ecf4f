"""The opt-in page, the one letter, and the second yes."""

import re
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from campaigns.gateways.smtp import open_gateway
from campaigns.models import Message, Signup, SignupForm
from campaigns.queries.signups import confirm_url, form_rows
from campaigns.services.delivery import deliver
from campaigns.services.frame_sites import read_sites
from campaigns.services.signup_forms import FormWords, add_signup_form, edit_signup_form, publish_signup_form
from campaigns.services.signup_purge import purge_unconfirmed, work_purge
from campaigns.services.signups import ask_for_consent
from contacts.models import Consent, ConsentEvidence, ConsentState, Contact, ContactPoint, Stage, StageChange
from contacts.queries.consent import channel_hashes
from contacts.services.consent import withdraw_consent
from contacts.services.suppression import suppress_address
from ecosystem.base import clock
from ecosystem.base.addresses import address_hash
from ecosystem.base.errors import Conflict, Invalid, NotAllowed
from ecosystem.base.links import CONFIRM, PREFERENCES, sign_link
from ecosystem.base.tenancy import business_scope
from ecosystem.models import BusinessProfile
from tests.factories.ecosystem import sign_in
from tests.factories.permission import (
    join_url,
    make_business,
    make_form,
    make_person,
    make_topic,
    owner_of,
    say_yes,
    send_form,
    signups,
    time_token,
)

pytestmark = pytest.mark.django_db

ANA = "ana@example.com"


@pytest.fixture
def bakery():
    business = make_business()
    with business_scope(business):
        yield business


@pytest.fixture
def topic(bakery):
    return make_topic()


@pytest.fixture
def url(bakery, topic):
    return join_url(bakery, make_form(topic))


def asked(url, topic, **values) -> Signup:
    """A submission that waits for its confirmation."""
    send_form(url, topic, **values)
    return signups()[-1]


def path_of(signup) -> str:
    """The path of a submission's confirm link."""
    return "/c/" + confirm_url(signup.business_id, signup.id).rpartition("/")[2]


def nothing_happened() -> bool:
    """True when no submission, no letter, no contact and no ledger row exists beside the team's own."""
    others = Contact.objects.filter(membership=None).count()
    return (Signup.objects.count(), Message.objects.count(), others, Consent.objects.count()) == (0, 0, 0, 0)


# The page


def test_the_page_says_what_how_often_who_and_works_without_scripts(client, url):
    page = client.get(url).content.decode()
    for words in (
        "Keep your starter alive",
        "Five short letters from the people who bake at four.",
        "Five letters in two weeks, then nothing",
        "We never share your address",
        "Leave with one tap",
        "What is in season, by email",
        "Two letters a month",
        "12 Tulip Street",
    ):
        assert words in page
    # One script of ours, which only keeps the button from being pressed twice.
    assert re.findall("<script.*?>", page) == ['<script src="/static/js/sending.js" defer>']
    assert "csrf" not in client.cookies
    assert "sid" not in client.cookies


def test_c3_a_box_is_never_written_as_ticked(client, url, topic):
    assert "checked" not in client.get(url).content.decode()
    answer = send_form(url, topic, email="ana@", after=5)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "checked" not in page
    assert 'value="ana@"' in page


def test_wrong_input_is_told_kindly_and_what_was_typed_is_kept(url, topic):
    answer = send_form(url, topic, email="ana@gmial.com", given_name="Ana")
    assert answer.status_code == 302
    answer = send_form(url, email="hannah@weiss", given_name="Hannah")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "That address looks cut short." in page
    assert "Tick what you would like." in page
    assert 'value="Hannah"' in page
    assert len(signups()) == 1


def test_a_page_that_is_not_live_or_belongs_to_another_business_is_not_there(client, bakery, url, topic):
    draft = add_signup_form(FormWords(headline="Not yet"), boxes={topic.id: "x"})
    assert client.get(join_url(bakery, draft)).status_code == 404
    garage = make_business("Gus and Sons", "gus@example.com")
    assert client.get(url.replace(bakery.slug, garage.slug)).status_code == 404


# The request


def test_c5_a_request_makes_no_contact_and_plans_one_letter_without_advertising(url, topic):
    answer = send_form(url, topic)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{url}?sent")
    (signup,) = signups()
    message = Message.objects.get()
    assert (message.idem_key, message.template, message.message_class, message.lane) == (
        f"o:{signup.id}", "confirm_signup", "transactional", "transactional",
    )  # fmt: skip
    assert message.expires_at - message.created_at > timedelta(days=6, hours=23)
    assert set(message.merge) == {"given_name", "topics"}
    assert not Contact.objects.filter(primary_email=ANA).exists()
    row = Consent.objects.get()
    assert (row.act, row.contact_id, row.address_hash, row.wording) == (
        "requested", None, address_hash("email", ANA), "What is in season, by email\nTwo letters a month",
    )  # fmt: skip


def test_sec_51_the_answer_is_the_same_for_known_unknown_and_stopped_addresses(bakery, url, topic):
    say_yes(make_person("known@example.com", "Known"), topic)
    for reason in ("unsubscribed", "bounced", "complained"):
        hashes = channel_hashes("email", [f"{reason}@example.com"])
        suppress_address(channel="email", hashes=hashes, topic=None, reason=reason)
    answers = set()
    for name in ("unknown", "known", "unsubscribed", "bounced", "complained"):
        answer = send_form(url, topic, email=f"{name}@example.com")
        answers.add((answer.status_code, answer.headers["Location"], answer.content))
    assert len(answers) == 1
    written = set(Message.objects.filter(template="confirm_signup").values_list("address", flat=True))
    assert written == {"unknown@example.com", "known@example.com", "unsubscribed@example.com"}


def test_sec_53_a_machine_gets_the_normal_answer_and_causes_nothing(client, bakery, url, topic):
    other = make_form(topic, headline="Another page")
    foreign = time_token(client, join_url(bakery, other))
    normal = (302, f"{url}?sent")
    for values in (
        {"company_website": "https://spam.example.com"},
        {"token": ""},
        {"token": "forged"},
        {"token": foreign},
        {"token": sign_link(CONFIRM, bakery.id, b"0" * 32)},
    ):
        answer = send_form(url, topic, **values)
        assert (answer.status_code, answer.headers["Location"]) == normal, values
        assert nothing_happened(), values


def test_sec_53_a_page_that_lay_open_for_more_than_four_hours_is_asked_once_more(url, topic):
    answer = send_form(url, topic, after=4 * 3600 + 5)
    assert answer.status_code == 422
    assert "lay open for a while" in answer.content.decode()
    assert f'value="{ANA}"' in answer.content.decode()
    assert nothing_happened()


def test_sec_53_a_time_token_works_once(client, url, topic):
    token = time_token(client, url)
    assert send_form(url, topic, token=token).status_code == 302
    assert send_form(url, topic, token=token).status_code == 302
    assert send_form(url, topic, token=token, email="other@example.com").status_code == 422
    assert [signup.email for signup in signups()] == [ANA]
    assert Message.objects.count() == 1


def test_sec_52_one_address_gets_three_letters_a_day_whichever_businesses_ask(bakery, url, topic):
    garage = make_business("Gus and Sons", "gus@example.com")
    with business_scope(garage):
        other_topic = make_topic("Winter tyres")
        other_url = join_url(garage, make_form(other_topic))
    for _ in range(2):
        send_form(url, topic, email="victim@example.com")
        send_form(other_url, other_topic, email="Victim@Example.com")
    answer = send_form(url, topic, email="victim@example.com")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{url}?sent")
    letters = Message.objects.filter(address="victim@example.com").count()
    with business_scope(garage):
        letters += Message.objects.filter(address="victim@example.com").count()
    assert letters == 3
    send_form(url, topic, email="neighbour@example.com")
    assert Message.objects.filter(address="neighbour@example.com").count() == 1


def test_sec_53_one_visitor_sends_so_many_forms_an_hour_and_then_waits(url, topic, monkeypatch):
    monkeypatch.setattr("campaigns.services.intake.VISITOR_LIMIT", 2)
    answers = [send_form(url, topic, email=f"p{number}@example.com") for number in range(3)]
    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert int(answers[2].headers["Retry-After"]) > 3000
    assert 'value="p2@example.com"' in answers[2].content.decode()
    assert len(signups()) == 2


def test_sec_66_a_forged_forwarding_header_changes_no_evidence(url, topic):
    client = Client(headers={"X-Forwarded-For": "203.0.113.9", "User-Agent": "Firefox"})
    token = time_token(client, url)
    with time_machine.travel(timezone.now() + timedelta(seconds=5)):
        client.post(url, {"email": ANA, "token": token, "topics": [str(topic.id)]})
    evidence = ConsentEvidence.objects.get()
    assert (evidence.ip, evidence.user_agent, evidence.page) == ("127.0.0.1", "Firefox", url)


# The confirmation


def test_sec_24_opening_the_link_changes_nothing_however_often(client, url, topic):
    signup = asked(url, topic)
    for _ in range(5):
        assert client.get(path_of(signup)).status_code == 200
        assert client.head(path_of(signup)).status_code == 200
    signup.refresh_from_db()
    assert signup.state == "requested"
    assert not Contact.objects.filter(primary_email=ANA).exists()
    assert client.post(path_of(signup)).status_code == 200
    signup.refresh_from_db()
    assert signup.state == "confirmed"


def test_c5_confirming_makes_a_prospect_with_both_ledger_rows_and_a_receipt(client, url, topic):
    signup = asked(url, topic)
    page = client.post(path_of(signup), headers={"User-Agent": "Firefox"}).content.decode()
    assert "Thank you, Ana" in page
    ana = Contact.objects.get(primary_email=ANA)
    assert (ana.stage, ana.source, ana.given_name) == (Stage.PROSPECT, "signup", "Ana")
    assert StageChange.objects.filter(contact=ana).values_list("actor_kind", "reason").get() == (
        "rule", "Said yes on “Keep your starter alive” and confirmed it",
    )  # fmt: skip
    assert list(Consent.objects.order_by("id").values_list("act", "contact_id", "request_id")) == [
        ("requested", None, signup.id), ("confirmed", ana.id, signup.id),
    ]  # fmt: skip
    assert ConsentState.objects.get(contact=ana).state == "granted"
    assert ContactPoint.objects.get(contact=ana).verified_at is not None
    receipt = Message.objects.get(template="receipt")
    assert (receipt.idem_key, receipt.contact_id, receipt.merge["topics"][0]["promise"]) == (
        f"t:receipt:{signup.id}", ana.id, "Two letters a month.",
    )  # fmt: skip
    assert re.search(r'href="/prefs/[^"]+"', page)


def test_confirming_finds_a_suspect_by_their_address_and_moves_them_up(client, url, topic):
    ana = make_person("Ana@Example.com", "Anna")
    client.post(path_of(asked(url, topic)))
    ana.refresh_from_db()
    assert (ana.stage, ana.given_name) == (Stage.PROSPECT, "Anna")
    assert Contact.objects.filter(primary_email=ANA).count() == 1


def test_who_stands_higher_stays_there(client, url, topic):
    ana = make_person(ANA, stage=Stage.ADVOCATE)
    client.post(path_of(asked(url, topic)))
    ana.refresh_from_db()
    assert ana.stage == Stage.ADVOCATE


def test_only_what_was_ticked_is_a_yes(client, bakery, topic):
    offers = make_topic("Offers", "One a month")
    url = join_url(bakery, make_form(topic, offers))
    client.post(path_of(asked(url, offers)))
    assert list(ConsentState.objects.values_list("topic_id", flat=True)) == [offers.id]


def test_a_used_link_changes_nothing_also_when_they_have_left_since(client, url, topic):
    signup = asked(url, topic)
    client.post(path_of(signup))
    ana = Contact.objects.get(primary_email=ANA)
    withdraw_consent(ana, channel="email", topic=topic, source="link")
    rows = Consent.objects.count()
    for answer in (client.post(path_of(signup)), client.get(path_of(signup))):
        assert answer.status_code == 200
        assert "You said yes already" in answer.content.decode()
    assert ConsentState.objects.get(contact=ana).state == "withdrawn"
    assert Consent.objects.count() == rows


def test_sec_31_forged_foreign_and_old_links_get_a_kind_page_and_change_nothing(client, bakery, url, topic):
    signup = asked(url, topic)
    token = path_of(signup).removeprefix("/c/")
    wrong_purpose = sign_link(PREFERENCES, bakery.id, signup.id.bytes)
    for forged in (token[:-1] + ("A" if token[-1] != "A" else "B"), "x", wrong_purpose, token[5:]):
        answer = client.post(f"/c/{forged}")
        assert (answer.status_code, "Nothing has changed" in answer.content.decode()) == (404, True)
    garage = make_business("Gus and Sons", "gus@example.com")
    assert client.post("/c/" + sign_link(CONFIRM, garage.id, signup.id.bytes)).status_code == 410
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        assert client.post(path_of(signup)).status_code == 410
    signup.refresh_from_db()
    assert signup.state == "requested"
    assert not Contact.objects.filter(primary_email=ANA).exists()


@pytest.mark.parametrize("has_redis", [True, False])
def test_sec_55_a_scanner_that_follows_every_link_and_presses_the_button_confirms_nothing(
    client, url, topic, settings, has_redis
):
    signup = asked(url, topic)
    if not has_redis:
        cache = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
        settings.CACHES, settings.CACHE_URL = {"default": cache}, "redis://127.0.0.1:1/0"
    page = client.get(path_of(signup)).content.decode()
    for link in re.findall(r'href="(/c/[^"]+)"', page):
        client.get(link)
    assert client.post(path_of(signup)).status_code == 200
    signup.refresh_from_db()
    assert signup.state == "requested"


def test_a_persons_own_confirmed_yes_opens_a_stopped_address(client, url, topic):
    ana = make_person(ANA)
    withdraw_consent(ana, channel="email", topic=None, source="link")
    client.post(path_of(asked(url, topic)))
    assert ConsentState.objects.get(contact=ana, topic=topic).state == "granted"


def test_c6_an_unconfirmed_address_gets_nothing_but_the_one_letter(bakery, url, topic):
    asked(url, topic)
    assert list(Message.objects.values_list("template", flat=True)) == ["confirm_signup"]
    assert not ConsentState.objects.exists()
    assert not Contact.objects.filter(primary_email=ANA).exists()


def test_c5_after_30_days_nothing_is_left_of_who_never_confirmed_but_the_hash(bakery, url, topic):
    signup = asked(url, topic)
    assert purge_unconfirmed(now=timezone.now() + timedelta(days=29)) == 0
    later = timezone.now() + timedelta(days=31)
    with time_machine.travel(later):
        fresh = asked(url, topic, email="fresh@example.com")
    assert work_purge(bakery.id, later) == fresh.created_at + timedelta(days=30)
    assert signups() == [fresh]
    assert Consent.objects.filter(request_id=signup.id, address_hash=address_hash("email", ANA)).count() == 1
    assert not ConsentEvidence.objects.filter(address=ANA).exists()
    assert not Message.objects.filter(address=ANA).exists()


# Asking on behalf of the team


def test_the_team_asks_once_and_the_person_confirms(client, bakery, topic):
    ana, nora = make_person(ANA), owner_of(bakery)
    signup = ask_for_consent(ana, topic=topic, actor=nora)
    assert ConsentState.objects.get(contact=ana).state == "requested"
    with pytest.raises(Conflict):
        ask_for_consent(ana, topic=topic, actor=nora)
    assert Message.objects.count() == 1
    client.post(path_of(signup))
    assert ConsentState.objects.get(contact=ana).state == "granted"
    ana.refresh_from_db()
    assert ana.stage == Stage.PROSPECT


def test_sec_59_the_team_cannot_ask_who_said_no(bakery, topic):
    ana, nora = make_person(ANA), owner_of(bakery)
    say_yes(ana, topic)
    withdraw_consent(ana, channel="email", topic=topic, source="link")
    with pytest.raises(NotAllowed):
        ask_for_consent(ana, topic=topic, actor=nora)
    assert Message.objects.count() == 0


# Making a page


@pytest.mark.parametrize("promise", ["promise_how_often", "promise_no_abuse", "promise_how_to_leave", "intro"])
def test_mission_50_a_page_without_its_promises_is_not_published(bakery, topic, promise):
    with pytest.raises(Invalid) as refused:
        make_form(topic, headline="Half a page", **{promise: ""})
    assert refused.value.field == promise


@pytest.mark.parametrize("field", ["postal_address", "sender_email"])
def test_c1_a_page_without_sender_and_postal_address_is_not_published(bakery, topic, field):
    BusinessProfile.objects.update(**{field: ""})
    with pytest.raises(Invalid) as refused:
        make_form(topic)
    assert refused.value.field == ("sender" if field == "sender_email" else field)


def test_a_live_page_cannot_lose_a_promise(bakery, topic):
    form = make_form(topic)
    with pytest.raises(Invalid):
        edit_signup_form(form, FormWords(headline="New"), boxes={topic.id: "x"}, version=form.version)
    form.refresh_from_db()
    assert form.headline == "Keep your starter alive"


def test_nora_makes_a_page_looks_at_it_and_publishes_it(client, bakery, topic):
    client.force_login(owner_of(bakery).user)
    base = f"/b/{bakery.slug}/opt-in/"
    assert "Where may people say yes?" in client.get(base).content.decode()
    words = {
        "headline": "Keep your starter alive",
        "intro": "Five letters.",
        "promise_how_often": "Five in two weeks",
        "promise_no_abuse": "Never shared",
        "asks_name": "on",
        f"offer_{topic.id}": "on",
        f"words_{topic.id}": "Season letters, by email",
    }
    edit = client.post(base + "new/", words).headers["Location"]
    editor = client.get(edit).content.decode()
    assert "Say how they leave." in editor
    # What a page cannot go live without is not called optional; the thank-you may stay empty.
    assert re.findall(r"<label for=[^>]+>([^<]+) <span", editor.split("What they can say yes to")[0]) == [
        "Thank you",
        "Your sites that show it",
    ]
    assert client.post(edit + "publish/").status_code == 302
    client.post(edit, {**words, "promise_how_to_leave": "One tap", "version": "1"})
    preview = client.get(edit + "preview/").content.decode()
    assert "This is how visitors see the page" in preview
    assert f'href="{edit}"' in preview
    client.post(edit + "publish/")
    page = Client().get(f"/p/{bakery.slug}/join/keep-your-starter-alive/")
    assert "Season letters, by email" in page.content.decode()
    (row,) = form_rows()
    assert (row.shown, row.asked, row.confirmed) == (1, 0, 0)


def test_without_a_topic_the_page_leads_to_making_one(client, bakery):
    client.force_login(owner_of(bakery).user)
    page = client.get(f"/b/{bakery.slug}/opt-in/new/").content.decode()
    assert f'href="/b/{bakery.slug}/topics/new/"' in page
    assert "First say what people can say yes to" in client.get(f"/b/{bakery.slug}/opt-in/").content.decode()


def test_the_numbers_of_a_page_count_who_saw_asked_and_confirmed(client, url, topic):
    client.post(path_of(asked(url, topic)))
    (row,) = form_rows()
    assert (row.shown, row.asked, row.confirmed) == (1, 1, 1)


def test_two_people_who_edit_the_same_page_do_not_write_over_each_other(bakery, topic):
    form = make_form(topic)
    words = FormWords("Second", "a", "b", "c", "d")
    edit_signup_form(form, words, boxes={topic.id: "x"}, version=form.version)
    with pytest.raises(Conflict):
        edit_signup_form(form, words, boxes={topic.id: "x"}, version=form.version)


def test_publishing_twice_changes_nothing(bakery, topic):
    form = make_form(topic)
    assert publish_signup_form(form).published_at == form.published_at


# Over the wire


def test_e1_from_the_page_to_the_mailbox_and_out_again_by_the_header(client, bakery, url, topic, mail_server):
    def letters() -> list[str]:
        gateway = open_gateway(settings.EMAIL_URL)
        try:
            deliver(bakery.id, "transactional", now=clock.now(), gateway=gateway)
        finally:
            gateway.close()
        mails = [message_from_bytes(mail.body, policy=policy.default) for mail in mail_server.accepted]
        return [mail.get_body(("plain",)).get_content() for mail in mails]

    asked(url, topic)
    (confirmation,) = letters()
    assert "What is in season" in confirmation
    assert "/u/" not in confirmation
    link = re.search(r"/c/[\w-]+", confirmation)[0]
    assert client.get(link).status_code == 200
    assert "Thank you, Ana" in client.post(link).content.decode()
    receipt = letters()[1]
    assert "You get this because this address was entered at" in confirmation
    assert "You get this because you said yes to What is in season." in receipt
    leave = re.search(r"/u/[\w-]+", receipt)[0]
    assert client.post(leave, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert ConsentState.objects.get(topic=topic).state == "withdrawn"
    assert [mail.recipient for mail in mail_server.accepted] == [ANA, ANA]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("www.example.com", "https://www.example.com"),
        ("https://Shop.example.com/bread?x=1 www.example.com", "https://shop.example.com\nhttps://www.example.com"),
        ("shop.example.com:8443\nshop.example.com:8443", "https://shop.example.com:8443"),
        ("bäckerei.example.com", "https://xn--bckerei-5wa.example.com"),
    ],
)
def test_sec_46_a_site_is_kept_as_its_origin(typed, kept):
    assert read_sites(typed) == kept


@pytest.mark.parametrize(
    "line",
    [
        "http://www.example.com",
        "*",
        "https://*",
        "*.example.com",
        "localhost",
        "www.example.com;script-src",
        "'self'",
        "data:",
        "javascript://www.example.com",
        "https://nora@www.example.com",
        "www.example.com:99999",
        "https://[::1]",
        "x" * 300 + ".example.com",
    ],
)
def test_sec_46_what_is_no_site_of_their_own_gets_a_sentence_and_loses_nothing(client, bakery, url, topic, line):
    page = SignupForm.objects.get()
    sent = {"headline": "Another headline", "frame_sites": f"www.example.com\n{line}", "version": page.version}
    sign_in(client, owner_of(bakery).user)
    answer = client.post(f"/b/{bakery.slug}/opt-in/{page.id}/", sent)
    assert answer.status_code == 422
    assert f"“{escape(line[:80])}” is no site that we can name." in answer.content.decode()
    assert 'value="Another headline"' in answer.content.decode()
    page.refresh_from_db()
    assert (page.frame_sites, page.headline) == ("", "Keep your starter alive")
