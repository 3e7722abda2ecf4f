"""What people can say yes to: made, worded anew, put away."""

import pytest
from django.test import Client

from contacts.models import ConsentState, Topic
from contacts.queries.topics import open_topics, topic_rows
from contacts.services.topics import add_topic, archive_topic, edit_topic
from ecosystem.base.errors import Conflict, Invalid
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry
from tests.factories.permission import make_business, make_member, make_person, make_topic, owner_of, say_yes

pytestmark = pytest.mark.django_db

WORDS = {"name": "Offers", "promise": "One a month", "promised_count": 1, "promised_days": 30}


@pytest.fixture
def bakery():
    business = make_business()
    with business_scope(business):
        yield business


@pytest.fixture
def as_nora(client, bakery):
    client.force_login(owner_of(bakery).user)
    return client


@pytest.fixture
def base(bakery):
    return f"/b/{bakery.slug}/topics/"


def test_nora_makes_a_topic_with_its_promise(as_nora, base):
    assert "What could people say yes to?" in as_nora.get(base).content.decode()
    answer = as_nora.post(base + "new/", {**WORDS, "message_class": "marketing"})
    assert answer.status_code == 302
    page = as_nora.get(base).content.decode()
    assert "Offers" in page
    assert "One a month" in page
    assert "At most 1 in 30 days." in page
    assert AuditEntry.objects.filter(action="topic_added").count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("promise", " "), ("promised_count", "0"), ("promised_count", "x"), ("promised_days", "11")],
)
def test_a_topic_without_a_clear_promise_is_not_made_and_what_was_typed_is_kept(as_nora, base, field, value):
    answer = as_nora.post(base + "new/", {**WORDS, "message_class": "marketing", field: value})
    assert answer.status_code == 422
    kept = "One a month" if field != "promise" else "Offers"
    assert kept in answer.content.decode()
    assert not Topic.objects.exists()


def test_a_topic_is_worded_anew_but_not_over_somebody_elses_words(as_nora, base):
    topic = make_topic()
    answer = as_nora.post(f"{base}{topic.id}/edit/", {**WORDS, "version": topic.version})
    assert answer.status_code == 302
    stale = as_nora.post(f"{base}{topic.id}/edit/", {**WORDS, "name": "Other", "version": topic.version})
    assert stale.status_code == 422
    assert "Somebody else changed this topic just now." in stale.content.decode()
    topic.refresh_from_db()
    assert (topic.name, topic.key) == ("Offers", "what-is-in-season")


def test_a_topic_is_put_away_and_brought_back_and_nobodys_yes_is_lost(as_nora, base):
    topic = make_topic()
    say_yes(make_person(), topic)
    as_nora.post(f"{base}{topic.id}/archive/")
    assert open_topics() == []
    assert ConsentState.objects.get().state == "granted"
    as_nora.post(f"{base}{topic.id}/restore/")
    assert open_topics() == [topic]


def test_the_list_counts_who_said_yes(bakery):
    topic = make_topic()
    make_topic("Offers")
    for number in range(3):
        say_yes(make_person(f"p{number}@example.com", f"P{number}"), topic)
    assert {row.topic.name: (row.shown_count, row.is_more) for row in topic_rows()} == {
        "What is in season": (3, False),
        "Offers": (0, False),
    }


def test_the_list_costs_the_same_for_three_topics_as_for_thirty(bakery, django_assert_num_queries):
    for number in range(3):
        make_topic(f"Topic {number}")
    with django_assert_num_queries(2):
        topic_rows()
    for number in range(27):
        make_topic(f"More {number}")
    with django_assert_num_queries(2):
        topic_rows()


def test_two_topics_of_one_name_get_two_keys(bakery):
    assert [make_topic().key, make_topic().key] == ["what-is-in-season", "what-is-in-season-2"]


def test_rules_hold_for_every_caller(bakery):
    with pytest.raises(Invalid):
        add_topic(**{**WORDS, "promise": ""})
    topic = make_topic()
    with pytest.raises(Conflict):
        edit_topic(topic, **WORDS, version=7)
    assert archive_topic(archive_topic(topic)).archived_at is not None


def test_staff_see_topics_and_may_not_change_them_and_the_garage_sees_none(client, bakery, base):
    topic = make_topic()
    client.force_login(make_member(bakery).user)
    assert client.get(base).status_code == 200
    for path in ("new/", f"{topic.id}/edit/", f"{topic.id}/archive/"):
        assert client.post(base + path, {**WORDS, "version": 1}).status_code == 403
    garage = make_business("Gus and Sons", "gus@example.com")
    client.force_login(owner_of(garage).user)
    assert client.get(base).status_code == 404
    assert client.post(f"/b/{garage.slug}/topics/{topic.id}/archive/").status_code == 404
    assert Client().get(base).status_code == 302
    topic.refresh_from_db()
    assert (topic.name, topic.archived_at) == ("What is in season", None)
