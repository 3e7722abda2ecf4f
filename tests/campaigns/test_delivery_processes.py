"""Delivery by processes that are killed, doubled, cut off and raced: nothing lost, nothing doubled."""

import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Enrollment, Message
from campaigns.services.delivery_turn import SUB_BATCH
from campaigns.services.enrollments import enroll_contacts
from contacts.models import Contact, Interaction
from contacts.services.consent import withdraw_consent
from ecosystem.base import faults
from ecosystem.base.sql import execute_alone, rows
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Agenda
from ecosystem.services.agenda import work_lane
from ecosystem.services.invariants import check_invariants
from tests.campaigns.worker import die_at, start_worker
from tests.factories.campaigns import make_friend, make_sequence, pass_time, work
from tests.factories.permission import make_business, make_topic
from tests.smtp_server import SmtpServer, Trouble

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
ENDS = {"accepted", "unknown"}
MOST_IN_DOUBT = {
    "after_claim": 0,
    "before_gate": 0,
    "after_gate": 0,
    "before_connect": 0,
    "before_data": 0,
    "after_data": 1,
    "before_final_dot": 1,
    "after_final_dot": 1,
    "before_result_commit": 0,
    "after_result_commit": 0,
}
# Deaths one after another, each of a worker of its own: at a later hit, of which a handful of letters has one or each
# letter has one, and while what the one before it left behind is judged, or is about to go once more.
SWEPT = {"in_sweeper", "before_requeue"}
LATER = (
    ("after_gate:2",),
    ("before_final_dot:2",),
    ("after_final_dot:3",),
    ("before_result_commit:2",),
    ("after_final_dot:2", "in_sweeper:1", "before_requeue:1"),
)


@pytest.fixture
def open_shop():
    """A bakery that stands in the database for other processes too; its topic, and a running sequence of one letter."""
    business = make_business("Oat & Ember")
    with business_scope(business):
        topic = make_topic()
        sequence = make_sequence(topic)
    return business, topic, sequence


def add_friends(topic, sequence, *, start: int, count: int) -> list[Contact]:
    """People who said yes and stand at the first letter."""
    people = [make_friend(topic, start + number) for number in range(count)]
    enroll_contacts(sequence, [person.id for person in people], source="staff")
    return people


def database() -> str:
    return str(connection.settings_dict["NAME"])


def test_rel_02_cases_1_2_and_3_a_worker_killed_at_any_point_sends_nothing_twice(open_shop, mail_server, tmp_path):
    """CAMPAIGNS 4m cases 1, 2 and 3 for letters that people may do without: killed after the claim, after the
    hand-over, after the provider took it."""
    business, topic, sequence = open_shop
    assert set(MOST_IN_DOUBT) | SWEPT == faults.POINTS
    for number, point in enumerate(MOST_IN_DOUBT):
        with business_scope(business):
            people = add_friends(topic, sequence, start=number * 10, count=4)
        kill_and_count(business, people, (f"{point}:1",), mail_server, tmp_path)
    assert check_invariants().problems == ()


def test_rel_02_a_worker_killed_later_or_while_it_sweeps_sends_nothing_twice_and_loses_nothing(
    open_shop, mail_server, tmp_path
):
    """The n-th hit of a point, where letters before it have left already, and deaths upon deaths."""
    business, topic, sequence = open_shop
    assert {plan.partition(":")[0] for plans in LATER for plan in plans} >= SWEPT
    for number, plans in enumerate(LATER):
        with business_scope(business):
            # More than one handful, that there is a second one.
            people = add_friends(topic, sequence, start=number * 30, count=SUB_BATCH + 4)
        kill_and_count(business, people, plans, mail_server, tmp_path / str(number))
    assert check_invariants().problems == ()


def most_in_doubt(plan: str) -> int:
    """How many letters one death may leave in doubt: at most the one that was under way."""
    return MOST_IN_DOUBT.get(plan.partition(":")[0], 0)


def kill_and_count(business, people, plans, mail_server, folder) -> None:
    """Kill a worker at each of the plans, let the next one finish, and count what became of the people's letters."""
    if "result_commit:2" in plans[0]:
        # So slowly that what is known of the first handful is written down before the second has gone.
        mail_server.script("*", Trouble("dot", 0.08, len(people)))
    for plan in plans:
        die_at(plan, "maintenance", "sequence", database=database(), fault_dir=folder, EMAIL_URL=mail_server.url)
        with business_scope(business):
            pass_time(61)
    work()
    with business_scope(business):
        mine = Message.objects.filter(contact__in=people)
        states = list(mine.values_list("state", flat=True))
        told = Interaction.objects.filter(kind="message_sent", contact__in=people).count()
    taken = [mail for mail in mail_server.accepted if mail.recipient in {one.primary_email for one in people}]
    ids = [mail.message_id for mail in taken]
    assert len(states) == len(people), plans
    assert set(states) <= ENDS, (plans, states)
    assert len(ids) == len(set(ids)), f"{plans}: sent twice"
    most = sum(most_in_doubt(plan) for plan in plans)
    assert states.count("unknown") <= most, (plans, states)
    assert len(ids) >= states.count("accepted") == told, plans
    assert len(ids) >= len(people) - states.count("unknown"), plans


def test_rel_09_case_27_two_beats_and_three_workers_send_each_letter_once(open_shop, mail_server, tmp_path):
    """CAMPAIGNS 4m case 27, by processes that all serve the same lanes."""
    business, topic, sequence = open_shop
    with business_scope(business):
        add_friends(topic, sequence, start=0, count=60)
        walks = Enrollment.objects.count()
    workers = [
        start_worker("maintenance", "sequence", database=database(), fault_dir=tmp_path, EMAIL_URL=mail_server.url)
        for _ in range(3)
    ]
    for worker in workers:
        assert worker.communicate(timeout=90)[0] == b""
    work()
    ids = [mail.message_id for mail in mail_server.accepted]
    assert (walks, len(ids), len(set(ids))) == (60, 60, 60)
    with business_scope(business):
        assert set(Message.objects.values_list("state", flat=True)) == {"accepted"}
        assert Interaction.objects.filter(kind="message_sent").count() == 60
    assert check_invariants().problems == ()


def test_rel_15_case_11_who_leaves_while_letters_go_out_gets_none_after_it(open_shop, mail_server, tmp_path):
    """CAMPAIGNS 4m case 11, raced."""
    business, topic, sequence = open_shop
    with business_scope(business):
        people = add_friends(topic, sequence, start=0, count=60)
    worker = start_worker("maintenance", "sequence", database=database(), fault_dir=tmp_path, EMAIL_URL=mail_server.url)
    left_at = {}
    for person in reversed(people):
        with business_scope(business):
            withdraw_consent(person, channel="email", topic=topic, source="unsubscribe")
        left_at[person.id] = timezone.now()
    worker.communicate(timeout=90)
    work()
    with business_scope(business):
        for message in Message.objects.all():
            if message.state == "accepted":
                assert message.handed_at < left_at[message.contact_id]
            else:
                assert message.state in {"cancelled", "skipped"}, message.state
        sent = Message.objects.filter(state="accepted").count()
    assert len(mail_server.accepted) == sent


def test_rel_07_a_cut_connection_to_postgresql_ends_no_worker_and_doubles_nothing(open_shop, mail_server, tmp_path):
    business, topic, sequence = open_shop
    with business_scope(business):
        add_friends(topic, sequence, start=0, count=30)
    plan = "after_gate:1:sleep:2,before_result_commit:1:sleep:2"
    worker = start_worker(
        "maintenance", "sequence", database=database(), fault_dir=tmp_path, EMAIL_URL=mail_server.url, FAULT_PLAN=plan
    )
    for _ in range(2):
        wait_for(lambda: (tmp_path / "after_gate").exists())
        time.sleep(1.0)
        cut_others()
        wait_for(lambda: (tmp_path / "before_result_commit").exists() or worker.poll() is not None)
    worker.communicate(timeout=90)
    assert worker.returncode == 0
    with business_scope(business):
        pass_time(61)
    work()
    ids = [mail.message_id for mail in mail_server.accepted]
    assert len(ids) == len(set(ids))
    with business_scope(business):
        states = list(Message.objects.values_list("state", flat=True))
    assert set(states) <= ENDS
    assert len(ids) >= 30 - states.count("unknown")
    assert check_invariants().problems == ()


def test_rel_08_work_that_was_noted_while_redis_is_away_is_done_all_the_same(open_shop, mail_server, tmp_path):
    business, topic, sequence = open_shop
    with business_scope(business):
        add_friends(topic, sequence, start=0, count=2)
    away = {"REDIS_URL": "redis://127.0.0.1:1/0", "CACHE_URL": "redis://127.0.0.1:1/1", "EMAIL_URL": mail_server.url}
    worker = start_worker("maintenance", "sequence", database=database(), fault_dir=tmp_path, **away)
    assert worker.communicate(timeout=60)[0] == b""
    assert worker.returncode == 0
    assert len(mail_server.accepted) == 2
    assert check_invariants().problems == ()


def test_case_24_a_large_business_does_not_starve_a_small_one(mail_server: SmtpServer):
    """CAMPAIGNS 4m case 24 in small; at full size `manage.py bench send.fair`."""
    shops = []
    for name, owner, count in (("Large", "large@example.com", 130), ("Small", "small@example.com", 1)):
        business = make_business(name, owner=owner)
        with business_scope(business):
            topic = make_topic()
            add_friends(topic, make_sequence(topic), start=1000 * len(shops), count=count)
        shops.append(business)
    small = "friend1000@example.com"
    work_lane("maintenance")
    while small not in {mail.recipient for mail in mail_server.accepted}:
        work_lane("sequence", seconds=0.01)
    assert len(mail_server.accepted) <= 110
    assert Agenda.objects.filter(queue="send.sequence").count() == 2


def wait_for(condition, seconds: float = 30.0) -> None:
    """Wait until something is so; fails when it never is."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def cut_others() -> None:
    """Cut every other connection to this test's database."""
    rows(
        "SELECT pg_terminate_backend(pid) AS cut FROM pg_stat_activity "
        "WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
    )


def test_a_statement_of_its_own_leaves_no_door_open(open_shop):
    business, _topic, _sequence = open_shop
    other = make_business("Hale's Garage", owner="gus@example.com")
    count = "UPDATE ecosystem_businessprofile SET town = town WHERE %(business_id)s > 0"
    rows("SELECT set_config('synchronous_commit', 'on', false)")
    with CaptureQueriesContext(connection) as queries:
        assert execute_alone(count, {}, business_id=business.pk, waits_for_disk=False) == 1
    assert len(queries) == 1
    settings = (
        "SELECT current_setting('app.business_id', true) AS business, current_setting('synchronous_commit') AS waits"
    )
    assert rows(settings) == [{"business": "", "waits": "on"}]
    assert rows("SELECT count(*) AS seen FROM ecosystem_businessprofile") == [{"seen": 0}]
    with business_scope(other):
        assert execute_alone(count, {}, business_id=business.pk) == 1
        assert rows("SELECT business_id FROM ecosystem_businessprofile") == [{"business_id": other.pk}]
