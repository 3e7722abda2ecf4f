"""Letters by the key of a provider, sent by processes that are killed: the contract of SMTP, or better.

Where the provider knows letters by a key, each goes exactly once. Where it does not, at most once, and what is not
known is counted.
"""

from datetime import timedelta

import pytest
from django.db import connection

from campaigns.gateways.http_line import forget_rests
from campaigns.models import Message
from campaigns.services.delivery_turn import SUB_BATCH
from campaigns.services.enrollments import enroll_contacts
from contacts.models import Contact, Interaction
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Tally
from ecosystem.services.invariants import check_invariants
from tests.campaigns.worker import die_at
from tests.factories.campaigns import make_friend, make_sequence, pass_time, work
from tests.factories.mail import connect_provider
from tests.factories.permission import make_business, make_topic
from tests.mail_api import CUT_AFTER, CUT_BEFORE, Answer, Letter, MailApi

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
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
LATER = (
    ("after_gate:2",),
    ("before_data:3",),
    ("before_final_dot:2",),
    ("after_final_dot:3",),
    ("before_result_commit:2",),
    ("after_result_commit:2",),
    ("after_final_dot:2", "in_sweeper:1", "before_requeue:1"),
)


@pytest.fixture
def api(settings):
    server = MailApi()
    settings.MAIL_PROVIDER_URLS = server.urls
    forget_rests()
    yield server
    server.stop()


@pytest.fixture
def open_shop(db):
    """A bakery that stands in the database for other processes too; its topic, and a running sequence of one letter."""
    business = make_business("Oat & Ember")
    with business_scope(business):
        topic = make_topic()
        return business, topic, make_sequence(topic)


def add_friends(topic, sequence, *, start: int, count: int) -> list[Contact]:
    people = [make_friend(topic, start + number) for number in range(count)]
    enroll_contacts(sequence, [person.id for person in people], source="staff")
    return people


def unknown_counted() -> int:
    return sum(Tally.objects.filter(name="step.unknown").values_list("amount", flat=True))


@pytest.mark.parametrize("marks", ["/nowhere", "/dev/shm"])
@pytest.mark.parametrize("provider", ["resend", "postmark"])
def test_rel_02_cases_1_2_and_3_a_worker_killed_at_any_point_over_http_keeps_the_contract(
    open_shop, api, tmp_path, settings, provider, marks
):
    """CAMPAIGNS 4m cases 1, 2 and 3 over HTTP, with keys and without."""
    settings.RUNNING_MARKS_DIR = marks
    business, topic, sequence = open_shop
    with business_scope(business):
        connect_provider(provider)
    for number, point in enumerate(MOST_IN_DOUBT):
        with business_scope(business):
            people = add_friends(topic, sequence, start=number * 10, count=4)
        kill_and_count(business, people, (f"{point}:1",), api, tmp_path, provider, marks)
    with business_scope(business):
        assert unknown_counted() == Message.objects.filter(state="unknown").count()
    assert check_invariants().problems == ()


@pytest.mark.parametrize("provider", ["resend", "postmark"])
def test_rel_02_a_worker_killed_later_or_while_it_sweeps_over_http_keeps_the_contract(
    open_shop, api, tmp_path, provider
):
    """The second and third hit of a point, where letters before it have left already, and deaths upon deaths."""
    business, topic, sequence = open_shop
    with business_scope(business):
        connect_provider(provider)
    for number, plans in enumerate(LATER):
        with business_scope(business):
            # More than one handful, that there is a second one.
            people = add_friends(topic, sequence, start=number * 30, count=SUB_BATCH + 4)
        kill_and_count(business, people, plans, api, tmp_path / str(number), provider, "/dev/shm")
    with business_scope(business):
        assert unknown_counted() == Message.objects.filter(state="unknown").count()
    assert check_invariants().problems == ()


def kill_and_count(business, people, plans, api, folder, provider, marks) -> None:
    """Kill a worker at each of the plans, let the next one finish, and count what became of the people's letters."""
    database, urls = str(connection.settings_dict["NAME"]), ",".join(f"{name}={url}" for name, url in api.urls.items())
    given = {"MAIL_PROVIDER_URLS": urls, "RUNNING_MARKS_DIR": marks}
    if "result_commit:2" in plans[0]:
        # So slowly that what is known of the first handful is written down before the second has gone.
        api.script("*", Answer(200, wait=0.08), times=len(people))
    for plan in plans:
        die_at(plan, "maintenance", "sequence", database=database, fault_dir=folder, **given)
        with business_scope(business):
            pass_time(61)
    work()
    with business_scope(business):
        states = list(Message.objects.filter(contact__in=people).values_list("state", flat=True))
        told = Interaction.objects.filter(kind="message_sent", contact__in=people).count()
    addresses = {one.primary_email for one in people}
    ids = [letter.message_id for letter in api.accepted if letter.recipient in addresses]
    assert len(states) == len(people), plans
    assert len(ids) == len(set(ids)), f"{plans}: sent twice"
    assert set(states) <= {"accepted", "unknown"}, (plans, states)
    if provider == "resend":
        assert (states.count("accepted"), told, len(ids)) == (len(people),) * 3, plans
        return
    # Marks in rows keep no answers: what a worker had heard and not written down is not known.
    is_unheard = marks == "/nowhere" and plans[0].startswith("before_result_commit")
    most = len(people) if is_unheard else sum(MOST_IN_DOUBT.get(plan.partition(":")[0], 0) for plan in plans)
    assert states.count("unknown") <= most, (plans, states)
    assert len(ids) >= states.count("accepted") == told, plans
    assert len(ids) >= len(people) - states.count("unknown"), plans


@pytest.fixture
def doubtful(open_shop, api):
    """A letter that the provider took without a word, twice and again, so that nobody knows."""
    business, topic, sequence = open_shop
    with business_scope(business):
        account = connect_provider("resend")
        add_friends(topic, sequence, start=0, count=1)
    api.script("*", Answer(CUT_AFTER), times=3)
    work()
    with business_scope(business):
        assert Message.objects.get().state == "unknown"
        assert unknown_counted() == 1
    return business, account


def test_what_is_in_doubt_at_a_provider_with_keys_is_asked_for_until_it_is_known(doubtful, api):
    business, _account = doubtful
    with business_scope(business):
        pass_time(40)
    work()
    with business_scope(business):
        assert Message.objects.get().state == "accepted"
        assert unknown_counted() == 0
    assert len(api.accepted) == 1


@pytest.mark.parametrize(("attempt", "answered", "state"), [(5, 0, "unknown"), (5, 1, "accepted"), (9, 5, "accepted")])
def test_a_refusal_before_the_doubt_takes_no_asking_away(doubtful, api, attempt, answered, state):
    business, _account = doubtful
    with business_scope(business):
        Message.objects.update(attempt=attempt, answered=answered)
        pass_time(10_000)
    work()
    with business_scope(business):
        assert Message.objects.get().state == state


def doubt(open_shop, api, *answers: Answer, provider: str = "postmark") -> tuple[object, object]:
    """Letters by a provider, of which nobody knows whether it took them; it took those that were cut after it did."""
    business, topic, sequence = open_shop
    for number, answer in enumerate(answers):
        api.script(f"friend{number}@example.com", answer)
    with business_scope(business):
        account = connect_provider(provider)
        add_friends(topic, sequence, start=0, count=len(answers))
    work()
    with business_scope(business):
        assert set(Message.objects.values_list("state", flat=True)) == {"unknown"}
    return business, account


@pytest.mark.parametrize(("provider", "named"), [("postmark", "pm-1"), ("mailgun", "<mg-1@mg.example.com>")])
def test_a_provider_without_keys_is_asked_whether_it_has_a_letter(open_shop, api, provider, named):
    """CAMPAIGNS 4c and the delivery contract: looked up by our own id, and nothing goes twice."""
    business, _account = doubt(open_shop, api, Answer(CUT_AFTER), Answer(CUT_BEFORE), provider=provider)
    work()
    assert api.looked_up == [], "it is not asked within the first minute"
    for _ in range(2):
        with business_scope(business):
            pass_time(70)
        work()
    with business_scope(business):
        states = dict(Message.objects.values_list("address", "state"))
        assert states == {"friend0@example.com": "accepted", "friend1@example.com": "unknown"}
        proved = Message.objects.get(state="accepted")
        assert (proved.provider_id, unknown_counted()) == (named, 1)
        assert Interaction.objects.filter(kind="message_sent").count() == 1
    for _ in range(8):
        with business_scope(business):
            pass_time(250)
        work()
    # Asked about four times in a quarter of an hour, and then no more: somebody decides.
    assert 4 <= len(api.looked_up) <= 7
    assert (len(api.accepted), len(api.asked)) == (1, 2)


def test_another_letter_to_the_same_address_proves_nothing(open_shop, api):
    business, _account = doubt(open_shop, api, Answer(CUT_BEFORE), provider="mailgun")
    api.accepted.append(Letter("mailgun", "", "friend0@example.com", "", "", "", {}, {"letter": str(uuid7())}))
    with business_scope(business):
        pass_time(70)
    work()
    assert len(api.looked_up) == 1
    with business_scope(business):
        assert Message.objects.get().state == "unknown"


@pytest.mark.parametrize("provider", ["postmark", "mailgun"])
@pytest.mark.parametrize("trouble", ["key", "server"])
def test_a_lookup_that_fails_leaves_the_doubt(open_shop, api, trouble, provider):
    business, _account = doubt(open_shop, api, Answer(CUT_AFTER), provider=provider)
    api.lookups_fail = trouble == "server"
    api.secret = "another" if trouble == "key" else api.secret
    with business_scope(business):
        pass_time(70)
    work()
    assert len(api.looked_up) == 1
    with business_scope(business):
        assert Message.objects.get().state == "unknown"


def test_after_the_day_of_the_key_nothing_is_asked_again(doubtful, api):
    business, _account = doubtful
    asked = len(api.asked)
    with business_scope(business):
        pass_time(timedelta(hours=24).total_seconds())
    work()
    with business_scope(business):
        assert Message.objects.get().state == "unknown"
    assert len(api.asked) == asked


def test_by_another_account_nothing_in_doubt_goes_again(doubtful, api, mail_server):
    business, account = doubtful
    asked = len(api.asked)
    with business_scope(business):
        account.carries = False
        account.save()
        connect_provider("postmark")
        pass_time(600)
    work()
    with business_scope(business):
        assert Message.objects.get().state == "unknown"
    assert (len(api.asked), mail_server.accepted) == (asked, [])


def test_rel_10_a_rest_that_a_provider_asks_for_is_kept_and_costs_no_attempt(open_shop, api):
    business, topic, sequence = open_shop
    with business_scope(business):
        connect_provider("postmark")
        add_friends(topic, sequence, start=0, count=2)
    api.script("*", Answer(429, {"message": "slow down"}, {"Retry-After": "2"}))
    work()
    with business_scope(business):
        assert set(Message.objects.values_list("state", "attempt")) == {("queued", 0)}
    assert len(api.asked) == 1
