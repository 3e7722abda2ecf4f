"""A letter that did not get through stands in its person's timeline, with why, and can be tried again."""

from datetime import timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from campaigns.gateways.provider_events import ToldEvent
from campaigns.gateways.sms_address import read_sms_url
from campaigns.gateways.sms_incoming import Report, read_request
from campaigns.models import ChannelRule, Message, Pressure, QueuedMessage
from campaigns.queries.messages import messages_of_step, unknown_of
from campaigns.queries.sequences import steps_with_numbers
from campaigns.services.accounts import add_account
from campaigns.services.again import send_once_more
from campaigns.services.delivery_claims import ClaimedMessage, claim_messages
from campaigns.services.delivery_gate import pass_gate
from campaigns.services.delivery_results import Result, record_results
from campaigns.services.enrollments import enroll_contacts, exit_enrollments
from campaigns.services.proofs import lost_places, untold_letters, wrong_counts
from campaigns.services.provider_events import take_in_events, take_in_report, work_provider_events
from campaigns.services.proving import prove_message
from campaigns.services.sequences import archive_sequence
from contacts.models import Contact, Interaction
from contacts.services.consent import withdraw_consent
from ecosystem.base.access import Role
from ecosystem.base.clock import now
from ecosystem.base.errors import Conflict, NotAllowed, NotFound
from ecosystem.base.links import MessageSigner
from ecosystem.base.tenancy import current_business_id
from ecosystem.models import AuditEntry
from ecosystem.services.tallies import count
from tests.factories.campaigns import make_friend, make_sequence, pass_time, states_of, work
from tests.factories.clocks import zone_at
from tests.factories.ecosystem import sign_in
from tests.factories.mail import connect_provider
from tests.factories.permission import make_member, owner_of
from tests.factories.texts import make_sender, make_text_friend, make_text_sequence
from tests.mail_api import MailApi
from tests.sms_server import SmsServer
from tests.smtp_server import DROP_AFTER, Trouble
from tests.statements import statements_of


@pytest.fixture
def nora(client, shop):
    """Nora in her browser."""
    return sign_in(client, owner_of(shop).user)


@pytest.fixture
def friend(seasonal):
    return make_friend(seasonal, 0)


@pytest.fixture
def refused(seasonal, friend, mail_server) -> Message:
    """A letter that its receiver refused once."""
    return letter_with(Trouble("rcpt", "550 5.7.1 not welcome here", times=1), seasonal, friend, mail_server)


def letter_with(trouble, topic, friend, mail_server) -> Message:
    """The letter of a sequence after its worker met a trouble."""
    mail_server.script(friend.primary_email, trouble)
    enroll_contacts(make_sequence(topic), [friend.id], source="staff")
    work()
    return Message.objects.get(contact=friend)


def page_of(shop, friend) -> str:
    return reverse("contacts:contact_detail", kwargs={"slug": shop.slug, "id": friend.pk})


def again_url(shop, friend, message) -> str:
    ids = {"slug": shop.slug, "id": friend.pk, "object_id": message.pk}
    return reverse("campaigns:message_again", kwargs=ids)


def numbers(message: Message) -> tuple[int, int, int]:
    """How many were sent, failed and were skipped at the step of a letter, each equal to the people behind it."""
    found = steps_with_numbers(message.sequence)[0]
    told = (found.sent, found.failed, found.skipped)
    behind = [
        messages_of_step(message.sequence, message.step_key, outcome=name).count()
        for name in ("sent", "failed", "skipped")
    ]
    assert list(told) == behind
    assert nothing_is_wrong()
    return told


def nothing_is_wrong() -> bool:
    """Counts, queue and timelines agree with the letters."""
    return not wrong_counts() + lost_places() + untold_letters()


def test_the_line_stays_with_its_reason_and_one_press_sends_it_once_more(nora, shop, friend, refused, mail_server):
    assert refused.state == "failed"
    page = nora.get(page_of(shop, friend)).content.decode()
    assert "did not get through" in page
    assert "It was refused. Said: 550 5.7.1 not welcome here" in page
    assert again_url(shop, friend, refused) in page
    assert f"ask-{refused.id}" not in page
    for _press in range(2):
        answer = nora.post(again_url(shop, friend, refused), follow=True).content.decode()
        assert "It goes once more" in answer
    assert again_url(shop, friend, refused) not in answer
    assert "It was tried again." in answer
    made = Message.objects.get(idem_key=f"again:{refused.id}")
    assert QueuedMessage.objects.get().id == made.id
    assert numbers(refused) == (0, 0, 0)
    work()
    assert states_of(Message, contact=friend.id) == ["failed", "accepted"]
    assert len(mail_server.accepted) == 1
    assert Interaction.objects.filter(contact=friend, kind="message_sent").count() == 1
    assert numbers(refused) == (1, 0, 0)
    assert AuditEntry.objects.filter(action="message_tried_again").count() == 1
    answer = nora.post(again_url(shop, friend, refused), follow=True).content.decode()
    assert "It goes once more" not in answer
    work()
    assert len(mail_server.accepted) == 1


def test_who_has_left_meanwhile_gets_nothing_and_the_page_says_why(nora, shop, friend, refused, mail_server):
    withdraw_consent(friend, channel="email", topic=refused.topic, source="team", actor=owner_of(shop))
    answer = nora.post(again_url(shop, friend, refused), follow=True).content.decode()
    assert "It goes once more" not in answer
    refused.refresh_from_db()
    assert refused.state == "failed"
    assert not QueuedMessage.objects.exists()
    with pytest.raises(NotAllowed):
        send_once_more(friend, refused.id, actor=owner_of(shop))


def test_who_leaves_between_the_press_and_the_sending_gets_nothing(shop, friend, refused, mail_server):
    made = send_once_more(friend, refused.id, actor=owner_of(shop))
    withdraw_consent(friend, channel="email", topic=refused.topic, source="team", actor=owner_of(shop))
    work()
    made.refresh_from_db()
    assert made.state in ("cancelled", "skipped")
    assert mail_server.accepted == []
    assert numbers(refused) == (0, 0, 1)


def test_what_may_have_arrived_says_so_and_goes_only_when_somebody_wants_it(nora, shop, friend, seasonal, mail_server):
    message = letter_with(Trouble("dot", DROP_AFTER, times=1), seasonal, friend, mail_server)
    assert message.state == "unknown"
    page = nora.get(page_of(shop, friend)).content.decode()
    assert "may not have arrived" in page
    assert "Sent again, it may come twice." in page
    asked = page.partition(f'id="ask-{message.id}" popover role="dialog"')[2]
    assert f'popovertarget="ask-{message.id}">Try again' in page
    assert "If the first one did arrive, it comes a second time." in asked
    assert page.count(again_url(shop, friend, message)) == asked.count(again_url(shop, friend, message)) == 1
    nora.post(again_url(shop, friend, message))
    work()
    message.refresh_from_db()
    assert message.state == "accepted"
    assert nothing_is_wrong()


@pytest.mark.parametrize(
    ("state", "reason", "why"),
    [
        ("expired", "too_late", "it would come too late to be of use"),
        ("lost", "", "somebody of the team gave it up"),
        ("parked", "too_many_attempts", "before we have mended"),
        ("failed", "opted_out", "only they can open that"),
    ],
)
def test_what_may_not_be_tried_again_says_why_and_has_no_button(nora, shop, friend, refused, state, reason, why):
    Message.objects.filter(id=refused.id).update(state=state, reason=reason)
    page = nora.get(page_of(shop, friend)).content.decode()
    assert why in page
    assert "too_many_attempts" not in page
    assert again_url(shop, friend, refused) not in page
    with pytest.raises(Conflict):
        send_once_more(friend, refused.id, actor=owner_of(shop))
    assert not QueuedMessage.objects.exists()


def test_what_is_of_no_use_any_more_is_not_tried_again(nora, shop, friend, refused):
    Message.objects.filter(id=refused.id).update(expires_at=now())
    assert again_url(shop, friend, refused) not in nora.get(page_of(shop, friend)).content.decode()
    with pytest.raises(Conflict):
        send_once_more(friend, refused.id, actor=owner_of(shop))


def test_a_second_try_that_is_refused_can_be_tried_again_and_the_first_not(nora, shop, friend, refused, mail_server):
    mail_server.script(friend.primary_email, Trouble("rcpt", "550 5.7.1 not welcome here", times=1))
    assert numbers(refused) == (0, 1, 0)
    made = send_once_more(friend, refused.id, actor=owner_of(shop))
    work()
    assert numbers(refused) == (0, 1, 0)
    page = nora.get(page_of(shop, friend)).content.decode()
    assert again_url(shop, friend, made) in page
    assert again_url(shop, friend, refused) not in page
    with pytest.raises(Conflict):
        send_once_more(friend, refused.id, actor=owner_of(shop))
    send_once_more(friend, made.id, actor=owner_of(shop))
    work()
    assert states_of(Message, contact=friend.id) == ["failed", "failed", "accepted"]
    assert numbers(refused) == (1, 0, 0)


def told_failed_by_key(seasonal, friend, settings) -> tuple[MailApi, Message]:
    """A letter that a provider, which takes a key once, took and told to have failed afterwards."""
    api = MailApi()
    settings.MAIL_PROVIDER_URLS = api.urls
    connect_provider("resend")
    enroll_contacts(make_sequence(seasonal), [friend.id], source="staff")
    work()
    message = Message.objects.get()
    assert prove_message(message.id, state="refused", occurred_at=now())
    message.refresh_from_db()
    assert (message.state, len(api.accepted)) == ("failed", 1)
    return api, message


def test_a_provider_that_took_it_and_told_that_it_failed_is_handed_a_new_one(shop, seasonal, friend, settings):
    """Known by its key it would be answered with the old yes, and nothing would leave."""
    api, message = told_failed_by_key(seasonal, friend, settings)
    try:
        send_once_more(friend, message.id, actor=owner_of(shop))
        work()
        assert states_of(Message, contact=friend.id) == ["failed", "accepted"]
        assert len({letter.key for letter in api.accepted}) == len(api.accepted) == 2
        assert nothing_is_wrong()
    finally:
        api.stop()


def test_a_late_word_about_the_first_try_is_no_word_about_the_second(shop, seasonal, friend, settings):
    api, message = told_failed_by_key(seasonal, friend, settings)
    try:
        made = send_once_more(friend, message.id, actor=owner_of(shop))
        for state in ("accepted", "refused"):
            prove_message(message.id, state=state, occurred_at=now())
        assert QueuedMessage.objects.get().id == made.id
        work()
        assert len(api.accepted) == 2
        assert nothing_is_wrong()
    finally:
        api.stop()


def test_a_text_goes_once_more_and_fails_once_more_for_the_same_reason(shop, seasonal, settings):
    """The same report about the second one is news."""
    provider = SmsServer()
    settings.SMS_URL = provider.url
    try:
        make_sender()
        ana = make_text_friend(seasonal)
        enroll_contacts(make_text_sequence(seasonal), [ana.id], source="staff")
        work()
        message = Message.objects.get()
        hear_of_failure(message)
        made = send_once_more(ana, message.id, actor=owner_of(shop))
        hear_of_failure(message)
        assert QueuedMessage.objects.get().id == made.id
        work()
        assert states_of(Message) == ["failed", "accepted"]
        hear_of_failure(made)
        assert list(Message.objects.values_list("state", "reason")) == [("failed", "30003 reported")] * 2
        assert len({sent.key for sent in provider.accepted}) == len(provider.accepted) == 2
        assert nothing_is_wrong()
    finally:
        provider.stop()


def hear_of_failure(message: Message) -> None:
    """The provider reports that a text could not be brought to its phone."""
    body = f'{{"type": "status", "message_id": "{message.id}", "status": "failed", "code": "30003"}}'
    told = read_request(read_sms_url("sms+http://name:secret@localhost/"), body=body.encode(), form={}, query={})
    assert isinstance(told, Report)
    take_in_report(told, now=now())
    work_provider_events(current_business_id(), now() + timedelta(seconds=1))


# A first try that arrived after all


def hear(message: Message, kind: str) -> None:
    """A provider tells of a letter, and a worker brings it there."""
    account = add_account(provider="mailgun", name="Mailgun", secret="key")
    told = ToldEvent(f"{kind}-{message.id}", kind, message.id, message.address, now(), "Mozilla/5.0")
    take_in_events(account, [told], now=now())
    work_provider_events(current_business_id(), now() + timedelta(seconds=1))


@pytest.mark.parametrize("kind", ["delivered", "opened", "complained"])
def test_what_arrived_after_all_calls_off_the_second_try_and_says_so(nora, shop, friend, refused, mail_server, kind):
    made = send_once_more(friend, refused.id, actor=owner_of(shop))
    hear(refused, kind)
    made.refresh_from_db()
    assert made.state == "cancelled"
    assert states_of(Message) == ["complained" if kind == "complained" else "delivered", "cancelled"]
    assert not QueuedMessage.objects.exists()
    work()
    assert mail_server.accepted == []
    assert numbers(refused) == (1, 0, 0)
    if kind != "complained":
        assert made.reason == "arrived_after_all"
        page = nora.get(page_of(shop, friend)).content.decode()
        assert "did not go once more" in page
        assert "The first one arrived after all." in page
        assert "did not get through" not in page


@pytest.mark.parametrize(("told", "stands"), [("accepted", "failed"), ("bounced", "bounced")])
def test_what_left_and_did_not_arrive_calls_no_second_try_off(shop, friend, refused, mail_server, told, stands):
    send_once_more(friend, refused.id, actor=owner_of(shop))
    prove_message(refused.id, state=told, occurred_at=now())
    work()
    assert states_of(Message) == [stands, "accepted"]
    assert numbers(refused) == (1, 0, 0)


def test_who_follows_a_link_of_the_first_try_gets_no_second_one(client, shop, friend, refused, mail_server):
    send_once_more(friend, refused.id, actor=owner_of(shop))
    pass_time(60)
    QueuedMessage.objects.update(due_at=now() + timedelta(hours=1))
    link = MessageSigner(refused.business_id).tokens(refused.id).link
    assert client.get(f"/l/{link}/1", HTTP_USER_AGENT="Mozilla/5.0 (X11) Firefox/140.0").status_code == 302
    pass_time(11)
    work("webhooks")
    assert states_of(Message) == ["delivered", "cancelled"]
    assert nothing_is_wrong()


def test_the_newest_of_several_tries_is_called_off(shop, friend, refused, mail_server):
    mail_server.script(friend.primary_email, Trouble("rcpt", "550 5.7.1 not welcome here", times=1))
    second = send_once_more(friend, refused.id, actor=owner_of(shop))
    work()
    send_once_more(friend, second.id, actor=owner_of(shop))
    prove_message(refused.id, state="delivered", occurred_at=now())
    assert states_of(Message) == ["delivered", "failed", "cancelled"]
    work()
    assert mail_server.accepted == []
    assert numbers(refused) == (1, 0, 0)


def in_hand(token: UUID) -> ClaimedMessage:
    """The letter that waits, taken by a worker."""
    (claimed,) = claim_messages("sequence", token=token, now=now() + timedelta(seconds=1), count=1)
    return claimed


@pytest.mark.parametrize(
    ("end", "states"),
    [
        ("accepted", ["delivered", "accepted"]),
        ("failed", ["delivered", "failed"]),
        ("unknown", ["delivered", "unknown"]),
        ("queued", ["delivered", "skipped"]),
    ],
)
def test_a_second_try_that_is_on_its_way_is_not_called_off_and_counts_no_more(
    shop, friend, refused, mail_server, end, states
):
    """What comes back for now does not go again."""
    made = send_once_more(friend, refused.id, actor=owner_of(shop))
    token = uuid4()
    claimed = in_hand(token)
    assert pass_gate([claimed], token=token)[made.id].state == "handed"
    prove_message(refused.id, state="delivered", occurred_at=now())
    assert QueuedMessage.objects.get().id == made.id
    assert record_results(current_business_id(), [Result(claimed, end)], token=token) == 1
    pass_time(60)
    work()
    assert states_of(Message) == states
    assert mail_server.accepted == []
    assert numbers(refused) == (1, 0, 0)
    assert steps_with_numbers(refused.sequence)[0].unknown == 0
    assert list(unknown_of(refused.sequence)) == []
    with pytest.raises(Conflict):
        send_once_more(friend, made.id, actor=owner_of(shop))


def test_of_two_tries_that_both_arrived_one_counts(client, shop, friend, refused):
    made = send_once_more(friend, refused.id, actor=owner_of(shop))
    work()
    prove_message(refused.id, state="delivered", occurred_at=now())
    assert states_of(Message) == ["delivered", "accepted"]
    assert numbers(refused) == (1, 0, 0)
    pass_time(60)
    for letter in (refused, made):
        link = MessageSigner(letter.business_id).tokens(letter.id).link
        client.get(f"/l/{link}/1", HTTP_USER_AGENT="Mozilla/5.0 (X11) Firefox/140.0")
    pass_time(11)
    work("webhooks")
    assert steps_with_numbers(refused.sequence)[0].clicked == 1
    assert numbers(refused) == (1, 0, 0)


def test_a_second_try_in_the_hand_of_a_worker_is_called_off_before_the_gate(shop, friend, refused, mail_server):
    send_once_more(friend, refused.id, actor=owner_of(shop))
    token = uuid4()
    claimed = in_hand(token)
    prove_message(refused.id, state="delivered", occurred_at=now())
    assert pass_gate([claimed], token=token) == {}
    assert states_of(Message) == ["delivered", "cancelled"]


def test_a_place_that_the_second_try_had_is_free_again(shop, seasonal, friend, refused, mail_server):
    keep_hours(most_count=1)
    enroll_contacts(make_sequence(seasonal), [friend.id], source="staff")
    work()
    made = send_once_more(friend, refused.id, actor=owner_of(shop))
    work()
    assert made.id in Pressure.objects.get().message_ids
    prove_message(refused.id, state="delivered", occurred_at=now())
    assert made.id not in Pressure.objects.get().message_ids


def keep_hours(zone: str = "", most_count: int = 20) -> None:
    """The business writes from nine to six, so many letters a week; everybody lives in a zone."""
    hours = {"opens_minute": 9 * 60, "closes_minute": 18 * 60, "at_weekends": True}
    ChannelRule.objects.create(channel="email", most_count=most_count, most_days=7, **(hours if zone else {}))
    Contact.objects.update(timezone=zone)


def test_it_keeps_the_hours_of_its_reader(shop, friend, refused, mail_server):
    keep_hours(zone_at(3))
    made = send_once_more(friend, refused.id, actor=owner_of(shop))
    assert made.due_at == QueuedMessage.objects.get().due_at
    assert made.due_at.astimezone(ZoneInfo(zone_at(3))).hour == 9
    work()
    assert mail_server.accepted == []


def test_it_waits_for_the_measure_of_letters_though_the_first_had_waited_for_it(shop, seasonal, friend, refused):
    """Held once, a letter is not held again but let go: the new one has its own turn."""
    Message.objects.filter(id=refused.id).update(held_by="rule")
    count("step.held:rule", f"{refused.sequence_id}:{refused.step_key}")
    keep_hours(most_count=1)
    enroll_contacts(make_sequence(seasonal), [friend.id], source="staff")
    work()
    made = send_once_more(friend, refused.id, actor=owner_of(shop))
    work()
    made.refresh_from_db()
    assert (made.state, made.held_by) == ("deferred", "rule")
    pass_time(8 * 24 * 3600)
    work()
    made.refresh_from_db()
    assert made.state == "accepted"
    assert nothing_is_wrong()


def leave_sequence(message: Message) -> None:
    exit_enrollments(enrollment_id=message.enrollment_id, reason="manual")


def move_house(message: Message) -> None:
    Contact.objects.filter(id=message.contact_id).update(primary_email="new@example.com")


def put_away(message: Message) -> None:
    archive_sequence(message.sequence)


CHANGES = [
    (leave_sequence, "They have left its sequence.", "They left this sequence before the letter went out."),
    (put_away, "Its sequence was put away.", "The sequence was put away."),
    (move_house, "They have another address now", "Their yes was given for another address."),
]


@pytest.mark.parametrize(("change", "why_not", "why"), CHANGES)
def test_what_the_gate_would_stop_is_not_promised(nora, shop, friend, seasonal, mail_server, change, why_not, why):
    message = first_of_two(seasonal, friend, mail_server)
    change(message)
    answer = nora.post(again_url(shop, friend, message), follow=True).content.decode()
    assert why_not in answer
    assert "It goes once more" not in answer
    assert not QueuedMessage.objects.exists()
    assert states_of(Message) == ["failed"]


@pytest.mark.parametrize("trouble", [("rcpt", "550 5.7.1 no"), ("dot", DROP_AFTER)])
@pytest.mark.parametrize(("change", "why_not", "why"), CHANGES)
def test_what_the_gate_stops_after_a_press_is_told(
    nora, shop, friend, seasonal, mail_server, change, why_not, why, trouble
):
    message = first_of_two(seasonal, friend, mail_server, *trouble)
    made = send_once_more(friend, message.id, actor=owner_of(shop))
    change(message)
    work()
    made.refresh_from_db()
    assert made.state in ("skipped", "cancelled")
    page = nora.get(page_of(shop, friend)).content.decode()
    assert f"{why} So it did not go once more." in page
    assert again_url(shop, friend, made) not in page
    assert nothing_is_wrong()


def first_of_two(topic, friend, mail_server, where: str = "rcpt", answer: str = "550 5.7.1 no") -> Message:
    """The first letter of a sequence of two after its worker met a trouble; its reader is on the way still."""
    mail_server.script(friend.primary_email, Trouble(where, answer, times=1))
    enroll_contacts(make_sequence(topic, letters=2), [friend.id], source="staff")
    work()
    return Message.objects.get()


def test_it_is_for_those_who_may_send_and_for_this_person_alone(client, shop, friend, refused, seasonal):
    helper = make_member(shop, Role.HELPER, email="max@example.com")
    as_max = sign_in(client, helper.user)
    page = as_max.get(page_of(shop, friend)).content.decode()
    assert "did not get through" in page
    assert again_url(shop, friend, refused) not in page
    assert as_max.post(again_url(shop, friend, refused)).status_code == 403
    other = make_friend(seasonal, 1)
    with pytest.raises(NotFound):
        send_once_more(other, refused.id, actor=owner_of(shop))
    refused.refresh_from_db()
    assert refused.state == "failed"


def test_it_stands_at_its_place_among_the_lines_and_costs_the_same(nora, shop, friend, refused):
    before = len(statements_of(nora, page_of(shop, friend)))
    pass_time(3 * 24 * 3600)
    Interaction.objects.bulk_create(
        Interaction(contact=friend, kind="call", occurred_at=now(), source="test", external_id=str(number))
        for number in range(25)
    )
    first = nora.get(page_of(shop, friend)).content.decode()
    assert "did not get through" not in first
    cursor = first.partition("?cursor=")[2].partition("#")[0]
    older = nora.get(reverse("contacts:timeline", kwargs={"slug": shop.slug, "id": friend.pk}), {"cursor": cursor})
    assert older.content.decode().count("did not get through") == 2  # the line, and the name of its button
    assert len(statements_of(nora, page_of(shop, friend))) == before
