"""Too many complaints or dead addresses stop everything that a business sends, until somebody looks."""

from datetime import timedelta

import pytest
from django.urls import reverse

from campaigns.models import Message
from campaigns.services.enrollments import enroll_contacts
from campaigns.services.standing import judge_standing
from contacts.services.interactions import NewInteraction, record_interactions
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AccountEmail, AuditEntry, BusinessProfile
from ecosystem.services.sending import pause_sending, resume_sending
from tests.factories.campaigns import make_friend, make_sequence, pass_time, work
from tests.factories.ecosystem import sign_in
from tests.factories.permission import make_member, owner_of
from tests.smtp_server import Trouble

pytestmark = pytest.mark.django_db


def write_down(contact, *, sent: int, state: str, gone: int, at=None, channel: str = "email") -> None:
    """So many letters that went to a person, some of which ended otherwise."""
    moment = at or now()
    kind = {
        "kind": "message_sent",
        "source": "test",
        "contact_id": contact.id,
        "occurred_at": moment,
        "channel": channel,
    }
    record_interactions([NewInteraction(external_id=f"{channel}{moment}{number}", **kind) for number in range(sent)])
    start = Message.objects.count()
    Message.objects.bulk_create(
        [
            Message(
                idem_key=f"x:{start + number}", message_class="marketing", lane="broadcast", address="a@example.com",
                address_hash="", state=state, handed_at=moment, contact=contact,
            )
            for number in range(gone)
        ]
    )  # fmt: skip


def is_paused() -> bool:
    return BusinessProfile.objects.get().sending_paused_at is not None


@pytest.mark.parametrize(
    ("sent", "state", "gone", "stops"),
    [
        (100, "bounced", 7, False),
        (100, "bounced", 8, True),
        (101, "bounced", 8, False),
        (499, "bounced", 40, True),
        (500, "complained", 2, False),
        (500, "complained", 3, True),
        (1000, "complained", 3, True),
        (3, "complained", 3, True),
    ],
)
def test_sec_57_the_measures_are_those_that_were_written_down(shop, seasonal, sent, state, gone, stops):
    ana = make_friend(seasonal)
    write_down(ana, sent=sent, state=state, gone=gone)
    assert judge_standing(now()) is stops
    assert is_paused() is stops


def test_sec_57_texts_thin_out_no_measure_of_letters(shop, seasonal):
    ana = make_friend(seasonal)
    write_down(ana, sent=450, state="bounced", gone=0, channel="sms")
    write_down(ana, sent=50, state="bounced", gone=30)
    assert judge_standing(now()) is True


def test_sec_57_only_the_last_letters_count(shop, seasonal):
    ana = make_friend(seasonal)
    write_down(ana, sent=100, state="bounced", gone=60, at=now() - timedelta(days=3))
    BusinessProfile.objects.update(created_at=now() - timedelta(days=30))
    write_down(ana, sent=500, state="bounced", gone=0)
    assert judge_standing(now()) is False


def test_sec_57_the_owner_is_told_once_and_judged_anew_after_going_on(shop, seasonal):
    ana = make_friend(seasonal)
    write_down(ana, sent=50, state="complained", gone=3)
    assert judge_standing(now()) is True
    assert judge_standing(now()) is False
    assert AccountEmail.objects.count() == 1
    assert "3 of your last 50 letters were called unwanted." in BusinessProfile.objects.get().sending_paused_reason
    resume_sending(actor=owner_of(shop), now=now())
    assert judge_standing(now()) is False
    assert not is_paused()
    acts = set(AuditEntry.objects.filter(action__startswith="sending").values_list("action", flat=True))
    assert acts == {"sending_paused", "sending_resumed"}


def test_sec_57_addresses_that_do_not_exist_stop_the_rest_of_a_sequence(shop, seasonal, mail_server):
    """Of a hundred and twenty letters the server refuses each address: at most one claim leaves after the eighth."""
    sequence = make_sequence(seasonal)
    people = [make_friend(seasonal, number) for number in range(120)]
    enroll_contacts(sequence, [person.id for person in people], source="staff")
    mail_server.script("*", Trouble("rcpt", "550 5.1.1 no such user"))
    work(times=4)
    assert is_paused()
    asked = sum(command.startswith("RCPT") for command in mail_server.commands)
    assert asked <= 100
    assert Message.objects.filter(state__in=["queued", "deferred"]).count() == 120 - asked
    mail_server._troubles.clear()
    resume_sending(actor=owner_of(shop), now=now())
    pass_time(400)
    work(times=4)
    assert Message.objects.filter(state="accepted").count() == 120 - asked


def test_the_page_stops_and_lets_go_and_every_page_says_so(client, shop):
    sign_in(client, owner_of(shop).user)
    url = reverse("ecosystem:sending", args=[shop.slug])
    today = reverse("ecosystem:today", args=[shop.slug])
    assert "Nothing is sent for now." not in client.get(today).content.decode()
    client.post(url, {"do": "pause"})
    client.post(url, {"do": "pause"})
    assert AuditEntry.objects.filter(action="sending_paused").count() == 1
    assert not AccountEmail.objects.exists()
    assert "Nothing is sent for now." in client.get(today).content.decode()
    assert "Send again" in client.get(url).content.decode()
    client.post(url, {"do": "resume"})
    assert not is_paused()
    assert "Nothing is sent for now." not in client.get(today).content.decode()


@pytest.mark.parametrize(("sent", "gone", "warns"), [(1000, 1, True), (900, 1, True), (1000, 0, False)])
def test_e8_the_owner_is_warned_from_one_complaint_in_a_thousand_on(client, shop, seasonal, sent, gone, warns):
    write_down(make_friend(seasonal), sent=sent, state="complained", gone=gone)
    assert judge_standing(now()) is False
    sign_in(client, owner_of(shop).user)
    page = client.get(reverse("ecosystem:sending", args=[shop.slug]))
    assert [figure.value for figure in page.context["figures"]] == [sent, gone, 0]
    assert ("Mailboxes grow wary" in page.content.decode()) is warns


def test_staff_see_it_and_may_not_change_it(client, shop):
    pause_sending(reason="Too many.", actor=None, now=now())
    sign_in(client, make_member(shop, "staff").user)
    assert client.post(reverse("ecosystem:sending", args=[shop.slug]), {"do": "resume"}).status_code == 403
    page = client.get(reverse("ecosystem:today", args=[shop.slug])).content.decode()
    assert "Too many." in page
    assert "See what to do" not in page
    with business_scope(shop):
        assert is_paused()
