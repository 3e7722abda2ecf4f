"""SEC-58: whoever stops all sending, an owner for their business or the operator for all, is obeyed within seconds."""

import time

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client

from campaigns.models import Message
from campaigns.services.advancing import advance
from campaigns.services.delivery_claims import claim_messages
from campaigns.services.delivery_gate import pass_gate
from campaigns.services.enrollments import enroll_contacts
from ecosystem.base.clock import now
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AccountEmail, BusinessProfile
from ecosystem.services.sending import find_sending_stop
from tests.campaigns.test_delivery_processes import wait_for
from tests.campaigns.worker import start_worker
from tests.factories.campaigns import make_friend, make_sequence, pass_time, work
from tests.factories.ecosystem import sign_in
from tests.factories.permission import make_business, make_topic, owner_of
from tests.smtp_server import Trouble

REASON = "We look into a leak."


def planned(business, count: int = 1) -> None:
    """So many letters that are due."""
    with business_scope(business):
        topic = make_topic()
        people = [make_friend(topic, number) for number in range(count)]
        enroll_contacts(make_sequence(topic), [person.id for person in people], source="staff")


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(120)
@pytest.mark.parametrize("whose", ["business", "everybody"])
def test_sec_58_a_kill_switch_is_obeyed_within_five_seconds_in_the_middle_of_a_handful(mail_server, tmp_path, whose):
    business = make_business()
    planned(business, 15)
    mail_server.script("*", Trouble("dot", 0.8))
    database = str(connection.settings_dict["NAME"])
    given = {"EMAIL_URL": mail_server.url, "fault_dir": tmp_path}
    worker = start_worker("maintenance", "sequence", database=database, **given)
    wait_for(lambda: len(mail_server.accepted) >= 2)
    if whose == "business":
        call_command("stop_sending", business=business.slug, reason=REASON)
    else:
        call_command("stop_sending", reason=REASON)
    time.sleep(5.0)
    after_five = len(mail_server.accepted)
    worker.communicate(timeout=60)
    work()
    assert len(mail_server.accepted) == after_five < 12
    with business_scope(business):
        states = list(Message.objects.values_list("state", flat=True))
    assert (states.count("accepted"), set(states) <= {"accepted", "queued"}) == (after_five, True)
    mail_server._troubles.clear()
    call_command("resume_sending", **({"business": business.slug} if whose == "business" else {}))
    with business_scope(business):
        pass_time(400)
    work()
    assert len(mail_server.accepted) == len({mail.message_id for mail in mail_server.accepted}) == 15


@pytest.mark.django_db
def test_sec_58_the_switch_of_all_stops_every_business_and_no_sign_in(mail_server):
    shops = [make_business(), make_business("Hale's Garage", owner="gus@example.com")]
    for business in shops:
        planned(business)
    call_command("stop_sending", reason=REASON)
    call_command("stop_sending", reason="Again.")
    assert find_sending_stop().reason == REASON
    work()
    assert mail_server.accepted == []
    nora = sign_in(Client(), owner_of(shops[0]).user)
    page = nora.get(f"/b/{shops[0].slug}/sending/").content.decode()
    assert REASON in page
    call_command("resume_sending")
    for business in shops:
        with business_scope(business):
            pass_time(400)
    work()
    assert len(mail_server.accepted) == 2


@pytest.mark.django_db
def test_sec_58_the_gate_holds_what_was_claimed_before_all_was_stopped(shop, seasonal, mail_server):
    """The wall itself: a turn that has begun is stopped at its gate."""
    enroll_contacts(make_sequence(seasonal), [make_friend(seasonal).id], source="staff")
    advance(now())
    token = uuid7()
    claimed = claim_messages("sequence", token=token, now=now(), count=10)
    assert len(claimed) == 1
    call_command("stop_sending", reason=REASON)
    passages = pass_gate(claimed, token=token)
    assert [(one.state, one.reason) for one in passages.values()] == [("deferred", "business_paused")]


@pytest.mark.django_db
def test_the_owner_stops_everything_with_one_button_and_lets_it_go_on(shop):
    nora = sign_in(Client(), owner_of(shop).user)
    url = f"/b/{shop.slug}/sending/"
    assert "Stop all sending now" in nora.get(url).content.decode()
    nora.post(url, {"do": "pause"})
    assert BusinessProfile.objects.get().sending_paused_at is not None
    nora.post(url, {"do": "resume"})
    assert BusinessProfile.objects.get().sending_paused_at is None


@pytest.mark.django_db
def test_what_the_operator_stops_is_told_to_its_owners_and_a_slip_stops_nobody(shop, capsys):
    call_command("stop_sending", business=shop.slug, reason=REASON)
    assert BusinessProfile.objects.get().sending_paused_reason == REASON
    assert AccountEmail.objects.count() == 1
    call_command("stop_sending", business=shop.slug, reason=REASON)
    assert "It was stopped already." in capsys.readouterr().out
    with pytest.raises(CommandError, match="no such business"):
        call_command("stop_sending", business="nobody", reason=REASON)
    with pytest.raises(CommandError, match="Say why"):
        call_command("stop_sending", reason=" ")
    assert find_sending_stop() is None
    call_command("resume_sending")
    assert "Nothing was stopped." in capsys.readouterr().out
