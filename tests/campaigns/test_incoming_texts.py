"""Texts that come in: what they mean, what they change, and whose word counts."""

import hmac
import json
from base64 import b64encode
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import pytest
from django.test import Client

from campaigns.gateways.http_line import forget_rests
from campaigns.gateways.sms_address import read_sms_url
from campaigns.gateways.sms_incoming import SIGNATURE, TWILIO_SIGNATURE, is_signed, sign_request
from campaigns.models import IncomingText, Message
from campaigns.queries.eligibility import may_send
from campaigns.queries.texts import reply_url
from campaigns.services.advancing import advance
from campaigns.services.enrollments import enroll_contact
from campaigns.services.incoming_texts import decide_text, hear_text, work_undecided
from campaigns.services.refused_proofs import refused_so_far
from campaigns.services.text_words import meaning_of
from contacts.models import Consent, ConsentState, Contact, Interaction, Suppression
from contacts.services.consent import withdraw_consent
from contacts.services.points import keep_number
from contacts.services.suppression import suppress_address
from ecosystem.base.addresses import address_hashes
from ecosystem.base.clock import now
from ecosystem.base.ids import uuid7
from ecosystem.base.links import PREFERENCES, sign_link
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Membership, Notice, Tally
from tests.factories.campaigns import pass_time, work
from tests.factories.permission import make_person, make_topic, owner_of, say_yes
from tests.factories.texts import ANA, BEN, hear, make_caller, make_sender, make_text_friend, make_text_sequence
from tests.sms_server import DROP, SmsServer

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["sms+http"])
def provider(request, settings):
    server = SmsServer(request.param)
    settings.SMS_URL = server.url
    forget_rests()
    yield server
    server.stop()


@pytest.fixture
def ana(shop, seasonal):
    make_sender()
    return make_text_friend(seasonal)


def verdict(person, topic, message_class="marketing") -> str:
    return may_send(person, channel="sms", topic=topic, message_class=message_class, now=now()).reason


# S2, S3: words


@pytest.mark.parametrize(
    "words",
    [
        "STOP",
        "stop",
        " Stop. ",
        "s t o p",
        "STOP!!!",
        "quit",
        "End",
        "REVOKE",
        "opt out",
        "OPT-OUT",
        "OptOut",
        "cancel",
        "unsubscribe",
        "STOPALL",
        "stop all",
        "Arrêt",
        "ALTO",
        "stopp",
        "STOP PLEASE",
        "please stop",
        "Stop texting me",
        "stop, thank you",
        "opt out please",
        "“STOP”",
        "stop\n",
    ],
)
def test_s2_every_word_for_stop_works_however_it_is_written(words):
    assert meaning_of(words) == "stop"


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("START", "start"),
        ("Un-stop", "start"),
        ("yes!", "yes"),
        ("Help", "help"),
        ("info?", "help"),
        ("Yes, two loaves", "other"),
        ("When do you open?", "other"),
        ("🍞", "other"),
        ("", "other"),
        ("The end of the loaf was burnt", "other"),
        ("How do I start a dough?", "other"),
    ],
)
def test_s2_other_words(words, meaning):
    assert meaning_of(words) == meaning


@pytest.mark.parametrize(
    "words",
    [
        "Please remove me",
        "no more",
        "don't text me again",
        "Leave me alone!",
        "I want to unsubscribe from this list",
        "wrong number",
        "can you stop sending these on Sundays",
        "cancel my order",
        "I am not interested",
        "opting out",
    ],
)
def test_s3_what_a_reasonable_person_reads_as_opting_out_is_noticed(words):
    """CAMPAIGNS 2c S3."""
    assert meaning_of(words) == "maybe_stop"


# S2, S5, S6: stop


def test_s2_s5_s6_a_stop_ends_all_texts_at_once_and_is_confirmed_once(ana, seasonal, provider):
    """CAMPAIGNS 2c S2, S4, S5 and S6."""
    offers = make_topic("Offers")
    assert verdict(ana, seasonal) == ""
    first = hear("STOP")
    assert [verdict(ana, topic, kind) for topic in (seasonal, offers) for kind in ("marketing", "transactional")] == [
        "left"
    ] * 4
    consent = Consent.objects.latest("id")
    assert (consent.act, consent.topic_id, consent.source, consent.request_id) == ("withdrawn", None, "text", first.id)
    [answer] = Message.objects.all()
    assert (answer.template, answer.lane) == ("text_stopped", "text_now")
    assert timedelta(minutes=4) < answer.expires_at - now() <= timedelta(minutes=5)
    hear("stop")
    hear("Quit")
    assert Message.objects.count() == 1
    work()
    assert provider.texts_to(ANA) == ["Oat: You are out and get no more texts. Reply START to come back."]


def test_s5_a_confirmation_that_comes_too_late_is_not_sent(ana, provider):
    hear("STOP")
    pass_time(0)
    Message.objects.update(expires_at=now() - timedelta(seconds=1))
    work()
    assert provider.asked == []
    assert Message.objects.get().state == "expired"


def test_a_stop_to_texts_does_not_touch_letters(ana, seasonal, provider):
    ben = make_caller(BEN, "Ben", "ben@example.com")
    say_yes(ben, seasonal)
    hear("STOP", BEN)
    assert may_send(ben, channel="email", topic=seasonal, message_class="marketing", now=now()).allowed


def test_a_number_that_two_people_share_stops_for_both(ana, seasonal, provider):
    ben = make_text_friend(seasonal, ANA, "Ben")
    hear("STOP")
    assert [verdict(person, seasonal) for person in (ana, ben)] == ["left", "left"]
    assert Message.objects.filter(template="text_stopped").count() == 1
    assert Interaction.objects.filter(kind="text_received").count() == 2


def test_a_stranger_is_kept_and_stopped(shop, seasonal, provider):
    text = hear("STOP", BEN)
    assert (text.contact, text.number) == (None, BEN)
    assert Suppression.objects.get().address_hash in address_hashes("sms", BEN)
    later = make_text_friend(seasonal, BEN)
    assert verdict(later, seasonal) == ""  # her own confirmed yes from that number came afterwards


# START, YES, HELP


def test_start_brings_back_what_was_said_in_writing_before_and_nothing_else(ana, seasonal, provider):
    offers = make_topic("Offers")
    hear("STOP")
    text = hear("Start")
    assert (verdict(ana, seasonal), verdict(ana, offers)) == ("", "left")
    consent = Consent.objects.latest("id")
    assert (consent.act, consent.basis, consent.source, consent.topic_id) == (
        "granted",
        "express_written",
        "text",
        seasonal.id,
    )
    assert consent.wording == "the disclosure"
    assert text.meaning == "start"
    work()
    assert provider.texts_to(ANA)[-1].startswith("Oat: Welcome back. Two letters a month.")


def test_s12_start_after_erasure_is_a_new_row_and_opens_the_way_to_a_new_yes(shop, seasonal, provider):
    """CAMPAIGNS 2c S12."""
    hashes = address_hashes("sms", ANA)
    suppress_address(channel="sms", hashes=hashes, topic=None, reason="erased")
    text = hear("UNSTOP")
    consent = Consent.objects.get()
    assert (consent.act, consent.contact_id, consent.request_id, consent.topic_id) == ("granted", None, text.id, None)
    assert not Suppression.objects.filter(lifted_at=None).exists()
    ana = make_caller(ANA)
    assert verdict(ana, seasonal) == "no_consent"


def test_yes_without_a_question_opens_nothing(shop, seasonal, provider):
    ana = make_caller(ANA)
    hear("YES")
    assert verdict(ana, seasonal) == "no_consent"
    assert Consent.objects.count() == 0


def test_a_number_that_does_not_work_is_not_opened_by_start(ana, seasonal, provider):
    suppress_address(channel="sms", hashes=address_hashes("sms", ANA), topic=None, reason="bounced")
    withdraw_consent(ana, channel="sms", topic=None, source="text")
    make_caller(BEN)
    hear("START", BEN)
    assert Suppression.objects.filter(reason="bounced", lifted_at=None).count() == 1


def test_help_is_answered_also_to_those_who_left_and_not_without_end(ana, provider):
    hear("STOP")
    for _ in range(8):
        hear("HELP")
    work(times=6)
    texts = provider.texts_to(ANA)
    assert len(texts) == 5
    assert texts[1] == ("Oat: Help: hello@example.com. Msg & data rates may apply. Reply STOP to end.")


# S3: held, decided


def test_s3_what_may_mean_stop_holds_texts_at_once_and_stops_after_a_day(ana, seasonal, shop, provider):
    text = hear("please remove me")
    assert verdict(ana, seasonal) == verdict(ana, seasonal, "transactional") == "held"
    assert Message.objects.count() == 0
    assert ConsentState.objects.get(channel="sms").state == "granted"
    assert work_undecided(shop.pk, now() + timedelta(hours=23)) is not None
    assert ConsentState.objects.get(channel="sms").state == "granted"
    assert work_undecided(shop.pk, now() + timedelta(hours=25)) is None
    text.refresh_from_db()
    assert text.was_stop is True
    assert ConsentState.objects.get(channel="sms").state == "withdrawn"
    assert Suppression.objects.get(topic=None, lifted_at=None).reason == "unsubscribed"


def test_s3_somebody_decides_that_it_meant_no_stop(ana, seasonal, shop, provider):
    text = hear("can you stop sending these on Sundays")
    second = hear("no more on Sundays")
    decide_text(text, was_stop=False, actor=owner_of(shop))
    assert verdict(ana, seasonal) == "held"
    decide_text(second, was_stop=False, actor=owner_of(shop))
    assert verdict(ana, seasonal) == ""
    decide_text(second, was_stop=True, actor=owner_of(shop))
    assert verdict(ana, seasonal) == ""


def test_s3_a_real_stop_meanwhile_outlives_the_decision(ana, seasonal, shop, provider):
    text = hear("no more of this")
    hear("STOP")
    decide_text(text, was_stop=False, actor=owner_of(shop))
    assert verdict(ana, seasonal) == "left"


@pytest.mark.parametrize(
    ("says", "was_stop", "then"), [("START", False, ""), ("Unstop", False, ""), ("YES", False, "")]
)
def test_s3_a_clear_word_settles_what_may_have_meant_stop(ana, seasonal, shop, provider, says, was_stop, then):
    """Who texts START after it has said what was meant: no day later is it taken for a stop."""
    text = hear("no more of this")
    hear(says)
    text.refresh_from_db()
    assert (text.was_stop, text.settled_at is not None) == (was_stop, True)
    assert work_undecided(shop.pk, now() + timedelta(hours=25)) is None
    assert verdict(ana, seasonal) == then
    assert ConsentState.objects.get(channel="sms").state == "granted"


def test_s3_stop_settles_what_may_have_meant_it_and_start_opens_all_again(ana, seasonal, shop, provider):
    text = hear("no more of this")
    hear("STOP")
    text.refresh_from_db()
    assert text.was_stop is True
    hear("START")
    assert work_undecided(shop.pk, now() + timedelta(hours=25)) is None
    assert verdict(ana, seasonal) == ""


def test_s3_a_yes_to_nothing_and_another_number_settle_nothing(ana, seasonal, shop, provider):
    make_text_friend(seasonal, BEN, "Ben")
    text = hear("no more of this")
    hear("START", BEN)
    hear("Do you have rye?")
    hear("HELP")
    text.refresh_from_db()
    assert text.settled_at is None
    assert work_undecided(shop.pk, now() + timedelta(hours=25)) is None
    assert verdict(ana, seasonal) == "left"


def test_a_text_stands_in_the_timeline_and_counts_once(ana, provider):
    first = hear("When do you open?", provider_id="in-1")
    again = hear("When do you open?", provider_id="in-1")
    assert first.id == again.id
    [line] = Interaction.objects.filter(kind="text_received")
    assert (line.contact_id, line.direction, line.channel, line.object_id) == (ana.id, "in", "sms", first.id)
    assert "open" not in json.dumps(line.params)


# The door


def send_in(provider, business, told, *, secret=None, at=None, path=None):
    """What a provider posts to a business's address, in its dialect."""
    path = path or urlsplit(reply_url(business.pk)).path
    account = read_sms_url(provider.url)
    secret = account.secret if secret is None else secret
    body = json.dumps(told).encode()
    signature = sign_request(secret, body, at=(at or now()).timestamp())
    return Client().post(path, body, content_type="application/json", headers={SIGNATURE: signature})


def words(body="STOP", **values):
    return {"type": "text", "id": "in-1", "from": ANA, "to": "+12025550100", "text": body, **values}


def test_a_signed_text_is_heard_and_told_twice_counts_once(ana, seasonal, shop, provider):
    for _ in range(2):
        assert send_in(provider, shop, words()).status_code == 200
    assert verdict(ana, seasonal) == "left"
    assert IncomingText.objects.count() == 1


def test_case_31_what_is_not_signed_by_the_account_changes_nothing(ana, seasonal, shop, garage, provider):
    """CAMPAIGNS 4m case 31 for texts."""
    day = timedelta(days=1)
    assert send_in(provider, shop, words(), secret="another").status_code == 401
    assert send_in(provider, shop, words(), at=now() - day).status_code == 401
    assert send_in(provider, shop, words(), at=now() + day).status_code == 401
    path = urlsplit(reply_url(shop.pk)).path
    assert Client().post(path, b"{}", content_type="application/json").status_code == 401
    assert Client().get(path).status_code == 405
    forged = "/t/" + sign_link(PREFERENCES, shop.pk, b"texts")
    assert send_in(provider, shop, words(), path=forged).status_code == 404
    assert send_in(provider, shop, words(), path=path[:-1]).status_code == 404
    assert verdict(ana, seasonal) == ""
    assert IncomingText.objects.count() == 0
    assert refused_so_far("texts") == 4, "SEC-32: a counter, and nothing else"
    assert send_in(provider, garage, words()).status_code == 200
    assert verdict(ana, seasonal) == ""
    with business_scope(garage):
        assert IncomingText.objects.count() == 1


def test_sec_32_two_secrets_sign_what_comes_in_while_one_is_changed(shop, provider, settings):
    """SEC-32: SMS_SECOND_SECRET counts beside the one of SMS_URL, in both dialects, and for what comes in alone."""
    settings.SMS_SECOND_SECRET = "the-next-one"
    assert send_in(provider, shop, words(id="in-1")).status_code == 200
    assert send_in(provider, shop, words(id="in-2"), secret="the-next-one").status_code == 200
    assert send_in(provider, shop, words(id="in-3"), secret="another").status_code == 401
    settings.SMS_SECOND_SECRET = ""
    assert send_in(provider, shop, words(id="in-4"), secret="the-next-one").status_code == 401
    assert send_in(provider, shop, words(id="in-5"), secret="").status_code == 401
    twilio = read_sms_url("twilio://AC1:token@api.twilio.com?from=+12025550100")
    form, url = {"From": ANA, "Body": "Stop"}, "https://crm.example.com/t/x"
    told = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    for secret, second, is_known in (("next", "next", True), ("next", "", False), ("token", "next", True)):
        sign = b64encode(hmac.digest(secret.encode(), told.encode(), "sha1")).decode()
        given = {"headers": {TWILIO_SIGNATURE: sign}, "url": url, "body": b"", "form": form, "now": 0.0}
        assert is_signed(twilio, **given, second_secret=second) is is_known


@pytest.mark.parametrize("told", [{}, {"type": "x"}, {"type": "text"}, [], words(**{"from": "nobody"}), "x"])
def test_what_is_signed_and_says_nothing_is_taken_and_forgotten(shop, provider, told):
    assert send_in(provider, shop, told).status_code == 200
    assert IncomingText.objects.count() == 0


@pytest.mark.parametrize("provider", ["twilio+http"], indirect=True)
def test_twilio_signs_its_address_and_its_form(ana, seasonal, shop, provider):
    def post(form, query="", secret=None):
        url = reply_url(shop.pk) + query
        told = url + "".join(f"{name}{form[name]}" for name in sorted(form))
        key = (secret or read_sms_url(provider.url).secret).encode()
        signature = b64encode(hmac.digest(key, told.encode(), "sha1")).decode()
        kind = "application/x-www-form-urlencoded"
        path = urlsplit(url).path + query
        return Client().post(path, urlencode(form), content_type=kind, headers={TWILIO_SIGNATURE: signature})

    form = {"MessageSid": "SM1", "From": ANA, "To": "+12025550100", "Body": "Stop, please"}
    assert post(form, secret="another").status_code == 401
    assert verdict(ana, seasonal) == ""
    answer = post(form)
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"<Response/>", "text/xml")
    assert verdict(ana, seasonal) == "left"
    report = {"MessageSid": "SM2", "MessageStatus": "delivered"}
    assert post(report, f"?m={uuid7()}").status_code == 200


# Reports


@pytest.fixture
def sent(ana, seasonal, provider):
    """A text to Ana, on its way."""
    enroll_contact(make_text_sequence(seasonal), ana, source="staff")
    advance(now())
    return Message.objects.get()


def report(message, status, code=""):
    return {"type": "status", "message_id": str(message.id), "status": status, "code": code}


def numbers(message) -> dict[str, int]:
    key = f"{message.sequence_id}:{message.step_key}"
    found: dict[str, int] = {}
    for name, amount in Tally.objects.filter(key=key, name__startswith="step.").values_list("name", "amount"):
        found[name] = found.get(name, 0) + amount
    return {name: amount for name, amount in found.items() if amount and name != "step.here"}


def test_a_report_proves_what_nobody_knew(sent, shop, provider):
    provider.script(ANA, DROP)
    work()
    assert numbers(sent) == {"step.unknown": 1}
    for status in ("delivered", "sent", "delivered", "failed"):
        assert send_in(provider, shop, report(sent, status)).status_code == 200
    work("webhooks")
    sent.refresh_from_db()
    assert (sent.state, sent.reason) == ("delivered", "")
    assert numbers(sent) == {"step.sent": 1}
    assert Interaction.objects.filter(kind="message_sent").count() == 1


def test_s11_s12_a_failure_that_is_told_later_counts_like_one_at_once(sent, ana, shop, provider):
    work()
    send_in(provider, shop, report(sent, "failed", "30005"))
    work("webhooks")
    sent.refresh_from_db()
    assert (sent.state, numbers(sent)) == ("bounced", {"step.failed": 1})
    assert Suppression.objects.count() == 0
    enroll_contact(sent.sequence, ana, entry_key="again", source="staff")
    work()
    second = Message.objects.latest("id")
    send_in(provider, shop, report(second, "undelivered", "21610"))
    work("webhooks")
    second.refresh_from_db()
    assert (second.state, second.reason) == ("failed", "opted_out")
    assert Suppression.objects.get(lifted_at=None).reason == "unsubscribed"


def test_a_report_about_another_business_changes_nothing(sent, garage, provider):
    work()
    assert send_in(provider, garage, report(sent, "failed")).status_code == 200
    work("webhooks")
    sent.refresh_from_db()
    assert sent.state == "accepted"


def test_s3_what_may_mean_stop_is_a_question_to_whoever_looks_after_the_person(client, bakery, nora, sam):
    """CAMPAIGNS 2c S3: a task to a person, once, with the way to where it is decided; nobody's words in it."""
    with business_scope(bakery, nora):
        person = make_person()
        keep_number(person, "+12025550177", now=now())
        Contact.objects.filter(pk=person.pk).update(owner=Membership.objects.get(user=sam))
        for _turn in range(2):
            hear_text(number="+12025550177", body="please remove me", provider_id="m1")
        notice = Notice.objects.get(kind="maybe_stop")
        assert (notice.member_id, "remove" in notice.about) == (Membership.objects.get(user=sam).pk, False)
        assert not Notice.objects.filter(kind="reply").exists()
        Contact.objects.filter(pk=person.pk).update(owner=None)
        hear_text(number="+12025550177", body="no more", provider_id="m2")
        assert Notice.objects.filter(kind="maybe_stop", member__user=nora).count() == 1
    client.force_login(sam)
    page = client.get(notice.url).content.decode()
    assert "Did they mean stop?" in page
    assert "please remove me" in page


def test_an_answer_is_told_once_to_whoever_looks_after_the_person(bakery, nora, sam):
    with business_scope(bakery, nora):
        person = make_person()
        keep_number(person, "+12025550177", now=now())
        member = Membership.objects.get(user=sam)
        Contact.objects.filter(pk=person.pk).update(owner=member)
        for _turn in range(2):
            hear_text(number="+12025550177", body="Do you have rye on Sunday?", provider_id="r1")
        hear_text(number="+12025550177", body="STOP", provider_id="r2")
        notice = Notice.objects.get(kind="reply")
        assert (notice.member_id, "rye" in notice.about) == (member.pk, False)
        Contact.objects.filter(pk=person.pk).update(owner=None)
        hear_text(number="+12025550177", body="Hello?", provider_id="r3")
        owner = Membership.objects.get(user=nora)
        assert set(Notice.objects.filter(kind="reply").values_list("member", flat=True)) == {member.pk, owner.pk}
