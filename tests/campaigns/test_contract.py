"""The delivery contract, case by case (CAMPAIGNS 4m), where no process needs to die for it."""

import time
from collections import Counter
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.gateways.http_line import forget_rests
from campaigns.gateways.provider_events import ToldEvent
from campaigns.models import Enrollment, Message, QueuedMessage, Sequence
from campaigns.services.accounts import add_account
from campaigns.services.advancing import advance
from campaigns.services.delivery_claims import ClaimedMessage, claim_messages
from campaigns.services.delivery_gate import pass_gate
from campaigns.services.enrollments import enroll_contacts, exit_enrollments
from campaigns.services.proofs import wrong_counts
from campaigns.services.provider_events import take_in_events, work_provider_events
from contacts.models import ConsentState, Suppression
from contacts.services.bulk import edit_chosen
from contacts.services.program_interactions import tell_interaction
from contacts.services.stages import change_stage, undo_stage_change
from ecosystem.base.clock import now
from ecosystem.base.links import MessageSigner
from tests.factories.campaigns import make_friend, make_sequence, pass_time, states_of, work
from tests.factories.ecosystem import sign_in
from tests.factories.mail import connect_provider
from tests.factories.permission import owner_of
from tests.mail_api import Answer, MailApi
from tests.smtp_server import Trouble

LANE = "sequence"


def walkers(topic, count: int, sequence: Sequence | None = None) -> list:
    """People whose first letter is queued."""
    people = [make_friend(topic, number) for number in range(count)]
    enroll_contacts(sequence or make_sequence(topic), [person.id for person in people], source="staff")
    advance(now())
    return people


def letter_of(person) -> Message:
    return Message.objects.get(contact=person)


@pytest.fixture
def api(settings):
    server = MailApi()
    settings.MAIL_PROVIDER_URLS = server.urls
    forget_rests()
    yield server
    forget_rests()
    server.stop()


# What a provider says of some of a handful


def test_case_8_421_450_and_550_concern_their_letters_alone(shop, seasonal, mail_server):
    """CAMPAIGNS 4m case 8: put off, tried again, and never again."""
    walkers(seasonal, 4)
    mail_server.script("friend0@example.com", Trouble("rcpt", "421 4.7.0 too much from you", times=1))
    mail_server.script("friend1@example.com", Trouble("rcpt", "450 4.2.1 later", times=1))
    mail_server.script("friend2@example.com", Trouble("rcpt", "550 5.1.1 no such user"))
    work(LANE)
    states = dict(Message.objects.values_list("address", "state"))
    assert states["friend1@example.com"] == "queued"
    assert states["friend2@example.com"] == "bounced"
    ends = time.monotonic() + 20
    while Message.objects.filter(state="queued").exists() and time.monotonic() < ends:
        # The slower pace that a receiver asked for is kept by the clock of Redis, for which no time is passed.
        time.sleep(0.6)
        pass_time(400)
        work(LANE)
    assert dict(Message.objects.values_list("address", "state")) == {
        "friend0@example.com": "accepted",
        "friend1@example.com": "accepted",
        "friend2@example.com": "bounced",
        "friend3@example.com": "accepted",
    }
    assert Counter(mail.recipient for mail in mail_server.accepted) == Counter(
        {f"friend{number}@example.com": 1 for number in (0, 1, 3)}
    )
    assert Suppression.objects.get().reason == "bounced"


@pytest.mark.parametrize("way", ["smtp", "postmark", "mailgun", "brevo", "resend"])
def test_case_10_of_twenty_in_one_handful_three_are_rejected_and_only_these(shop, seasonal, mail_server, api, way):
    """CAMPAIGNS 4m case 10. Over HTTP no batch endpoint is used: each letter has an answer of its own."""
    refused = [f"friend{number}@example.com" for number in (3, 9, 17)]
    words = {
        "ErrorCode": 300,
        "message": "no",
        "Message": "no",
        "code": "invalid_parameter",
        "name": "validation_error",
    }
    for address in refused:
        mail_server.script(address, Trouble("rcpt", "554 5.7.1 no"))
        api.script(address, Answer(422 if way in ("postmark", "resend") else 400, words))
    if way != "smtp":
        connect_provider(way)
    walkers(seasonal, 20)
    work(LANE)
    states = dict(Message.objects.values_list("address", "state"))
    assert Counter(states.values()) == Counter({"accepted": 17, "failed": 3})
    assert sorted(address for address, state in states.items() if state == "failed") == sorted(refused)
    taken = [one.recipient for one in (mail_server if way == "smtp" else api).accepted]
    assert sorted(taken) == sorted(set(states) - set(refused))
    assert wrong_counts() == []


# Who says stop, at each moment before the hand-over


def in_hand(moment: str) -> tuple[object, list[ClaimedMessage]]:
    """The letters that a worker holds at this moment: none while they are only planned."""
    token = uuid4()
    return token, claim_messages(LANE, token=token, now=now(), count=20) if moment == "claimed" else []


def nothing_goes_to(person, token, claimed, mail_server) -> None:
    """Neither the worker that holds the letter nor the next one sends it; the two others get theirs."""
    if claimed:
        passage = pass_gate(claimed, token=token).get(letter_of(person).id)
        assert passage is None or passage.state == "skipped"
        pass_time(61)
    work(LANE)
    assert letter_of(person).state in {"cancelled", "skipped"}
    assert person.primary_email not in {mail.recipient for mail in mail_server.accepted}
    assert len(mail_server.accepted) == 2
    assert wrong_counts() == []


@pytest.mark.parametrize("moment", ["planned", "claimed"])
def test_case_11_leaving_by_one_click_counts_at_once_and_is_answered_quickly(
    shop, seasonal, mail_server, moment, record_property
):
    """CAMPAIGNS 4m case 11: plan to claim, claim to gate; the answer and its effect within a second (E5)."""
    people = walkers(seasonal, 3)
    token, claimed = in_hand(moment)
    path = "/u/" + MessageSigner(shop.pk).tokens(letter_of(people[1]).id).unsubscribe
    began = time.perf_counter()
    answer = Client(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"})
    seconds = time.perf_counter() - began
    assert (answer.status_code, letter_of(people[1]).state) == (200, "cancelled")
    record_property("seconds_to_answer", seconds)
    assert seconds < 1
    nothing_goes_to(people[1], token, claimed, mail_server)


@pytest.mark.parametrize("moment", ["planned", "claimed"])
def test_case_12_a_complaint_stops_what_waits_and_what_is_in_hand(shop, seasonal, mail_server, moment):
    """CAMPAIGNS 4m case 12, complaint: told by the provider of an older letter to the same address."""
    people = walkers(seasonal, 3)
    token, claimed = in_hand(moment)
    account = add_account(provider="mailgun", name="Mailgun", secret="key")
    told = ToldEvent("complained-1", "complained", None, people[1].primary_email, now(), "")
    take_in_events(account, [told], now=now())
    work_provider_events(shop.pk, now())
    nothing_goes_to(people[1], token, claimed, mail_server)
    assert letter_of(people[1]).reason in {"complained", "left"}


@pytest.mark.parametrize("moment", ["planned", "claimed"])
def test_case_12_who_rises_to_the_rung_where_a_sequence_ends_gets_no_letter_of_it(shop, seasonal, mail_server, moment):
    """CAMPAIGNS 4m case 12, stage change; a purchase that makes somebody a client is one."""
    people = walkers(seasonal, 3, make_sequence(seasonal, letters=2, until_stage="client"))
    token, claimed = in_hand(moment)
    # Not that far: still on the way.
    change_stage(people[0], "prospect", actor=None, reason="Asked about bread", now=now())
    change_stage(people[1], "client", actor=None, reason="Bought something", now=now())
    walk = Enrollment.objects.get(contact=people[1])
    assert (walk.state, walk.exit_reason) == ("exited", "stage")
    nothing_goes_to(people[1], token, claimed, mail_server)
    assert Enrollment.objects.filter(state="active").count() == 2


def test_case_12_many_who_rise_together_leave_in_as_many_statements_as_a_few(shop, seasonal):
    """CAMPAIGNS 4m case 12, stage change of many at once."""
    people = walkers(seasonal, 14, make_sequence(seasonal, letters=2, until_stage="client"))

    def cost(chosen) -> int:
        with CaptureQueriesContext(connection) as asked:
            edit_chosen("stage", "client", [one.id for one in chosen], actor=owner_of(shop), now=now())
        return len(asked)

    assert cost(people[:2]) == cost(people[2:13])
    left = Enrollment.objects.filter(state="exited", exit_reason="stage")
    assert set(left.values_list("contact_id", flat=True)) == {one.id for one in people[:13]}
    assert Message.objects.filter(state="cancelled", reason="left_sequence").count() == 13
    assert letter_of(people[13]).state == "queued"


def test_case_12_only_a_rise_ends_a_sequence_and_only_one_that_ends_there(shop, seasonal, mail_server):
    """CAMPAIGNS 4m case 12: who passes the rung leaves too; who falls to it or is put back stays."""
    ends, goes_on = make_sequence(seasonal, until_stage="client"), make_sequence(seasonal)
    passes, falls, back = (make_friend(seasonal, number) for number in range(3))
    change_stage(falls, "advocate", actor=None, reason="Tells others", now=now())
    change_stage(back, "advocate", actor=None, reason="Tells others", now=now())
    undone = change_stage(back, "suspect", actor=None, reason="By mistake", now=now())
    for sequence in (ends, goes_on):
        enroll_contacts(sequence, [passes.id, falls.id, back.id], source="staff")
    change_stage(passes, "advocate", actor=None, reason="Tells others", now=now())
    change_stage(falls, "client", actor=None, reason="Silent since", now=now())
    undo_stage_change(undone, actor=None, now=now())
    left = Enrollment.objects.filter(state="exited")
    assert [(walk.contact_id, walk.sequence_id) for walk in left] == [(passes.id, ends.id)]


def buy(person, number: int = 1) -> bool:
    """The till tells of a purchase; whether it was news."""
    bill = {"external_id": f"bill-{number}", "value_minor": 450, "currency": "USD"}
    return tell_interaction(person, kind="purchase", source="till", occurred_at=now(), now=now(), **bill)[1]


@pytest.mark.parametrize("moment", ["planned", "claimed"])
def test_case_12_who_buys_gets_no_letter_of_a_sequence_that_ends_there(shop, seasonal, mail_server, moment):
    """CAMPAIGNS 4m case 12, purchase: told by the till, twice; what ends by something else goes on."""
    people = walkers(seasonal, 3, make_sequence(seasonal, letters=2, ends_on=["purchase"]))
    goes_on = make_sequence(seasonal, letters=2, ends_on=["reply"], trigger="added_by_staff")
    enroll_contacts(goes_on, [people[1].id], source="staff")
    token, claimed = in_hand(moment)
    assert [buy(people[1]), buy(people[1])] == [True, False]
    left = Enrollment.objects.filter(contact=people[1]).order_by("sequence_id")
    assert {(walk.state, walk.exit_reason) for walk in left} == {("exited", "purchase"), ("active", "")}
    # It is a permission as before: who bought has not said no.
    assert set(ConsentState.objects.values_list("state", flat=True)) == {"granted"}
    exit_enrollments(sequence_id=goes_on.id, reason="manual")
    nothing_goes_to(people[1], token, claimed, mail_server)


def test_case_12_only_a_purchase_ends_it_and_no_other_word_of_a_program(shop, seasonal):
    """CAMPAIGNS 4m case 12, purchase: a call or a visit that a program tells of ends nothing."""
    people = walkers(seasonal, 2, make_sequence(seasonal, letters=2, ends_on=["purchase"]))
    tell_interaction(people[0], kind="call", source="phone", external_id="1", occurred_at=now(), now=now())
    assert set(Enrollment.objects.values_list("state", flat=True)) == {"active"}
    buy(people[0])
    assert letter_of(people[0]).state == "cancelled"
    assert letter_of(people[1]).state == "queued"


def test_what_ends_a_sequence_is_chosen_and_shown(shop, seasonal):
    sequence = make_sequence(seasonal, letters=2)
    nora = sign_in(Client(), owner_of(shop).user)
    page = f"/b/{shop.slug}/sequences/{sequence.id}/"
    form = nora.get(f"{page}edit/").context["form"]
    sent = {name: value for name in form.fields if (value := form[name].value())}
    assert nora.post(f"{page}edit/", {**sent, "ends_on": ["rain"]}).status_code == 422
    assert nora.post(f"{page}edit/", {**sent, "ends_on": ["reply", "purchase"]}).status_code == 302
    sequence.refresh_from_db()
    assert sequence.ends_on == ["purchase", "reply"]
    shown = nora.get(page).content.decode()
    assert "When somebody buys something." in shown
    assert "When somebody answers a text." in shown
    buy(walkers(seasonal, 1, sequence)[0])
    assert "They bought something." in nora.get(f"{page}people/").content.decode()


def test_the_rung_at_which_a_sequence_ends_is_chosen_and_shown(shop, seasonal):
    sequence = make_sequence(seasonal, letters=2)
    nora = sign_in(Client(), owner_of(shop).user)
    page = f"/b/{shop.slug}/sequences/{sequence.id}/"
    assert "Ends early" not in nora.get(page).content.decode()
    form = nora.get(f"{page}edit/").context["form"]
    sent = {name: value for name in form.fields if (value := form[name].value())}
    assert nora.post(f"{page}edit/", {**sent, "until_stage": "nonsense"}).status_code == 422
    assert nora.post(f"{page}edit/", {**sent, "until_stage": "client"}).status_code == 302
    sequence.refresh_from_db()
    assert sequence.until_stage == "client"
    assert "When somebody becomes Client." in nora.get(page).content.decode()
    change_stage(walkers(seasonal, 1, sequence)[0], "client", actor=None, reason="Bought something", now=now())
    people = nora.get(f"{page}people/").content.decode()
    assert "They came to the rung where it ends." in people


# What the receiver lets wait


def tell(account, message: Message, kind: str) -> None:
    take_in_events(
        account, [ToldEvent(f"{kind}-{message.id}", kind, message.id, message.address, now(), "")], now=now()
    )
    work_provider_events(account.business_id, now())


def test_a_letter_that_waits_at_its_receiver_is_shown_until_it_arrives(shop, seasonal, mail_server):
    people = walkers(seasonal, 3)
    work(LANE)
    first, second, _third = (letter_of(person) for person in people)
    account = add_account(provider="mailgun", name="Mailgun", secret="key")
    nora = sign_in(Client(), owner_of(shop).user)
    page = f"/b/{shop.slug}/sequences/{first.sequence_id}/"
    assert "waiting at the receiver" not in nora.get(page).content.decode()
    for message in (first, second):
        for _ in range(2):
            tell(account, message, "delayed")
    assert '<b class="num">2</b> waiting at the receiver' in nora.get(page).content.decode()
    assert "2 wait at their receivers" in nora.get(f"{page}?step={first.step_key}").content.decode()
    listed = f"{page}steps/{first.step_key}/delayed/"
    words = nora.get(listed).content.decode()
    assert people[0].display_name in words
    assert people[2].display_name not in words
    assert "Its receiver has let it wait since" in words
    assert "does not take it yet" in nora.get(f"/b/{shop.slug}/contacts/{people[0].id}/").content.decode()
    assert wrong_counts() == []
    tell(account, first, "delivered")
    tell(account, second, "bounced")
    assert "waiting at the receiver" not in nora.get(page).content.decode()
    assert "Nobody here" in nora.get(listed).content.decode()
    assert states_of(Message).count("accepted") == 1
    assert wrong_counts() == []


def test_a_delay_proves_that_a_letter_left_and_is_old_news_after_its_end(shop, seasonal, mail_server):
    person = walkers(seasonal, 1)[0]
    mail_server.script("*", Trouble("dot", "drop after"))
    work(LANE)
    message, account = letter_of(person), add_account(provider="mailgun", name="Mailgun", secret="key")
    assert message.state == "unknown"
    tell(account, message, "delayed")
    message.refresh_from_db()
    assert (message.state, message.delayed_at is not None) == ("accepted", True)
    tell(account, message, "delivered")
    Message.objects.update(delayed_at=None)
    take_in_events(account, [ToldEvent("again", "delayed", message.id, message.address, now(), "")], now=now())
    work_provider_events(shop.pk, now())
    message.refresh_from_db()
    assert (message.state, message.delayed_at) == ("delivered", None)
    assert wrong_counts() == []
    assert not QueuedMessage.objects.exists()
