"""Texts on their way: permission, the gate, the provider's answers, what stands in each."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings

from campaigns.gateways import sms
from campaigns.gateways.http_line import forget_rests
from campaigns.models import ChannelRule, Enrollment, Message, QueuedMessage, SequenceVersion
from campaigns.queries.eligibility import may_send
from campaigns.queries.sequences import steps_with_numbers
from campaigns.rendering.texts import TextVoice, finish_text
from campaigns.services import delivery, delivery_turn
from campaigns.services.advancing import advance
from campaigns.services.contents import send_text_test
from campaigns.services.delivery_breaker import breaker_of
from campaigns.services.enrollments import enroll_contact
from campaigns.services.messages import cancel_open_messages
from campaigns.services.proofs import wrong_counts
from campaigns.services.sequence_steps import add_letter, add_wait
from campaigns.services.sequences import create_sequence, start_sequence
from campaigns.services.text_reports import read_text
from campaigns.services.text_signups import plan_system_text
from campaigns.services.unknown import decide_unknown
from contacts.models import Basis, Channel, Consent, ConsentState, Contact, Interaction, Suppression, Topic
from contacts.queries.consent import channel_hashes
from contacts.services.consent import withdraw_consent
from contacts.services.suppression import release_hold, suppress_address
from ecosystem.base import shared_memory
from ecosystem.base.addresses import address_hashes
from ecosystem.base.clock import now
from ecosystem.base.errors import Invalid, LimitReached, NotAllowed
from tests.campaigns.test_eligibility import in_sql
from tests.factories.campaigns import make_letter, make_sequence, pass_time, states_of, work
from tests.factories.permission import make_topic, owner_of, say_yes
from tests.factories.texts import (
    ANA,
    BEN,
    hear,
    make_caller,
    make_sender,
    make_text,
    make_text_friend,
    make_text_sequence,
    say_yes_to_texts,
)
from tests.sms_server import DROP, SmsServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(settings):
    server = SmsServer()
    settings.SMS_URL = server.url
    forget_rests()
    yield server
    server.stop()


@pytest.fixture
def ana(shop, seasonal) -> Contact:
    """She said yes to texts in writing, and walks a sequence whose first text is queued."""
    make_sender()
    person = make_text_friend(seasonal, ANA)
    enroll_contact(make_text_sequence(seasonal), person, source="staff")
    advance(now())
    return person


def reasons() -> list[tuple[str, str]]:
    return list(Message.objects.order_by("id").values_list("state", "reason"))


# The way of one text


def test_a_text_step_sends_and_counts_like_a_letter(ana, provider, seasonal):
    [message] = Message.objects.all()
    assert (message.channel, message.lane, message.address) == ("sms", "text", ANA)
    assert message.address_hash in address_hashes("sms", ANA)
    work()
    [sent] = provider.accepted
    assert sent.text.startswith("Oat: Hi Ana, the rye is back.")
    assert sent.key == str(message.id)
    message.refresh_from_db()
    assert (message.state, message.provider_id) == ("accepted", "p1")
    assert Interaction.objects.get(kind="message_sent").channel == "sms"
    [step] = steps_with_numbers(message.sequence, SequenceVersion.objects.get())
    assert (step.sent, step.skipped, step.unknown) == (1, 0, 0)
    assert QueuedMessage.objects.count() == 0


def test_a_text_that_nobody_heard_the_end_of_is_unknown_and_is_not_sent_again(ana, provider):
    provider.script(ANA, DROP)
    work()
    pass_time(3600)
    work()
    assert reasons() == [("unknown", "no_answer")]
    assert len(provider.asked) == 1
    decide_unknown(Message.objects.get().id, sends_again=True)
    work()
    assert states_of(Message) == ["accepted"]
    first, second = (headers["Idempotency-Key"] for _path, headers in provider.asked)
    assert first == second


def test_case_9_a_text_waits_as_long_as_the_provider_says_and_burns_no_attempt(ana, provider):
    """CAMPAIGNS 4m case 9 for texts."""
    provider.script(ANA, 429, headers={"Retry-After": "120"})
    work()
    [place] = QueuedMessage.objects.all()
    assert place.attempt == 0
    assert 115 <= (place.due_at - now()).total_seconds() <= 120
    assert 115 <= breaker_of("platform:sms").seconds_left() <= 120
    forget_rests()
    shared_memory.forget_all()
    pass_time(150)
    work()
    assert states_of(Message) == ["accepted"]


def test_trouble_with_texts_opens_no_breaker_of_mail(ana, provider):
    provider.stop()
    for _ in range(5):
        work("sequence")
        pass_time(120)
    assert breaker_of("platform:sms").seconds_left() > 0
    assert breaker_of("platform:email").seconds_left() == 0
    assert states_of(Message) == ["queued"]


def test_without_an_account_texts_wait(ana, settings):
    settings.SMS_URL = ""
    work()
    assert states_of(Message) == ["queued"]


# S1: permission


def test_s1_an_email_yes_and_a_number_are_no_yes_to_texts(shop, seasonal, provider):
    """CAMPAIGNS 2c S1."""
    make_sender()
    person = make_caller(ANA, email="ana@example.com")
    say_yes(person, seasonal)
    enroll_contact(make_text_sequence(seasonal), person, source="staff")
    work()
    assert reasons() == [("skipped", "no_consent")]
    assert provider.asked == []


@pytest.mark.parametrize("basis", [Basis.EXPRESS, Basis.CONTRACT])
def test_s1_a_yes_that_is_not_in_writing_opens_no_texts(shop, seasonal, provider, basis):
    make_sender()
    person = make_caller(ANA)
    say_yes_to_texts(person, seasonal, basis=basis)
    enroll_contact(make_text_sequence(seasonal), person, source="staff")
    work()
    assert reasons() == [("skipped", "not_in_writing")]
    assert provider.asked == []


def test_s1_both_forms_of_the_rule_agree_on_texts(shop, seasonal):
    seen = set()
    said = (None, "express", "express_written", "withdrawn")
    stops = (None, "held", "unsubscribed", "manual", "bounced")
    for number, (basis, stop) in enumerate(itertools.product(said, stops)):
        person = make_caller(f"+1202555{100 + number:04}", f"P{number}")
        if basis:
            say_yes_to_texts(person, seasonal, basis="express_written" if basis == "withdrawn" else basis)
        if basis == "withdrawn":
            withdraw_consent(person, channel="sms", topic=seasonal, source="text")
        if stop:
            hashes = channel_hashes("sms", [person.primary_phone])
            suppress_address(channel="sms", hashes=hashes, topic=None, reason=stop)
        for message_class in Message.MessageClass.values:
            given = {"channel": "sms", "topic": seasonal, "message_class": message_class, "now": now()}
            verdict = may_send(person, **given).reason
            found = in_sql(person, seasonal, message_class, now(), person.primary_phone, channel="sms")
            assert verdict == found, (basis, stop, message_class)
            seen.add(verdict)
    assert seen == {"", "bounced", "left", "held", "no_consent", "not_in_writing"}


def test_a_text_to_a_former_number_is_not_sent(ana, provider):
    Contact.objects.filter(id=ana.id).update(primary_phone=BEN)
    work()
    assert reasons() == [("skipped", "other_address")]
    assert provider.asked == []


# S4, case 12


def test_s4_case_12_a_stop_calls_off_what_waits(ana, provider):
    """CAMPAIGNS 4m case 12, STOP between plan and claim."""
    hear("STOP")
    assert reasons()[0] == ("cancelled", "left")
    work()
    assert [sent.text for sent in provider.accepted] == [
        "Oat: You are out and get no more texts. Reply START to come back."
    ]


def test_s4_case_12_the_gate_stops_a_text_that_a_worker_holds(ana, provider, monkeypatch):
    """Between the claim and the gate she texts STOP: the text in hand does not go."""
    real = delivery_turn.pass_gate

    def stop_first(claimed, **given):
        monkeypatch.setattr(delivery_turn, "pass_gate", real)
        hear("stop")
        return real(claimed, **given)

    monkeypatch.setattr(delivery_turn, "pass_gate", stop_first)
    work("sequence")
    assert reasons()[0] == ("cancelled", "left")
    assert provider.asked == []


# Case 12, an answer; case 43, no answer


@pytest.fixture
def until_reply(shop, seasonal) -> Contact:
    """She walks three texts that end when somebody answers; the first went out an hour ago, the second waits."""
    make_sender()
    person = make_text_friend(seasonal, ANA)
    sequence = create_sequence(name="Texts", topic=seasonal, ends_on=["reply"])
    for number, words in enumerate(("Hi there.", "Still there?", "Good bye.")):
        if number:
            add_wait(sequence, 3600)
        add_letter(sequence, make_text(words, name=words))
    enroll_contact(start_sequence(sequence), person, source="staff")
    work()
    assert states_of(Message) == ["accepted"]
    pass_time(3601)
    advance(now())
    assert states_of(Message) == ["accepted", "queued"]
    return person


def walk_of(person: Contact) -> tuple[str, str]:
    walk = Enrollment.objects.get(contact=person)
    return walk.state, walk.exit_reason


def test_s4_case_12_who_answers_gets_no_text_of_a_sequence_that_ends_there(provider, until_reply):
    """CAMPAIGNS 4m case 12, reply: what waits is called off, and the yes stays."""
    hear("Is there rye on Sunday?")
    assert walk_of(until_reply) == ("exited", "reply")
    assert reasons() == [("accepted", ""), ("cancelled", "left_sequence")]
    pass_time(7200)
    work()
    assert len(provider.accepted) == 1
    assert set(ConsentState.objects.values_list("state", flat=True)) == {"granted"}


@pytest.mark.parametrize("body", ["HELP", "START", "yes"])
def test_case_43_a_word_for_us_is_no_answer(provider, until_reply, body):
    """CAMPAIGNS 4m case 43 for texts: what is said to the system ends no sequence."""
    hear(body)
    assert walk_of(until_reply) == ("active", "")
    assert reasons()[1] == ("queued", "")


def test_case_43_what_a_machine_sends_back_is_no_answer(provider, shop, seasonal):
    """CAMPAIGNS 4m case 43: back within five seconds of ours, or word for word once more within a day."""
    make_sender()
    person = make_text_friend(seasonal, ANA)
    sequence = create_sequence(name="Texts", topic=seasonal, ends_on=["reply"])
    add_letter(sequence, make_text())
    add_wait(sequence, 3600)
    add_letter(sequence, make_text("Still there?", name="Second"))
    enroll_contact(start_sequence(sequence), person, source="staff")
    work()
    hear("I am driving and will answer later.")
    assert walk_of(person) == ("active", "")
    pass_time(600)
    hear("I am driving and will answer later.")
    assert walk_of(person) == ("active", "")
    hear("Now I am home. Is there rye?")
    assert walk_of(person) == ("exited", "reply")


def test_case_40_two_machines_do_not_answer_each_other_for_ever(provider, ana):
    """CAMPAIGNS 4m case 40, loops: a machine that sends HELP back to each help text gets five a day and no more."""
    for _round in range(12):
        hear("HELP")
        work()
    helped = Message.objects.filter(template="text_help")
    assert (helped.count(), helped.exclude(state="accepted").count()) == (5, 0)


def test_a_text_gate_takes_one_at_a_time(shop, seasonal, provider, monkeypatch):
    """A STOP that comes while the first of two goes out stops the second, though both were claimed."""
    make_sender()
    sequence = make_text_sequence(seasonal)
    for number, name in ((ANA, "Ana"), (BEN, "Ben")):
        enroll_contact(sequence, make_text_friend(seasonal, number, name), source="staff")
    real, sizes = delivery_turn.pass_gate, []

    def counted(claimed, **given):
        sizes.append(len(claimed))
        if len(sizes) == 2:
            hear("stop", BEN)
        return real(claimed, **given)

    monkeypatch.setattr(delivery_turn, "pass_gate", counted)
    work("sequence")
    assert sizes == [1, 1]
    assert [sent.to for sent in provider.accepted] == [ANA]


def test_a_no_to_texts_leaves_letters_alone_and_the_other_way_round(ana, seasonal, mail_server, provider):
    say_yes_mail = make_caller(BEN, "Ben", "ben@example.com")
    say_yes(say_yes_mail, seasonal)
    say_yes_to_texts(say_yes_mail, seasonal)
    enroll_contact(make_sequence(seasonal), say_yes_mail, source="staff")
    advance(now())
    hear("STOP", BEN)
    work()
    assert [mail.recipient for mail in mail_server.accepted] == ["ben@example.com"]
    assert provider.texts_to(ANA) != []
    assert cancel_open_messages(contact_id=say_yes_mail.id, channel="email", reason="left") == 0


# S8: what stands in each text


def test_s8_brand_in_each_terms_in_the_first_stop_once_a_month(shop, seasonal, provider):
    """CAMPAIGNS 2c S8."""
    make_sender()
    # How many a person may get is another matter, and counted by the clock of PostgreSQL.
    ChannelRule.objects.create(channel="sms", most_count=20, most_days=7)
    Topic.objects.filter(id=seasonal.id).update(promised_count=31)
    person = make_text_friend(seasonal)
    sequence = make_text_sequence(seasonal, make_text("The rye is back."))
    with time_machine.travel(datetime(2026, 11, 9, 16, tzinfo=UTC), tick=True) as clock:
        for key, day in enumerate((9, 20, 30)):
            clock.move_to(datetime(2026, 11, day, 16, tzinfo=UTC))
            _write(sequence, person, key)
        clock.move_to(datetime(2026, 12, 1, 16, tzinfo=UTC))
        _write(sequence, person, 3)
        _write(sequence, person, 4)
    assert provider.texts_to(ANA) == [
        "Oat: The rye is back. Two letters a month. Msg & data rates may apply. Reply HELP for help, STOP to end.",
        "Oat: The rye is back.",
        "Oat: The rye is back.",
        "Oat: The rye is back. Reply STOP to end.",
        "Oat: The rye is back.",
    ]


def _write(sequence, person, key) -> None:
    """One more text, sent at the moment the test stands at."""
    enroll_contact(sequence, person, entry_key=str(key), source="staff")
    advance(now() + timedelta(days=400))
    QueuedMessage.objects.update(due_at=now() - timedelta(seconds=1))
    gateway = sms.open_sms_gateway(settings.SMS_URL)
    try:
        assert delivery.deliver(sequence.business_id, "text", now=now(), gateway=gateway) == 1
    finally:
        gateway.close()
    # PostgreSQL writes its own hour: what counts here is the one the test stands at.
    Message.objects.filter(id=Message.objects.latest("id").id).update(accepted_at=now())


# S11, S12


def test_s11_a_number_that_told_the_provider_to_stop_is_stopped_here_too(ana, provider):
    """CAMPAIGNS 2c S11."""
    provider.script(ANA, 400, words={"code": "21610", "message": "recipient opted out"})
    work()
    assert reasons() == [("failed", "opted_out")]
    stop = Suppression.objects.get(channel="sms")
    assert (stop.reason, stop.topic_id, stop.address_hash) == ("unsubscribed", None, Message.objects.get().address_hash)
    assert Consent.objects.latest("id").source == "provider"
    assert ConsentState.objects.get(channel="sms").state == "withdrawn"


def test_s12_a_second_hard_failure_stops_the_number_and_the_first_does_not(ana, provider):
    """CAMPAIGNS 2c S12."""
    sequence = Message.objects.get().sequence
    provider.script(ANA, 400, words={"code": "no_such_number"}, times=2)
    work()
    assert reasons() == [("bounced", "400 no_such_number")]
    assert Suppression.objects.count() == 0
    enroll_contact(sequence, ana, entry_key="again", source="staff")
    work()
    assert Suppression.objects.get().reason == "bounced"
    assert ana.points.get(kind="phone").bounced_at is not None
    enroll_contact(sequence, ana, entry_key="third", source="staff")
    work()
    assert reasons()[-1] == ("skipped", "bounced")
    assert len(provider.asked) == 2


# MISSION 52: what they prefer


@pytest.mark.parametrize(
    ("prefers", "yes_by", "goes"),
    [
        ("", "both", "email"),
        ("email", "both", "email"),
        ("sms", "both", "sms"),
        ("sms", "email", "email"),
        ("sms", "sms", "sms"),
        ("email", "sms", "sms"),
    ],
)
def test_mission_52_a_step_that_offers_both_goes_as_they_prefer_and_allowed(
    shop, seasonal, provider, mail_server, prefers, yes_by, goes
):
    make_sender()
    person = make_caller(ANA, email="ana@example.com")
    Contact.objects.filter(id=person.id).update(preferred_channel=prefers)
    if yes_by in ("both", "email"):
        say_yes(person, seasonal)
    if yes_by in ("both", "sms"):
        say_yes_to_texts(person, seasonal)
    letter = make_letter(text_body="The rye is back.")
    enroll_contact(make_text_sequence(seasonal, letter), person, source="staff")
    work()
    assert list(Message.objects.values_list("channel", "state")) == [(goes, "accepted")]
    assert (len(provider.accepted), len(mail_server.accepted)) == ((1, 0) if goes == "sms" else (0, 1))


@pytest.mark.parametrize("trouble", ["bounced", "unsubscribed", "held", "manual", "not in writing", "switched off"])
def test_mission_52_where_the_text_could_not_go_the_letter_does(shop, seasonal, provider, mail_server, trouble):
    """They like texts best, and said yes to letters too: what stops the number does not stop what they asked for."""
    make_sender()
    person = make_caller(ANA, email="ana@example.com")
    Contact.objects.filter(id=person.id).update(preferred_channel="sms")
    say_yes(person, seasonal)
    say_yes_to_texts(person, seasonal, basis="express" if trouble == "not in writing" else Basis.EXPRESS_WRITTEN)
    if trouble == "switched off":
        person.points.filter(kind="phone").update(bounced_at=now())
    elif trouble != "not in writing":
        hashes = address_hashes("sms", ANA)
        topic = seasonal if trouble == "unsubscribed" else None
        suppress_address(channel="sms", hashes=hashes, topic=topic, reason=trouble)
    enroll_contact(make_text_sequence(seasonal, make_letter(text_body="The rye is back.")), person, source="staff")
    work()
    assert list(Message.objects.values_list("channel", "state")) == [("email", "accepted")]
    assert (len(provider.accepted), len(mail_server.accepted)) == (0, 1)


def test_what_stops_another_topic_or_was_lifted_stops_no_text(shop, seasonal, provider, mail_server):
    make_sender()
    person = make_caller(ANA, email="ana@example.com")
    Contact.objects.filter(id=person.id).update(preferred_channel="sms")
    say_yes(person, seasonal)
    hashes = address_hashes("sms", ANA)
    suppress_address(channel="sms", hashes=hashes, topic=None, reason="held")
    release_hold(channel="sms", hashes=hashes)
    suppress_address(channel="sms", hashes=hashes, topic=make_topic("Offers"), reason="unsubscribed")
    say_yes_to_texts(person, seasonal)
    enroll_contact(make_text_sequence(seasonal, make_letter(text_body="The rye is back.")), person, source="staff")
    work()
    assert list(Message.objects.values_list("channel", "state")) == [("sms", "accepted")]


# S8: the name


@pytest.mark.parametrize(
    ("brand", "words", "is_named"),
    [
        ("Oat", "The boat is back.", False),
        ("Oat", "Oatmeal is back.", False),
        ("Oat", "OAT: the rye is back.", True),
        ("Oat", "The rye of (oat) is back.", True),
        ("Oat", "Oat's rye is back.", True),
        ("Oat & Ember", "From oat & ember", True),
        ("Yum!", "At Yum! today", True),
        ("Straße", "Die STRASSE ruft.", True),
        ("Été", "L\N{RIGHT SINGLE QUOTATION MARK}été est là.", True),
        ("A.B", "AxB is here.", False),
    ],
)
def test_s8_the_name_is_a_word_of_its_own(brand, words, is_named):
    """CAMPAIGNS 2c S8: the brand in every message, and "Oat" is not in "boat"."""
    assert finish_text(words, TextVoice(brand)) == (words if is_named else f"{brand}: {words}")


# What is not known


def test_a_needed_text_in_doubt_does_not_go_again_by_itself(shop, seasonal, provider):
    """SPEC SECURITY 3.1: a text is never sent again on its own; somebody decides, or its provider tells."""
    make_sender()
    provider.script(ANA, DROP)
    plan_system_text("text_confirm", "o:text:1", ANA, topics=[seasonal])
    work()
    for _ in range(3):
        pass_time(1000)
        work()
    assert reasons() == [("unknown", "no_answer")]
    assert len(provider.asked) == 1
    decide_unknown(Message.objects.get().id, sends_again=True)
    work()
    assert states_of(Message) == ["accepted"]


# CAMPAIGNS 4m case 36: one number of two people


@pytest.mark.parametrize("is_together", [True, False])
def test_case_36_two_people_of_one_number_get_one_text(shop, seasonal, provider, is_together):
    """CAMPAIGNS 4m case 36: whether they take the step in one moment or one after the other."""
    make_sender()
    sequence = make_text_sequence(seasonal)
    for name in ("Ana", "Ben"):
        enroll_contact(sequence, make_text_friend(seasonal, ANA, name), source="staff")
        if not is_together:
            work()
    work()
    assert len(provider.accepted) == 1
    assert reasons() == [("accepted", ""), ("skipped", "same_number")]
    [step] = steps_with_numbers(sequence, SequenceVersion.objects.get())
    assert (step.sent, step.skipped) == (1, 1)
    wrong = [count for count in wrong_counts() if count]
    assert wrong == []


def test_case_36_what_is_theirs_alone_or_did_not_go_takes_nothing_from_the_other(shop, seasonal, provider):
    """A second entry of the same person, an entry for something else, and a text that was called off."""
    make_sender()
    ChannelRule.objects.create(channel="sms", most_count=20, most_days=7)
    Topic.objects.filter(id=seasonal.id).update(promised_count=31)
    ana, ben = [make_text_friend(seasonal, ANA, name) for name in ("Ana", "Ben")]
    sequence = make_text_sequence(seasonal)
    enroll_contact(sequence, ana, entry_key="order 1", source="staff")
    work()
    enroll_contact(sequence, ben, entry_key="order 2", source="staff")
    enroll_contact(sequence, ana, entry_key="order 3", source="staff")
    work()
    assert reasons() == [("accepted", "")] * 3
    enroll_contact(sequence, ben, entry_key="order 4", source="staff")
    advance(now())
    cancel_open_messages(contact_id=ben.id, reason="left")
    enroll_contact(sequence, ana, entry_key="order 4", source="staff")
    work()
    assert [state for state, _reason in reasons()[3:]] == ["cancelled", "accepted"]


# The writer's side


def test_s10_a_text_is_counted_on_the_longest_of_the_people(shop, seasonal):
    """CAMPAIGNS 2c S10: merge fields count on the longest."""
    make_sender()
    for name in ("Bo", "Maximiliane-Charlotte"):
        make_caller(ANA, name)
    body = "Hi {{ contact.first_name }}, " + "a" * 130
    report = read_text(make_text(body))
    assert report.segments.parts == 2
    assert read_text(make_text(body.replace("{{ contact.first_name }}", "Bo"))).segments.parts == 1
    assert report.longest_segments.parts > report.segments.parts - 1
    assert report.is_personal


def test_s10_texts_from_a_toll_free_number_are_counted_in_shorter_parts(shop, seasonal):
    sender = make_sender(number="+18005550199")
    words = "a" * 301
    assert read_text(make_text(words)).segments.parts == 3
    sender.number = "+12025550109"
    sender.save()
    assert read_text(make_text(words)).segments.parts == 2


def test_a_broken_tag_keeps_a_text_from_being_published(shop, seasonal):
    with pytest.raises(Invalid, match=r"contact\.first_name"):
        make_text_sequence(seasonal, make_text("Hi {{ contact.firstname }}"))


def test_case_44_a_test_text_counts_nowhere_and_needs_no_yes(shop, seasonal, provider):
    """CAMPAIGNS 4m case 44 for texts."""
    nora = owner_of(shop)
    content = make_text()
    make_sender()
    message = send_text_test(content, number="(202) 555-0124", to=nora, merge={"contact.first_name": "Ana"})
    work()
    assert provider.texts_to(BEN)[0].startswith("Oat: Hi Ana, the rye is back.")
    message.refresh_from_db()
    assert (message.is_test, message.state, message.channel) == (True, "accepted", "sms")
    assert Interaction.objects.filter(kind="message_sent").count() == 0
    hear("stop", BEN)
    with pytest.raises(NotAllowed):
        send_text_test(content, number=BEN, to=nora, merge={})


def test_five_tests_a_day_reach_a_number(shop, seasonal, provider):
    content, nora = make_text(), owner_of(shop)
    for _ in range(5):
        send_text_test(content, number=ANA, to=nora, merge={})
    with pytest.raises(LimitReached):
        send_text_test(content, number=ANA, to=nora, merge={})
    assert Message.objects.count() == 5


def test_the_channel_of_a_message_is_that_of_its_lane(ana):
    assert set(Message.objects.values_list("channel", "lane")) == {(Channel.SMS, "text")}
