"""Every provider's events: proved in its own way, and the same in the end whatever the order they come in."""

import base64
import hmac
import io
import itertools
import json
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.gateways import event_proofs
from campaigns.gateways.event_proofs import certificate_url, forget_certificates
from campaigns.gateways.provider_events import ToldEvent
from campaigns.models import AddressTrouble, Message, ProviderAccount, ProviderEvent
from campaigns.queries.eligibility import may_send
from campaigns.services.accounts import (
    add_account,
    drop_old_secret,
    event_door,
    events_url,
    replace_secret,
    secrets_of,
)
from campaigns.services.proofs import wrong_counts
from campaigns.services.provider_events import take_in_events, work_provider_events
from campaigns.services.proving import tell_of_letters
from campaigns.services.sequences import create_sequence
from campaigns.services.soft_bounces import is_given_up
from contacts.models import Interaction, Suppression
from contacts.services.suppression import suppress_address
from ecosystem.base.addresses import address_hashes
from ecosystem.base.clock import now
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import business_scope, find_current_business_id
from ecosystem.models import Tally
from ecosystem.services import tallies
from ecosystem.services.tallies import count
from tests.amazon import CERTIFICATE, TOPIC, Amazon, post_sns
from tests.factories.ecosystem import sign_in
from tests.factories.mail import connect_provider
from tests.factories.permission import make_business, make_person, make_topic, owner_of, say_yes

pytestmark = pytest.mark.django_db
WHSEC = "whsec_" + base64.b64encode(b"zz-canary-of-resend-0123").decode()


def letter(topic, state: str = "accepted", address: str = "", **values) -> Message:
    """A letter to a friend that has left, or may have."""
    friend = make_person(address or f"friend-{uuid7().hex}@example.com")
    return Message.objects.create(
        message_class="marketing",
        lane="sequence",
        idem_key=f"t:{uuid7()}",
        contact=friend,
        topic=topic,
        address=friend.primary_email,
        address_hash=address_hashes("email", friend.primary_email)[0],
        state=state,
        handed_at=now(),
        **values,
    )


def path_of(account: ProviderAccount) -> str:
    return urlsplit(events_url(account)).path


def work(account: ProviderAccount) -> None:
    work_provider_events(account.business_id, now() + timedelta(seconds=1))


def state_of(message: Message) -> str:
    return Message.objects.get(id=message.id).state


# Resend


def svix(account: ProviderAccount, told: dict, *, secret: str = WHSEC, age: int = 0, body: bytes | None = None) -> int:
    """Post as Resend does; the status that came back."""
    raw, stamp = json.dumps(told).encode(), str(int(time.time()) - age)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    made = base64.b64encode(hmac.digest(key, f"msg_1.{stamp}.".encode() + raw, "sha256")).decode()
    headers = {"svix-id": "msg_1", "svix-timestamp": stamp, "svix-signature": f"v1,AAAA v2,x v1,{made}"}
    client = Client(enforce_csrf_checks=True)
    return client.post(
        path_of(account), raw if body is None else body, content_type="application/json", headers=headers
    ).status_code


def resend_event(kind: str, message: Message, **more: object) -> dict:
    headers = [{"name": "X-Metadata", "value": json.dumps({"letter": str(message.id)})}]
    data = {"email_id": "56761188-7520-42d8-8898-ff6fc54ce618", "to": [message.address], "headers": headers, **more}
    return {"type": f"email.{kind}", "created_at": "2026-11-26T10:00:00.000Z", "data": data}


@pytest.mark.parametrize(
    ("kind", "more", "state", "stops"),
    [
        ("delivered", {}, "delivered", 0),
        ("bounced", {"bounce": {"message": "x", "type": "Permanent"}}, "bounced", 1),
        ("bounced", {"bounce": {"message": "x", "type": "Transient"}}, "accepted", 0),
        ("complained", {}, "complained", 1),
        ("delivery_delayed", {}, "accepted", 0),
    ],
)
def test_resend_is_known_by_its_signature(shop, seasonal, kind, more, state, stops):
    account = add_account(provider="resend", name="Resend", secret=WHSEC)
    message = letter(seasonal)
    told = resend_event(kind, message, **more)
    for _ in range(2):
        assert svix(account, told) == 200
    assert ProviderEvent.objects.count() == 1
    work(account)
    assert (state_of(message), Suppression.objects.count()) == (state, stops)


def test_sec_32_case_31_of_resend_nothing_old_and_nothing_altered_is_believed(shop, seasonal):
    """CAMPAIGNS 4m case 31, Resend."""
    account = add_account(provider="resend", name="Resend", secret=WHSEC)
    told = resend_event("complained", letter(seasonal))
    other = "whsec_" + base64.b64encode(b"another secret of 24 byt").decode()
    assert svix(account, told, secret=other) == 401
    assert svix(account, told, age=301) == 401
    assert svix(account, told, age=-301) == 401
    assert svix(account, told, body=b'{"type": "email.complained"}') == 401
    assert Client().post(path_of(account), told, content_type="application/json").status_code == 401
    assert not ProviderEvent.objects.exists()
    assert svix(account, told, age=290) == 200


def test_sec_32_of_what_is_not_proved_a_number_is_kept_and_nothing_else(shop, seasonal, monkeypatch):
    """SEC-32: 401, and nothing stored but a counter, which the owner sees; a flood of them stays a few rows."""
    account = add_account(provider="resend", name="Resend", secret=WHSEC)
    other = "whsec_" + base64.b64encode(b"another secret of 24 byt").decode()
    told = resend_event("complained", letter(seasonal))

    def rows_of_all() -> Counter[str]:
        ours = [model for model in apps.get_models() if model._meta.app_label in ("campaigns", "contacts", "ecosystem")]
        return Counter({model.__name__: model._default_manager.count() for model in ours})

    before = rows_of_all()
    for _ in range(3):
        assert svix(account, told, secret=other) == 401
    assert rows_of_all() - before == Counter({"Tally": 3})
    assert event_door(account, now=now()).refused == 3
    monkeypatch.setattr(tallies, "MANY", 5)
    for _ in range(9):
        assert svix(account, told, secret=other) == 401
    assert event_door(account, now=now()).refused == 12
    assert Tally.objects.filter(name="proof.refused").count() <= 6


def test_sec_32_two_secrets_count_while_one_takes_the_place_of_the_other(shop, seasonal):
    """SEC-32: the old secret counts until it is ended or a week is over; a third one ends the first."""
    first, second, third = (
        "whsec_" + base64.b64encode(f"secret {number} of 24 bytes.".encode()).decode() for number in (1, 2, 3)
    )
    account = add_account(provider="resend", name="Resend", secret=first)
    told = resend_event("delivered", letter(seasonal))

    def believed() -> list[str]:
        return [secret for secret in (first, second, third) if svix(account, told, secret=secret) == 200]

    assert believed() == [first]
    replace_secret(account, second, now=now())
    assert believed() == [first, second]
    replace_secret(account, second, now=now())
    assert believed() == [first, second], "the same secret twice must not end the one before it"
    replace_secret(account, third, now=now())
    assert believed() == [second, third]
    ProviderAccount.objects.update(old_secret_until=now() - timedelta(seconds=1))
    assert believed() == [third]
    ProviderAccount.objects.update(old_secret_until=now() + timedelta(days=1))
    account.refresh_from_db()
    assert believed() == [second, third]
    assert drop_old_secret(account) is True
    assert drop_old_secret(account) is False
    assert believed() == [third]


def test_sec_32_the_command_brings_the_second_secret_in_and_ends_the_first(shop, seasonal, monkeypatch, capsys):
    """SEC-32: for accounts that have no page, as those of the installation."""
    second = "whsec_" + base64.b64encode(b"the second one of 24 byt").decode()
    account = add_account(provider="resend", name="Resend", secret=WHSEC)
    told = resend_event("delivered", letter(seasonal))
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{second}\n"))
    call_command("provider_secret", business=shop.slug, name="Resend")
    assert (svix(account, told), svix(account, told, secret=second)) == (200, 200)
    call_command("provider_secret", "--drop-old", business=shop.slug, name="Resend")
    assert (svix(account, told), svix(account, told, secret=second)) == (401, 200)
    words = capsys.readouterr().out
    assert "Both secrets count until" in words
    assert WHSEC not in words
    assert second not in words
    for wrong in ({"business": "nobody", "name": "Resend"}, {"business": shop.slug, "name": "Nothing"}):
        with pytest.raises(CommandError):
            call_command("provider_secret", "--drop-old", **wrong)
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    with pytest.raises(CommandError):
        call_command("provider_secret", business=shop.slug, name="Resend")


# Postmark


def postmark(account: ProviderAccount, told: dict, login: str = "letters:password") -> int:
    headers = {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}
    client = Client(enforce_csrf_checks=True)
    return client.post(path_of(account), told, content_type="application/json", headers=headers).status_code


@pytest.mark.parametrize(
    ("told", "state", "reasons"),
    [
        ({"RecordType": "Delivery", "DeliveredAt": "2026-11-26T10:00:00Z"}, "delivered", []),
        ({"RecordType": "Bounce", "Type": "HardBounce", "ID": 7}, "bounced", ["bounced"]),
        ({"RecordType": "Bounce", "Type": "SoftBounce", "ID": 8}, "accepted", []),
        ({"RecordType": "Bounce", "Type": "Transient", "ID": 9}, "accepted", []),
        ({"RecordType": "Bounce", "Type": "BadEmailAddress", "ID": 10}, "bounced", ["bounced"]),
        ({"RecordType": "Bounce", "Type": "Blocked", "ID": 11}, "failed", []),
        ({"RecordType": "SpamComplaint", "Type": "SpamComplaint", "ID": 12}, "complained", ["complained"]),
        (
            {"RecordType": "SubscriptionChange", "SuppressSending": True, "SuppressionReason": "ManualSuppression"},
            "accepted",
            ["unsubscribed"],
        ),
    ],
)
def test_postmark_is_known_by_its_password(shop, seasonal, told, state, reasons):
    account = add_account(provider="postmark", name="Postmark", secret="letters:password")
    message = letter(seasonal)
    told |= {"Recipient": message.address, "Email": message.address, "Metadata": {"letter": str(message.id)}}
    told |= {"MessageID": "883953f4-6105-42a2-a16a-77a8eac79483"}
    assert postmark(account, told, "letters:wrong") == 401
    for _ in range(2):
        assert postmark(account, told) == 200
    assert ProviderEvent.objects.count() == 1
    work(account)
    assert state_of(message) == state
    assert list(Suppression.objects.values_list("reason", flat=True)) == reasons


# Amazon


@pytest.fixture
def amazon(settings):
    running = Amazon()
    settings.MAIL_PROVIDER_URLS = {"sns": running.url}
    forget_certificates()
    yield running
    running.stop()


@pytest.fixture
def ses(shop) -> ProviderAccount:
    return ProviderAccount.objects.create(provider="ses", name="Amazon SES")


def subscribed(ses: ProviderAccount, amazon: Amazon) -> None:
    assert post_sns(path_of(ses), amazon.subscription()) == 200
    work(ses)


def test_amazon_is_told_that_its_events_are_welcome_once_by_a_worker(ses, amazon):
    assert post_sns(path_of(ses), amazon.subscription()) == 200
    assert amazon.confirmed == []
    work(ses)
    work(ses)
    assert amazon.confirmed == ["/?Action=ConfirmSubscription&Token=abc"]
    assert event_door(ProviderAccount.objects.get(), now=now()).topic == TOPIC


@pytest.mark.django_db(transaction=True)
def test_nothing_is_open_in_the_database_while_a_certificate_is_fetched(amazon, monkeypatch):
    """Amazon may take three seconds to answer: no transaction and no connection of a business waits with it."""
    shop, real, seen = make_business(), event_proofs._fetch, []

    def fetch(url):
        seen.append((connection.in_atomic_block, find_current_business_id()))
        return real(url)

    monkeypatch.setattr(event_proofs, "_fetch", fetch)
    with business_scope(shop):
        path = path_of(add_account(provider="ses", name="SES", secret=""))
    assert post_sns(path, amazon.subscription()) == 200
    assert seen == [(False, None)]


@pytest.mark.parametrize("version", ["1", "2"])
def test_both_signatures_of_amazon_are_known_and_the_certificate_is_fetched_once(ses, amazon, seasonal, version):
    subscribed(ses, amazon)
    for number in range(3):
        told = amazon.event("Delivery", letter(seasonal).id, "ana@example.com", number=number)
        told = amazon.message(version=version, Message=told["Message"], MessageId=told["MessageId"])
        assert post_sns(path_of(ses), told) == 200
    assert (ProviderEvent.objects.count(), amazon.shown) == (3, 1)


@pytest.mark.parametrize(
    ("kind", "more", "state", "stops"),
    [
        ("Delivery", {}, "delivered", 0),
        ("Bounce", {}, "bounced", 1),
        ("Bounce", {"bounceType": "Transient"}, "accepted", 0),
        ("Bounce", {"bounceType": "Undetermined"}, "accepted", 0),
        ("Complaint", {}, "complained", 1),
        ("DeliveryDelay", {}, "accepted", 0),
    ],
)
def test_what_amazon_tells_reaches_its_letter(ses, amazon, seasonal, kind, more, state, stops):
    subscribed(ses, amazon)
    message = letter(seasonal)
    for _ in range(2):
        assert post_sns(path_of(ses), amazon.event(kind, message.id, message.address, **more)) == 200
    assert ProviderEvent.objects.count() == 1
    work(ses)
    assert (state_of(message), Suppression.objects.count()) == (state, stops)


def test_sec_32_what_amazon_has_not_signed_changes_nothing(ses, amazon, seasonal):
    """CAMPAIGNS 4m case 31, Amazon."""
    subscribed(ses, amazon)
    good = amazon.event("Complaint", letter(seasonal).id, "ana@example.com")
    stranger = Amazon()
    forged = [
        good | {"Message": good["Message"].replace("ana@", "ben@")},
        good | {"TopicArn": TOPIC + "2"},
        good | {"Signature": base64.b64encode(b"x" * 256).decode()},
        good | {"SignatureVersion": "3"},
        good | {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.example.com/SimpleNotificationService-1.pem"},
        stranger.event("Complaint", letter(seasonal).id, "ana@example.com"),
        {"Type": "Notification", "MessageId": "1"},
        {"Type": "Nonsense", "MessageId": "1"},
    ]
    for told in forged:
        assert post_sns(path_of(ses), told) == 401
    stranger.stop()
    assert not ProviderEvent.objects.exists()
    assert post_sns(path_of(ses), good) == 200


@pytest.mark.parametrize(
    ("age", "status"), [(-240, 200), (-400, 401), (3600 + 200, 200), (3600 + 400, 401), (None, 401)]
)
def test_sec_32_of_amazon_nothing_is_believed_that_it_would_not_say_again(ses, amazon, seasonal, age, status):
    """SEC-32: a right signature is not enough for what was published long ago, nor for what says no time."""
    message = letter(seasonal)
    moment = "soon" if age is None else (now() - timedelta(seconds=age)).isoformat()
    told = amazon.event("Delivery", message.id, message.address)
    assert post_sns(path_of(ses), amazon.message(Message=told["Message"], Timestamp=moment)) == status


def test_another_stream_than_the_confirmed_one_is_not_believed(ses, amazon, seasonal):
    told = amazon.event("Complaint", letter(seasonal).id, "ana@example.com")
    assert post_sns(path_of(ses), told) == 200
    assert not ProviderEvent.objects.exists()
    subscribed(ses, amazon)
    other = amazon.subscription(TopicArn="arn:aws:sns:eu-west-1:999999999999:theirs")
    assert post_sns(path_of(ses), other) == 401
    work(ses)
    assert len(amazon.confirmed) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-1.pem",
        "https://x@sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-west-1.amazonaws.com.example.com/SimpleNotificationService-1.pem",
        "https://example.com/sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://bucket.s3.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-west-1.amazonaws.com/../bucket/SimpleNotificationService-1.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem?x=1",
        "https://sns.evil.com#.amazonaws.com/SimpleNotificationService-1.pem",
        "https://127.0.0.1/SimpleNotificationService-1.pem",
        "https://sns.eu-west-1.amazonaws.com\n.example.com/SimpleNotificationService-1.pem",
    ],
)
def test_sec_34_certificates_are_fetched_from_amazon_alone(url):
    assert certificate_url(CERTIFICATE) == CERTIFICATE
    with pytest.raises(ValueError, match="stand at Amazon"):
        certificate_url(url)


def test_a_subscription_that_names_another_host_is_not_followed(ses, amazon):
    told = amazon.subscription(SubscribeURL="https://example.com/?Action=ConfirmSubscription")
    assert post_sns(path_of(ses), told) == 200
    work(ses)
    assert amazon.confirmed == []


# All orders


KINDS = ("accepted", "delivered", "delayed", "refused", "bounced", "complained", "soft_bounced", "opened")
ENDS = {
    "unknown": 0,
    "lost": 0,
    "accepted": 1,
    "delayed": 1,
    "refused": 2,
    "delivered": 3,
    "opened": 3,
    "bounced": 4,
    "complained": 5,
}
NAMES = {"refused": "failed", "opened": "delivered", "delayed": "accepted"}


def tell(account: ProviderAccount, message: Message, kind: str, at: datetime) -> None:
    told = ToldEvent(f"{kind}-{message.id}", kind, message.id, message.address, at, "")
    take_in_events(account, [told], now=now())


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.lists(st.sampled_from(KINDS), min_size=1, max_size=10),
    cuts=st.sets(st.integers(0, 9)),
    first=st.sampled_from(["unknown", "lost", "accepted"]),
)
def test_rel_16_case_30_every_kind_in_every_order_ends_the_same_in_states_numbers_and_lines(
    shop, seasonal, told, cuts, first
):
    """CAMPAIGNS 4m case 30, all kinds."""
    account = ProviderAccount.objects.first() or add_account(provider="mailgun", name="Mailgun", secret="key")
    Suppression.objects.all().delete()
    sequence = create_sequence(name="Welcome", topic=seasonal)
    message = letter(seasonal, first, sequence=sequence, step_key=uuid7())
    step = f"{sequence.id}:{message.step_key}"
    count({"unknown": "step.unknown", "lost": "step.failed", "accepted": "step.sent"}[first], step)
    if first == "accepted":
        tell_of_letters([(message, "message_sent", now())])
    for place, kind in enumerate(told):
        tell(account, message, kind, now() + timedelta(seconds=place))
        if place in cuts:
            work(account)
    work(account)
    gravest = max([first, *told], key=lambda kind: ENDS.get(kind, -1))
    assert state_of(message) == NAMES.get(gravest, gravest)
    waits = Message.objects.get(id=message.id).delayed_at is not None
    assert waits == (state_of(message) == "accepted" and "delayed" in told)
    assert wrong_counts() == []
    lines = {line.kind for line in Interaction.objects.filter(contact=message.contact_id)}
    assert ("message_bounced" in lines) == ("bounced" in told)
    assert ("message_complained" in lines) == ("complained" in told)
    left = {"accepted", "delayed", "delivered", "opened", "bounced", "complained"} & set(told)
    assert ("message_sent" in lines) == (first == "accepted" or bool(left))
    worst = [reason for reason in ("bounced", "complained") if reason in told][:1]
    assert list(Suppression.objects.values_list("reason", flat=True)) == worst


def test_rel_16_four_kinds_in_all_their_orders(shop, seasonal):
    account = add_account(provider="mailgun", name="Mailgun", secret="key")
    ends = set()
    for order in itertools.permutations(["delivered", "bounced", "complained", "refused"]):
        message = letter(seasonal, "unknown")
        for place, kind in enumerate(order):
            tell(account, message, kind, now() + timedelta(seconds=place))
            work(account)
        lines = Interaction.objects.filter(contact=message.contact_id).values_list("kind", flat=True)
        ends.add((state_of(message), tuple(sorted(line for line in lines if line.startswith("message_")))))
    assert ends == {("complained", ("message_bounced", "message_complained", "message_sent"))}


# Who complained


def is_open(person, topic) -> bool:
    given = {"topic": topic, "channel": "email", "message_class": "marketing", "now": now()}
    return may_send(person, **given).allowed


@pytest.mark.parametrize("order", [("bounced", "complained"), ("complained", "bounced")])
def test_who_complained_and_bounced_opens_one_topic_by_a_later_yes_and_no_other(shop, seasonal, order):
    account = add_account(provider="mailgun", name="Mailgun", secret="key")
    other = make_topic("Offers")
    message = letter(seasonal)
    say_yes(message.contact, other)
    for place, kind in enumerate(order):
        tell(account, message, kind, now() + timedelta(seconds=place))
        work(account)
    stop = Suppression.objects.get()
    assert (stop.reason, stop.complained_at is not None) == ("bounced", True)
    say_yes(message.contact, seasonal)
    assert is_open(message.contact, seasonal)
    assert not is_open(message.contact, other)


def test_a_bounce_alone_says_nothing_about_wishes(shop, seasonal):
    other = make_topic("Offers")
    person = make_person("ana@example.com")
    say_yes(person, other)
    hashes = address_hashes("email", "ana@example.com")
    suppress_address(channel="email", hashes=hashes, topic=None, reason="bounced")
    say_yes(person, seasonal)
    assert is_open(person, other)


# Those that come back for now


def moments(*days: float) -> dict[str, str]:
    return {uuid7().hex: (datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=day)).isoformat() for day in days}


@pytest.mark.parametrize(
    ("days", "arrived", "expected"),
    [
        ((0, 2, 4, 6, 7), None, True),
        ((0, 2, 4, 6, 6.9), None, False),
        ((0, 3, 6, 9), None, False),
        ((0, 2, 4, 6, 8), 5, False),
        ((0, 2, 4, 6, 8), -1, True),
        ((0, 2, 4, 6, 8, 10, 12, 14), 3, True),
    ],
)
def test_five_in_a_week_without_one_that_arrived_are_too_many(days, arrived, expected):
    at = None if arrived is None else datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=arrived)
    assert is_given_up(moments(*days), at) is expected


def soft_story(account: ProviderAccount, topic) -> tuple[str, list[Callable[[], None]]]:
    """Five letters over eight days that came back for now."""
    address = f"full-{uuid7().hex}@example.com"
    person = make_person(address)
    began = now() - timedelta(days=10)

    def tells(day: int, kind: str) -> Callable[[], None]:
        sent = letter(topic, accepted_at=began + timedelta(days=day))
        Message.objects.filter(id=sent.id).update(
            contact=person, address=address, address_hash=address_hashes("email", address)[0]
        )
        named = sent.id
        return lambda: take_in_events(
            account,
            [ToldEvent(f"{kind}-{named}", kind, named, address, began + timedelta(days=day), "")],
            now=now(),
        )

    assert person.primary_email == address
    return address, [tells(day, "soft_bounced") for day in (0, 2, 4, 6, 8)] + [tells(9, "delivered")]


def stops_of(address: str) -> list[str]:
    hashes = address_hashes("email", address)
    live = Suppression.objects.filter(address_hash__in=hashes, lifted_at=None)
    return list(live.values_list("reason", flat=True))


def test_an_address_that_takes_nothing_for_a_week_is_stopped_and_opened_by_a_letter_that_arrives(shop, seasonal):
    account = add_account(provider="mailgun", name="Mailgun", secret="key")
    address, told = soft_story(account, seasonal)
    for number, one in enumerate(told[:5]):
        assert stops_of(address) == []
        one()
        one()
        work(account)
        assert len(AddressTrouble.objects.get().letters) == number + 1
    assert stops_of(address) == ["bounced"]
    told[5]()
    work(account)
    assert stops_of(address) == []


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(6)), cuts=st.sets(st.integers(0, 5)))
def test_rel_16_soft_bounces_and_an_arrival_end_the_same_in_every_order(shop, seasonal, order, cuts):
    account = ProviderAccount.objects.first() or add_account(provider="mailgun", name="Mailgun", secret="key")
    address, told = soft_story(account, seasonal)
    for place, number in enumerate(order):
        told[number]()
        if place in cuts:
            work(account)
    work(account)
    assert stops_of(address) == []


def test_a_complaint_of_a_mailbox_that_was_full_stays(shop, seasonal):
    account = add_account(provider="mailgun", name="Mailgun", secret="key")
    address, told = soft_story(account, seasonal)
    for one in told[:5]:
        one()
    work(account)
    suppress_address(channel="email", hashes=address_hashes("email", address), topic=None, reason="complained")
    told[5]()
    work(account)
    assert stops_of(address) == ["complained"]


# The page


@pytest.mark.parametrize(
    ("provider", "secret", "words"),
    [
        ("mailgun", "a-signing-key", "HTTP webhook signing key"),
        ("resend", WHSEC, "begins with whsec_"),
    ],
)
def test_the_page_takes_what_proves_the_events(shop, provider, secret, words):
    nora = sign_in(Client(), owner_of(shop).user)
    account = connect_provider(provider)
    url = f"/b/{shop.slug}/settings/mail/events/"
    page = nora.get(url).content.decode()
    assert words in page
    assert "Nothing is believed until its secret is entered" in page
    assert events_url(account) in page
    assert nora.post(url, {"secret": ""}).status_code == 422
    if provider == "resend":
        assert nora.post(url, {"secret": "not this"}).status_code == 422
    assert nora.post(url, {"secret": secret}).status_code == 302
    page = nora.get(url).content.decode()
    assert "Nothing has been told yet" in page
    assert secret not in page
    assert "still counts" not in page
    newer = (
        "a-newer-key" if provider == "mailgun" else "whsec_" + base64.b64encode(b"a newer one of 24 bytes.").decode()
    )
    assert nora.post(url, {"secret": newer}).status_code == 302
    assert "The one before it still counts" in nora.get(url).content.decode()
    account.refresh_from_db()
    assert secrets_of(account, now=now()) == [newer, secret]
    assert nora.post(url, {"do": "drop_old"}).status_code == 302
    account.refresh_from_db()
    assert secrets_of(account, now=now()) == [newer]
    assert "still counts" not in nora.get(url).content.decode()


def test_postmark_and_brevo_get_a_password_in_their_address(shop, seasonal):
    from campaigns.services.mail_trials import _accept

    account = connect_provider("postmark", sealed_candidate=b"x")
    account.sealed_candidate = account.sealed_address
    _accept(account, now())
    door = urlsplit(event_door(account, now=now()).url)
    assert (door.username, len(door.password or "")) == ("letters", 32)
    message = letter(seasonal)
    told = {"RecordType": "Delivery", "DeliveredAt": "2026-11-26T10:00:00Z", "Recipient": message.address}
    told |= {"Metadata": {"letter": str(message.id)}}
    assert postmark(account, told, f"{door.username}:{door.password}") == 200
    nora = sign_in(Client(), owner_of(shop).user)
    page = nora.get(f"/b/{shop.slug}/settings/mail/events/").content.decode()
    assert "It told us something" in page
    assert nora.post(f"/b/{shop.slug}/settings/mail/events/").status_code == 302
    account.refresh_from_db()
    renewed = urlsplit(event_door(account, now=now()).url)
    assert renewed.password != door.password
    for login in (door, renewed):
        assert postmark(account, told, f"{login.username}:{login.password}") == 200
    assert nora.post(f"/b/{shop.slug}/settings/mail/events/", {"do": "drop_old"}).status_code == 302
    logins = [postmark(account, told, f"{login.username}:{login.password}") for login in (door, renewed)]
    assert logins == [401, 200]


def test_a_mail_server_tells_nothing_and_has_no_such_page(shop):
    nora = sign_in(Client(), owner_of(shop).user)
    assert nora.get(f"/b/{shop.slug}/settings/mail/events/")["Location"] == f"/b/{shop.slug}/settings/mail/"
