"""The audit trail as the team reads it."""

from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.services.contents import LetterWords, add_content
from contacts.services.topics import add_topic, edit_topic
from ecosystem.acts import ACT_SUBJECTS, ACTS
from ecosystem.base.sql import rows
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry
from ecosystem.services.audit import record_act
from tests.factories.ecosystem import sign_in
from tests.factories.permission import make_business, make_member, owner_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def bakery():
    return make_business()


@pytest.fixture
def url(bakery):
    return reverse("ecosystem:audit", args=[bakery.slug])


def words_of(client, url) -> list[str]:
    return [line["sentence"] for line in client.get(url).context["lines"]]


def test_acts_are_told_with_names_and_lead_to_what_they_are_about(client, bakery, url):
    nora = owner_of(bakery)
    sign_in(client, nora.user)
    with business_scope(bakery):
        topic = add_topic(name="Offers", promise="One a month", promised_count=1, promised_days=30, actor=nora)
        edit_topic(
            topic, name="Deals", promise="One", promised_count=1, promised_days=30, version=topic.version, actor=nora
        )
        letter = add_content(LetterWords(name="Hello"), actor=nora)
    told = words_of(client, url)
    assert told[:3] == [
        f"{nora.user} began the letter “Hello”",
        f"{nora.user} worded the topic “Deals” anew",
        f"{nora.user} made the topic “Deals”",
    ]
    page = client.get(url).content.decode()
    assert reverse("campaigns:content_edit", args=[bakery.slug, letter.id]) in page


def test_what_is_gone_and_who_has_left_are_said_so(client, bakery, url):
    sign_in(client, owner_of(bakery).user)
    with business_scope(bakery):
        AuditEntry.objects.create(action="topic_edited", object_kind="topic", object_id="0" * 32, actor_user_id=987654)
        record_act("sequence_paused", actor=None)
    assert words_of(client, url)[:2] == [
        "Lampwalk paused the sequence “gone by now”",
        "Somebody who has left worded the topic “gone by now” anew",
    ]


def test_one_persons_acts_are_picked_out(client, bakery, url):
    nora = owner_of(bakery)
    sign_in(client, nora.user)
    with business_scope(bakery):
        sam = make_member(bakery, "staff")
        record_act("topic_added", actor=sam)
    assert words_of(client, f"{url}?person={sam.user_id}") == [f"{sam.user} made the topic “gone by now”"]
    assert "has changed nothing" not in client.get(f"{url}?person=nobody").content.decode()


def test_a_page_takes_as_many_statements_for_fifty_acts_as_for_two(client, bakery, url):
    nora = owner_of(bakery)
    sign_in(client, nora.user)

    def act(times: int) -> None:
        with business_scope(bakery):
            for number in range(times):
                letter = add_content(LetterWords(name=f"Letter {number}"), actor=nora)
                record_act("letter_edited", actor=nora, subject=letter)

    act(1)
    client.get(url)
    with CaptureQueriesContext(connection) as for_few:
        client.get(url)
    act(60)
    with CaptureQueriesContext(connection) as for_many:
        page = client.get(url)
    assert len(for_many) == len(for_few)
    assert len(page.context["lines"]) == 50
    assert page.context["page"].next_cursor


@pytest.mark.parametrize("role", ["staff", "helper", "adviser"])
def test_only_owners_and_managers_read_it(client, bakery, url, role):
    sign_in(client, make_member(bakery, role).user)
    assert client.get(url).status_code == 403


def test_an_act_that_nobody_can_tell_is_refused(bakery):
    with business_scope(bakery), pytest.raises(KeyError):
        record_act("made_up", actor=None)


def test_every_subject_can_be_named_and_every_sentence_takes_its_names(bakery):
    with business_scope(bakery):
        for kind, subject in ACT_SUBJECTS.items():
            assert rows(subject.names, {"ids": [UUID(int=1)]}) == [], kind
    for action, words in ACTS.items():
        assert str(words.sentence) % {"who": "Nora", "what": "x"}, action
