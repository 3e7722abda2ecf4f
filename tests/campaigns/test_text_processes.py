"""Texts by processes that are killed and raced: none twice, none lost in silence, none after a STOP."""

import time

import pytest
from django.db import connection

from campaigns.models import Message
from campaigns.services.enrollments import enroll_contact
from contacts.models import Interaction
from ecosystem.base import faults
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.services.invariants import check_invariants
from tests.campaigns.worker import die_at, start_worker
from tests.factories.campaigns import pass_time, work
from tests.factories.permission import make_business, make_topic
from tests.factories.texts import hear, make_sender, make_text_friend, make_text_sequence
from tests.sms_server import SmsServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
# Of three texts, each of which passes the gate by itself.
MOST_IN_DOUBT = {
    "after_claim": 0,
    "before_gate": 0,
    "after_gate": 0,
    "before_connect": 0,
    "before_data": 1,
    "before_final_dot": 1,
    "after_final_dot": 1,
    "before_result_commit": 0,
    "after_result_commit": 0,
}
# The line over which texts go has no word between its beginning and its end.
NOT_OF_TEXTS = {"after_data"}
SWEPT = {"in_sweeper", "before_requeue"}
LATER = (
    ("after_gate:3",),
    ("before_final_dot:3",),
    ("after_final_dot:2",),
    ("before_result_commit:2",),
    ("after_final_dot:2", "in_sweeper:1", "before_requeue:1"),
)


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


def test_cases_1_2_and_3_a_worker_killed_at_any_point_texts_nobody_twice(open_shop, provider, tmp_path):
    """CAMPAIGNS 4m cases 1, 2 and 3 for texts."""
    assert set(MOST_IN_DOUBT) | SWEPT | NOT_OF_TEXTS == faults.POINTS
    for place, point in enumerate(MOST_IN_DOUBT):
        kill_and_count(open_shop, place, (f"{point}:1",), provider, tmp_path)
    assert check_invariants().problems == ()


def test_rel_02_a_worker_killed_later_or_while_it_sweeps_texts_nobody_twice(open_shop, provider, tmp_path):
    """The n-th hit of a point, where texts before it have left already, and deaths upon deaths."""
    for place, plans in enumerate(LATER):
        kill_and_count(open_shop, place, plans, provider, tmp_path / str(place))
    assert check_invariants().problems == ()


def kill_and_count(open_shop, place: int, plans, provider, folder) -> None:
    """Kill a worker at each of the plans, let the next one finish, and count what became of three texts."""
    business, topic, sequence = open_shop
    numbers = [number_of(place * 3 + each) for each in range(3)]
    with business_scope(business):
        people = [make_text_friend(topic, number, number) for number in numbers]
        for person in people:
            enroll_contact(sequence, person, source="staff")
    for number in numbers if "result_commit:2" in plans[0] else ():
        # So slowly that what is known of the first is written down before the last.
        provider.script(number, 201, wait=1.2, words={"id": "x"})
    database = str(connection.settings_dict["NAME"])
    for plan in plans:
        die_at(plan, "sequence", database=database, fault_dir=folder, SMS_URL=provider.url)
        with business_scope(business):
            pass_time(61)
    work()
    with business_scope(business):
        states = list(Message.objects.filter(contact__in=people).values_list("state", flat=True))
        told = Interaction.objects.filter(kind="message_sent", contact__in=people).count()
    taken = [sent.to for sent in provider.accepted if sent.to in numbers]
    most = sum(MOST_IN_DOUBT.get(plan.partition(":")[0], 0) for plan in plans)
    assert len(states) == 3
    assert sorted(set(states)) in (["accepted"], ["accepted", "unknown"]), (plans, states)
    assert len(taken) == len(set(taken)), f"{plans}: texted twice"
    assert states.count("unknown") <= most, (plans, states)
    assert len(taken) >= states.count("accepted") == told, plans


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
