"""Texts by processes that are killed and raced: none twice, none lost in silence, none after a STOP."""

import time

import pytest
from django.db import connection

from campaigns.models import Message
from campaigns.services.enrollments import enroll_contact
from contacts.models import Interaction
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from tests.campaigns.worker import start_worker
from tests.factories.campaigns import pass_time, work
from tests.factories.permission import make_business, make_topic
from tests.factories.texts import hear, make_sender, make_text_friend, make_text_sequence
from tests.sms_server import SmsServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
# Of three texts, each of which passes the gate by itself.
MOST_IN_DOUBT = {
    "after_gate": 0,
    "before_connect": 0,
    "before_data": 1,
    "before_final_dot": 1,
    "after_final_dot": 1,
    "before_result_commit": 0,
    "after_result_commit": 0,
}


@pytest.fixture
def provider(settings):
    server = SmsServer()
    settings.SMS_URL = server.url
    yield server
    server.stop()


@pytest.fixture
def open_shop():
    """A bakery that stands in the database for other processes too, with a running sequence of one text."""
    business = make_business("Oat & Ember")
    with business_scope(business):
        make_sender()
        topic = make_topic()
        sequence = make_text_sequence(topic)
    return business, topic, sequence


def start(provider, folder, **environment):
    database = str(connection.settings_dict["NAME"])
    return start_worker("sequence", database=database, fault_dir=folder, SMS_URL=provider.url, **environment)


def number_of(number: int) -> str:
    return f"+1202555{100 + number:04}"


def test_cases_2_and_3_a_worker_killed_at_any_point_texts_nobody_twice(open_shop, provider, tmp_path):
    """CAMPAIGNS 4m cases 1, 2 and 3 for texts."""
    business, topic, sequence = open_shop
    for place, (point, most) in enumerate(MOST_IN_DOUBT.items()):
        numbers = [number_of(place * 3 + each) for each in range(3)]
        with business_scope(business):
            people = [make_text_friend(topic, number, number) for number in numbers]
            for person in people:
                enroll_contact(sequence, person, source="staff")
        worker = start(provider, tmp_path / point, FAULT_PLAN=f"{point}:1:kill")
        words = worker.communicate(timeout=60)[0].decode()
        assert worker.returncode == -9, f"{point} was never reached: {words}"
        with business_scope(business):
            pass_time(61)
        work()
        with business_scope(business):
            states = list(Message.objects.filter(contact__in=people).values_list("state", flat=True))
            told = Interaction.objects.filter(kind="message_sent", contact__in=people).count()
        taken = [sent.to for sent in provider.accepted if sent.to in numbers]
        assert sorted(set(states)) in (["accepted"], ["accepted", "unknown"]), (point, states)
        assert len(taken) == len(set(taken)), f"{point}: texted twice"
        assert states.count("unknown") <= most, (point, states)
        assert len(taken) >= states.count("accepted") == told, point


def test_s4_case_12_who_stops_while_texts_go_out_gets_none_after_it(open_shop, provider, tmp_path):
    """CAMPAIGNS 4m case 12 (STOP), raced."""
    business, topic, sequence = open_shop
    with business_scope(business):
        people = [make_text_friend(topic, number_of(each), str(each)) for each in range(12)]
        for person in people:
            enroll_contact(sequence, person, source="staff")
    for person in people:
        provider.script(person.primary_phone, 201, wait=0.05, words={"id": "x"})
    worker = start(provider, tmp_path)
    deadline = time.monotonic() + 30
    while len(provider.accepted) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    stopped_at = {}
    for person in people[::-1][:6]:
        with business_scope(business):
            hear("Stop", person.primary_phone)
        stopped_at[person.primary_phone] = (now(), len(provider.accepted))
    assert worker.communicate(timeout=60)[0] == b""
    with business_scope(business):
        ends = dict(Message.objects.exclude(sequence=None).values_list("address", "state"))
        handed = dict(Message.objects.exclude(sequence=None).values_list("address", "handed_at"))
    assert set(ends.values()) == {"accepted", "cancelled"}
    assert sum(state == "accepted" for state in ends.values()) == len([s for s in provider.accepted if "rye" in s.text])
    for number, (moment, _count) in stopped_at.items():
        # What had been handed over may still arrive; nothing is handed over after the STOP was heard.
        assert ends[number] == "cancelled" or handed[number] <= moment
