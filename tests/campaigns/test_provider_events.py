"""What providers tell of letters: proved, taken in once, and the same in the end whatever the order."""

import hashlib
import hmac
import io
import json
import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.models import Message, ProviderAccount, ProviderEvent, QueuedMessage, TrackingEvent
from campaigns.services.accounts import add_account, drop_old_secret, events_url, replace_secret
from campaigns.services.provider_events import KEPT, WAITS_FOR_LETTER, work_provider_events
from campaigns.services.sequences import create_sequence
from contacts.models import ContactPoint, Interaction, Suppression
from ecosystem.base.addresses import address_hashes
from ecosystem.base.clock import now
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Tally
from tests.factories.permission import make_business, make_person

SECRET = "zz-canary-signing-key"
WORDS = {"accepted": "accepted", "delivered": "delivered", "bounced": "failed", "complained": "complained"}
WORDS |= {"opened": "opened"}
WEIGHT = ["accepted", "delivered", "bounced", "complained"]


@pytest.fixture
def account(shop) -> ProviderAccount:
    """Nora's account at Mailgun."""
    return add_account(provider="mailgun", name="Mailgun", secret=SECRET)


def letter(topic, state: str = "accepted", **values) -> Message:
    """A letter to a friend that has left, or may have."""
    friend = make_person(f"friend-{uuid7().hex}@example.com")
    return Message.objects.create(
        message_class="marketing",
        lane="sequence",
        idem_key=f"t:{uuid7()}",
        contact=friend,
        topic=topic,
        address=friend.primary_email,
        address_hash=address_hashes("email", friend.primary_email)[0],
        state=state,
        **values,
    )


def event(
    kind: str, message_id, address: str, *, key: str = SECRET, event_id: str = "", agent: str = "", age: float = 0
) -> bytes:
    """A body as Mailgun posts it, signed some seconds ago."""
    stamp, token = str(int(now().timestamp() - age)), event_id or f"{kind}-{message_id}"
    told = {
        "event": WORDS[kind],
        "timestamp": 1795000000.5,
        "recipient": address,
        "message": {"headers": {"message-id": f"{message_id}.mark@example.com"}},
        "client-info": {"user-agent": agent},
        "severity": "permanent",
        "user-variables": {},
    }
    signature = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    return json.dumps(
        {"signature": {"timestamp": stamp, "token": token, "signature": signature}, "event-data": told}
    ).encode()


def post(account: ProviderAccount, body: bytes, status: int = 200, **headers: str) -> None:
    """What a provider does, seen from outside: no cookie, and CSRF checked."""
    path = "/" + events_url(account).split("/", 3)[3]
    answer = Client(enforce_csrf_checks=True).post(path, body, content_type="application/json", **headers)
    assert answer.status_code == status


def tell(account: ProviderAccount, kind: str, message: Message, **more: str) -> None:
    post(account, event(kind, message.id, message.address, **more))


def work(account: ProviderAccount, later: timedelta = timedelta(seconds=1)):
    return work_provider_events(account.business_id, now() + later)


def stops() -> list[tuple[str, object]]:
    return list(Suppression.objects.values_list("reason", "topic"))


def sent(name: str = "step.sent") -> int:
    return sum(Tally.objects.filter(name=name).values_list("amount", flat=True))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.lists(st.sampled_from(sorted(WORDS)), min_size=1, max_size=8),
    cuts=st.sets(st.integers(0, 7)),
    first=st.sampled_from(["unknown", "accepted"]),
)
def test_rel_16_case_30_all_orders_and_duplicates_end_the_same(account, seasonal, told, cuts, first):
    """CAMPAIGNS 4m case 30."""
    Suppression.objects.all().delete()
    before = Interaction.objects.filter(kind="message_sent").count()
    message = letter(seasonal, first)
    for place, kind in enumerate(told):
        tell(account, kind, message)
        if place in cuts:
            work(account)
    work(account)
    message.refresh_from_db()
    gravest = max(WEIGHT.index("delivered" if kind == "opened" else kind) for kind in told)
    assert message.state == WEIGHT[gravest]
    assert TrackingEvent.objects.filter(message=message).count() == ("opened" in told)
    assert Interaction.objects.filter(kind="message_sent").count() - before == (first == "unknown")
    worst = [reason for reason in ("bounced", "complained") if reason in told][:1]
    assert stops() == [(reason, None) for reason in worst]
    point = ContactPoint.objects.get(contact=message.contact_id, kind="email")
    assert (point.bounced_at is not None) == ("bounced" in told)


def test_what_a_provider_tells_is_taken_in_by_three_statements_in_one_transaction(account, seasonal):
    """200 a second: the account, the event, the note for the workers."""
    message = letter(seasonal)
    with CaptureQueriesContext(connection) as asked:
        tell(account, "delivered", message)
    told = [one["sql"] for one in asked.captured_queries]
    assert sum(sql.startswith("RELEASE SAVEPOINT") for sql in told) == 1
    work_done = [sql for sql in told if "SAVEPOINT" not in sql and "set_config" not in sql]
    assert [re.search(r"campaigns_provider\w+|ecosystem_\w+", sql)[0] for sql in work_done] == [
        "campaigns_provideraccount",
        "campaigns_providerevent",
        "ecosystem_agendanote",
    ]


def test_rel_17_case_30_an_event_before_our_own_commit_waits_for_it(account, seasonal):
    """CAMPAIGNS 4m case 30: delivered before accepted."""
    message = letter(seasonal, "queued")
    place = QueuedMessage.objects.create(id=message.id, lane="sequence", handed_at=now())
    tell(account, "delivered", message)
    assert work(account) is not None
    message.refresh_from_db()
    assert message.state == "queued"
    place.delete()
    Message.objects.filter(id=message.id).update(state="accepted")
    assert work(account, timedelta(days=3)) is None
    message.refresh_from_db()
    assert message.state == "delivered"


def test_rel_16_an_event_is_not_used_up_by_a_letter_that_goes_back_into_the_queue_in_that_moment(account, seasonal):
    """Its place is looked for first and its record after it; between the two it may be queued once more."""
    message = letter(seasonal, "queued", handed_at=now())
    tell(account, "delivered", message)
    assert work(account) is not None
    assert ProviderEvent.objects.get().worked_at is None
    QueuedMessage.objects.create(id=message.id, lane="sequence", attempt=1)
    assert work(account, timedelta(days=1)) is None
    message.refresh_from_db()
    assert message.state == "delivered"
    assert not QueuedMessage.objects.exists()


def test_rel_17_an_unknown_letter_is_waited_for_seven_days_and_no_longer(account, seasonal):
    post(account, event("delivered", uuid7(), "nobody@example.com"))
    assert work(account, WAITS_FOR_LETTER - timedelta(minutes=1)) is not None
    assert ProviderEvent.objects.get().worked_at is None
    assert work(account, WAITS_FOR_LETTER + timedelta(hours=1)) is None
    assert ProviderEvent.objects.get().worked_at is not None
    work(account, KEPT + timedelta(hours=1))
    assert not ProviderEvent.objects.exists()


def test_many_events_of_unknown_letters_never_stand_before_a_new_one(account, seasonal, monkeypatch):
    monkeypatch.setattr("campaigns.services.provider_events.BATCH", 2)
    for _ in range(4):
        post(account, event("delivered", uuid7(), "nobody@example.com"))
    message = letter(seasonal)
    tell(account, "delivered", message)
    for _ in range(3):
        work(account)
    message.refresh_from_db()
    assert message.state == "delivered"


def test_an_event_proves_what_was_unknown_and_corrects_the_numbers(account, sequence_letter):
    message = sequence_letter
    tell(account, "delivered", message)
    work(account)
    message.refresh_from_db()
    assert (message.state, sent(), sent("step.unknown")) == ("delivered", 1, -1)
    assert message.accepted_at is not None


@pytest.fixture
def sequence_letter(shop, seasonal) -> Message:
    """A letter of a sequence of which nobody knows whether it left."""
    from_sequence = make_sequence(seasonal)
    return letter(seasonal, "unknown", sequence=from_sequence, step_key=uuid7())


def make_sequence(topic):
    return create_sequence(name="Welcome", topic=topic)


def test_e10_a_complaint_of_an_unknown_letter_stops_the_address_for_everything_once(account, garage):
    """CAMPAIGNS 2a E10: once, and also where the letter is not known."""
    body = event("complained", uuid7(), "ana@example.com")
    for _ in range(2):
        post(account, body)
        work(account)
    assert stops() == [("complained", None)]
    assert ProviderEvent.objects.count() == 1
    with business_scope(garage):
        assert stops() == [], "they complained of one business, and of no other"


def test_sec_32_case_31_a_forged_event_changes_nothing(account, seasonal):
    """CAMPAIGNS 4m case 31."""
    message = letter(seasonal)
    post(account, event("complained", message.id, message.address, key="another-key"), 401)
    post(account, b"{}", 401)
    post(account, b"\xff", 401)
    replace_secret(account, "a-newer-key", now=now())
    drop_old_secret(account)
    post(account, event("complained", message.id, message.address), 401)
    assert not ProviderEvent.objects.exists()


@pytest.mark.parametrize(
    ("age", "status"), [(-240, 200), (-400, 401), (0, 200), (8 * 3600 + 200, 200), (8 * 3600 + 400, 401)]
)
def test_sec_32_of_mailgun_nothing_is_believed_that_it_would_not_say_again(account, seasonal, age, status):
    """SEC-32: a right signature is not enough for what was signed long ago, in either form that Mailgun posts."""
    message = letter(seasonal)
    body = event("complained", message.id, message.address, age=age)
    post(account, body, status)
    assert ProviderEvent.objects.count() == (status == 200)
    signed = json.loads(body)["signature"]
    path = "/" + events_url(account).split("/", 3)[3]
    told = {**signed, "event": "complained", "recipient": message.address, "Message-Id": f"<{uuid7()}@example.com>"}
    assert Client().post(path, told).status_code == status


@pytest.mark.parametrize("stamp", ["", "soon", "1" * 400, None, [1], {}])
def test_a_moment_that_is_none_is_no_proof(account, seasonal, stamp):
    told = json.loads(event("complained", uuid7(), "ana@example.com"))
    signature = hmac.new(SECRET.encode(), f"{stamp}t".encode(), hashlib.sha256).hexdigest()
    told["signature"] = {"timestamp": stamp, "token": "t", "signature": signature}
    post(account, json.dumps(told).encode(), 401)


def test_no_other_address_and_no_other_business_takes_an_event(account, seasonal):
    path = "/" + events_url(account).split("/", 3)[3]
    for wrong in (path[:-1], path[:-2] + "AA", "/e/nothing"):
        assert Client().post(wrong, b"{}", content_type="application/json").status_code == 404
    assert Client().get(path).status_code == 405
    message = letter(seasonal)
    other = make_business("Rye & Salt", "rye@example.com")
    with business_scope(other):
        foreign = add_account(provider="mailgun", name="Mailgun", secret="their-key")
        post(foreign, event("complained", message.id, message.address, key="their-key"))
        work(foreign)
    message.refresh_from_db()
    assert message.state == "accepted"
    assert stops() == []


def test_a_body_that_is_too_big_or_cannot_be_read_is_turned_away(account):
    post(account, b"x" * (256 * 1024 + 1), 413)
    broken = json.loads(event("opened", uuid7(), "ana@example.com"))
    broken["event-data"] = []
    post(account, json.dumps(broken).encode(), 400)
    assert not ProviderEvent.objects.exists()


def test_an_open_by_a_proxy_is_a_machines(account, seasonal):
    message = letter(seasonal)
    tell(account, "opened", message, agent="Mozilla/5.0 (via ggpht.com GoogleImageProxy)")
    work(account)
    assert [(e.is_machine, e.machine_reason) for e in TrackingEvent.objects.all()] == [(True, "agent")]


@pytest.mark.parametrize(("word", "state", "stopped"), [("soft_bounce", "accepted", 0), ("hard_bounce", "bounced", 1)])
def test_brevo_is_known_by_its_password_and_tells_soft_from_lasting(shop, seasonal, word, state, stopped):
    account = add_account(provider="brevo", name="Brevo", secret="nora:password")
    message = letter(seasonal)
    told = {"event": word, "email": message.address, "ts_epoch": 1795000000000}
    body = json.dumps(told | {"message-id": f"<{message.id}.mark@example.com>"}).encode()
    post(account, body, 401)
    for _ in range(2):
        post(account, body, HTTP_AUTHORIZATION="Basic bm9yYTpwYXNzd29yZA==")
    assert ProviderEvent.objects.count() == 1
    work(account)
    message.refresh_from_db()
    assert (message.state, Suppression.objects.count()) == (state, stopped)


def test_sec_63_no_row_holds_the_secret(account, seasonal):
    tell(account, "opened", letter(seasonal))
    for model in (ProviderAccount, ProviderEvent):
        for row in model.objects.values():
            kept = " ".join(bytes(v).hex() if isinstance(v, bytes | memoryview) else str(v) for v in row.values())
            assert SECRET not in kept
            assert SECRET.encode().hex() not in kept
            assert "@example.com" not in kept


def test_a_command_connects_a_provider_and_prints_where_it_tells(shop, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    out = io.StringIO()
    call_command("add_provider_account", business=shop.slug, provider="mailgun", name="Mailgun", stdout=out)
    assert out.getvalue().strip() == events_url(ProviderAccount.objects.get())
