"""What a provider tells of texts: taken in whenever it comes, and the same in the end whatever the order."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.gateways.sms_address import read_sms_url
from campaigns.gateways.sms_incoming import Report, read_request
from campaigns.models import ChannelRule, Message, ProviderEvent, QueuedMessage
from campaigns.services import delivery_turn
from campaigns.services.advancing import advance
from campaigns.services.enrollments import enroll_contact
from campaigns.services.provider_events import take_in_report, work_provider_events
from campaigns.services.unknown import decide_unknown
from contacts.models import Interaction, Suppression, Topic
from ecosystem.base.clock import now
from ecosystem.base.tenancy import current_business_id
from ecosystem.models import Tally
from tests.factories.campaigns import work
from tests.factories.texts import ANA, hear, make_sender, make_text_friend, make_text_sequence
from tests.sms_server import DROP, SmsServer

pytestmark = pytest.mark.django_db
OWN = read_sms_url("sms+http://name:secret@localhost/")
REPORTS = [("sent", ""), ("delivered", ""), ("failed", "30003"), ("failed", "30007"), ("failed", "30005")]
REPORTS += [("undelivered", "21610")]
# The graver word wins, as with letters.
ENDS = {"delivered": "delivered", "30005": "bounced", "30003": "failed", "30007": "failed", "21610": "failed"}
WEIGHT = ["accepted", "failed", "delivered", "bounced"]
TERMS = "Msg & data rates may apply. Reply HELP for help, STOP to end."
STOP = "STOP to end."


@pytest.fixture
def provider(settings):
    server = SmsServer()
    settings.SMS_URL = server.url
    yield server
    server.stop()


@pytest.fixture
def ana(shop, seasonal):
    make_sender()
    return make_text_friend(seasonal, ANA)


@pytest.fixture
def sent(ana, seasonal, provider) -> Message:
    """A text to Ana in the queue."""
    enroll_contact(make_text_sequence(seasonal), ana, source="staff")
    advance(now())
    return Message.objects.get()


def report(message, status: str, code: str = "") -> Report:
    body = f'{{"type": "status", "message_id": "{message.id}", "status": "{status}", "code": "{code}"}}'
    told = read_request(OWN, body=body.encode(), form={}, query={})
    assert isinstance(told, Report)
    return told


def tell(message, status: str, code: str = "") -> None:
    take_in_report(report(message, status, code), now=now())


def hear_events(later: timedelta = timedelta(seconds=1)):
    return work_provider_events(current_business_id(), now() + later)


def numbers(message) -> dict[str, int]:
    found: dict[str, int] = {}
    key = f"{message.sequence_id}:{message.step_key}"
    for name, amount in Tally.objects.filter(key=key, name__startswith="step.").values_list("name", "amount"):
        found[name] = found.get(name, 0) + amount
    return {name: amount for name, amount in found.items() if amount and name != "step.here"}


def put_to(message, state: str) -> None:
    """The text as a worker left it: taken, not known, given up, or waiting to go once more."""
    left = "unknown" if state in ("lost", "again") else state
    Message.objects.filter(id=message.id).update(state=left, handed_at=now(), accepted_at=None, reason="")
    QueuedMessage.objects.filter(id=message.id).delete()
    if state == "accepted":
        Message.objects.filter(id=message.id).update(accepted_at=now())
    Tally.objects.filter(name__in=("step.sent", "step.unknown")).delete()
    name = "step.sent" if state == "accepted" else "step.unknown"
    Tally.objects.create(name=name, key=f"{message.sequence_id}:{message.step_key}", amount=1)
    if state in ("lost", "again"):
        decide_unknown(message.id, sends_again=state == "again")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.lists(st.sampled_from(REPORTS), min_size=1, max_size=6),
    cuts=st.sets(st.integers(0, 5)),
    first=st.sampled_from(["unknown", "accepted", "lost", "again"]),
)
def test_rel_16_case_30_all_orders_and_duplicates_of_reports_end_the_same(sent, told, cuts, first):
    """CAMPAIGNS 4m case 30 for texts: in the record, in the numbers, in the queue and in what is stopped."""
    with transaction.atomic():
        put_to(sent, first)
        for place, (status, code) in enumerate(told):
            tell(sent, status, code)
            if place in cuts:
                hear_events()
        hear_events()
        sent.refresh_from_db()
        ends = [ENDS.get(code or status, "accepted") for status, code in told]
        end = max(ends, key=WEIGHT.index)
        assert sent.state == end
        codes = {code for _status, code in told if code}
        reasons = {"failed": min(code for code in codes | {"9"} if code != "30005"), "bounced": "30005"}
        if end == "failed":
            assert sent.reason == ("opted_out" if "21610" in codes else f"{reasons['failed']} reported")
        elif end == "bounced":
            assert sent.reason == "30005 reported"
        assert not QueuedMessage.objects.filter(id=sent.id).exists()
        assert numbers(sent) == {"step.sent" if end in ("accepted", "delivered") else "step.failed": 1}
        stops = list(Suppression.objects.filter(lifted_at=None).values_list("reason", flat=True))
        assert stops == (["unsubscribed"] if "21610" in codes else [])
        assert ProviderEvent.objects.filter(worked_at=None).count() == 0
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("status", "code", "state", "stops"),
    [("undelivered", "21610", "failed", 1), ("failed", "30003", "failed", 0), ("delivered", "", "delivered", 0)],
)
def test_rel_17_s11_a_report_while_the_text_is_in_hand_is_not_lost(
    sent, provider, monkeypatch, status, code, state, stops
):
    """Told between the provider's yes and our own commit: it waits for that, and who is out is out at once."""
    real = delivery_turn.record_results

    def told_before(*args, **kwargs):
        tell(sent, status, code)
        assert hear_events() is not None
        assert Suppression.objects.filter(reason="unsubscribed").count() == stops
        return real(*args, **kwargs)

    monkeypatch.setattr(delivery_turn, "record_results", told_before)
    work("sequence")
    sent.refresh_from_db()
    assert sent.state == "accepted"
    assert hear_events(timedelta(seconds=7)) is None
    sent.refresh_from_db()
    assert (sent.state, len(provider.accepted)) == (state, 1)


def test_rel_17_what_they_took_back_meanwhile_is_not_stopped_by_a_second_look(sent, seasonal, provider, monkeypatch):
    """They are out at the provider, text START, and only then the text is written down as sent."""
    work("sequence")
    Message.objects.filter(id=sent.id).update(state="queued")
    QueuedMessage.objects.create(id=sent.id, lane="text", handed_at=now())
    tell(sent, "undelivered", "21610")
    hear_events()
    hear("START")
    assert not Suppression.objects.filter(lifted_at=None).exists()
    QueuedMessage.objects.filter(id=sent.id).delete()
    Message.objects.filter(id=sent.id).update(state="accepted")
    hear_events(timedelta(minutes=16))
    sent.refresh_from_db()
    assert (sent.state, sent.reason) == ("failed", "opted_out")
    assert not Suppression.objects.filter(lifted_at=None).exists()


def test_rel_04_a_text_that_arrived_does_not_go_again(sent, provider):
    provider.script(ANA, DROP)
    work()
    decide_unknown(sent.id, sends_again=True)
    tell(sent, "delivered")
    hear_events()
    work()
    sent.refresh_from_db()
    assert (sent.state, len(provider.asked)) == ("delivered", 1)
    assert Interaction.objects.filter(kind="message_sent").count() == 1


def test_a_report_says_nothing_of_a_letter(sent):
    """The same id in another lane: a provider of texts has no word about letters."""
    Message.objects.filter(id=sent.id).update(channel="email", lane="sequence", state="accepted")
    QueuedMessage.objects.filter(id=sent.id).delete()
    tell(sent, "failed", "21610")
    hear_events()
    sent.refresh_from_db()
    assert sent.state == "accepted"
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(("told", "is_heard"), [(("delivered", ""), True), (("failed", "30003"), False)])
def test_s8_a_text_that_failed_later_was_not_the_first_they_heard(sent, ana, provider, told, is_heard):
    """CAMPAIGNS 2c S8: frequency, terms, HELP and STOP stand in the first text that arrives."""
    ChannelRule.objects.create(channel="sms", most_count=20, most_days=7)
    Topic.objects.update(promised_count=31)
    work()
    tell(sent, *told)
    hear_events()
    enroll_contact(sent.sequence, ana, entry_key="again", source="staff")
    work()
    first, second = provider.texts_to(ANA)
    assert TERMS in first
    assert (TERMS in second) is not is_heard


def test_s8_what_came_without_the_terms_in_between_does_not_tell_them(sent, ana, provider):
    """The first text had them and failed only after a second one had left without: the third says them."""
    ChannelRule.objects.create(channel="sms", most_count=20, most_days=7)
    Topic.objects.update(promised_count=31)
    for key in ("second", "third", "fourth"):
        work()
        if key == "third":
            tell(sent, "failed", "30003")
            hear_events()
        enroll_contact(sent.sequence, ana, entry_key=key, source="staff")
    work()
    assert [TERMS in text for text in provider.texts_to(ANA)] == [True, False, True, False]
    assert [STOP in text for text in provider.texts_to(ANA)] == [True, False, True, False]


def test_s8_a_reminder_that_failed_is_said_once_more_in_the_month(sent, ana, provider):
    ChannelRule.objects.create(channel="sms", most_count=20, most_days=7)
    Topic.objects.update(promised_count=31)
    work()
    Message.objects.update(accepted_at=now() - timedelta(days=40))
    for key in ("reminded", "plain", "again"):
        enroll_contact(sent.sequence, ana, entry_key=key, source="staff")
        work()
        if key == "plain":
            tell(Message.objects.order_by("id")[1], "failed", "30003")
            hear_events()
    assert [TERMS in text for text in provider.texts_to(ANA)] == [True, False, False, False]
    assert [STOP in text for text in provider.texts_to(ANA)] == [True, True, False, True]
