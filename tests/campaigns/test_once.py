"""A second click on a form that makes something: nothing is made twice."""

import threading
from collections import Counter
from contextlib import closing

import pytest
from django.db import connection
from django.test import Client

from campaigns.models import Content, Enrollment, Message, Sequence, SequenceVersion, SignupForm
from campaigns.services.enrollments import enroll_contacts
from contacts.models import Organization, Topic
from contacts.services.topics import add_topic
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import business_scope
from ecosystem.services.agenda import work_lane
from ecosystem.services.invariants import check_invariants
from tests.factories.api import make_program
from tests.factories.campaigns import make_friend, make_sequence, states_of, work
from tests.factories.permission import make_business, make_topic, owner_of
from tests.smtp_server import DROP_AFTER, Trouble

TOPIC = {"name": "Offers", "promise": "One a month", "promised_count": 1, "promised_days": 30}
FORMS = [
    ("topics/new/", Topic, {**TOPIC, "message_class": "marketing"}),
    ("organizations/new/", Organization, {"name": "Harbor Mill"}),
    ("letters/new/", Content, {"name": "Hello"}),
    ("letters/new-text/", Content, {"name": "Hello"}),
    ("sequences/new/", Sequence, {"name": "Follow me home", "trigger": "said_yes"}),
    ("opt-in/new/", SignupForm, {"headline": "Keep your starter alive"}),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "model", "words"), FORMS, ids=[path for path, _model, _words in FORMS])
def test_a_form_sent_twice_makes_one(client: Client, path, model, words):
    bakery = make_business()
    client.force_login(owner_of(bakery).user)
    url = f"/b/{bakery.slug}/{path}"
    with business_scope(bakery):
        topic = make_topic()
        before = model.objects.count()
    form = client.get(url).context["form"]
    shown = {name: form[name].value() for name in form.fields}
    sent = {name: value for name, value in shown.items() if value} | {"topic": topic.id} | words
    answers = [client.post(url, sent) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0].url == answers[1].url
    with business_scope(bakery):
        assert model.objects.count() == before + 1


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_one_moment_make_one_and_both_are_answered():
    """REL-01 for what is made by a form."""
    bakery = make_business()
    new_id, start, made = uuid7(), threading.Barrier(4), []

    def click() -> None:
        with closing(connection), business_scope(bakery):
            start.wait()
            made.append(add_topic(**TOPIC, topic_id=new_id).id)

    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [new_id] * 4
    with business_scope(bakery):
        assert Topic.objects.filter(name="Offers").count() == 1


def at_once(*calls) -> list:
    """Make calls at the same moment, each by a connection of its own; what they answered."""
    start, answers = threading.Barrier(len(calls)), []

    def make(call) -> None:
        with closing(connection):
            start.wait()
            answers.append(call())

    threads = [threading.Thread(target=make, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.django_db(transaction=True)
def test_rel_01_a_double_click_an_api_retry_and_a_double_beat_are_one_intent_each(mail_server):
    """REL-01: two clicks at one moment on “Put on a sequence”, on “Let it run” and on “Send again”; four equal requests
    of another program with one Idempotency-Key; two clocks that plan and send. Each letter goes once."""
    bakery = make_business()
    with business_scope(bakery):
        topic = make_topic()
        ana, ben = make_friend(topic, 1), make_friend(topic, 2)
        sequence = make_sequence(topic, is_live=False)
    nora, base = owner_of(bakery).user, f"/b/{bakery.slug}"
    program = make_program(bakery, nora)

    def click(path: str, **given: str):
        client = Client()
        client.force_login(nora)
        return lambda: client.post(f"{base}{path}", given).status_code

    assert at_once(*[click(f"/sequences/{sequence.id}/start/") for _ in range(3)]) == [302] * 3
    assert at_once(*[click(f"/contacts/{ana.id}/sequences/", sequence=str(sequence.id)) for _ in range(3)]) == [302] * 3
    path, body = f"sequences/{sequence.id}/enrollments", {"contact_id": str(ben.id)}
    answers = [program.post(path, body, idempotency_key="order-1") for _ in range(2)]
    answers += at_once(*[lambda: program.post(path, body, idempotency_key="order-1") for _ in range(4)])
    # While one of them is being answered another may hear that it is (409), and asks once more.
    assert {answer.status_code for answer in answers[:2]} == {200}
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    mail_server.script(ana.primary_email, Trouble("dot", DROP_AFTER, times=1))
    at_once(*[lambda lane=lane: work_lane(lane, seconds=10) for lane in ("maintenance", "maintenance", "sequence")])
    work()
    with business_scope(bakery):
        assert SequenceVersion.objects.filter(sequence=sequence).count() == 1
        assert Enrollment.objects.count() == Message.objects.count() == 2
        unknown = Message.objects.get(state="unknown")
    again = {"decision": "again", "message": str(unknown.id)}
    assert at_once(*[click(f"/sequences/{sequence.id}/unknown/decide/", **again) for _ in range(3)]) == [302] * 3
    work()
    times = Counter(mail.recipient for mail in mail_server.accepted)
    assert times == Counter({ana.primary_email: 2, ben.primary_email: 1})
    with business_scope(bakery):
        assert set(Message.objects.values_list("state", flat=True)) == {"accepted"}
        assert check_invariants().problems == ()


@pytest.mark.django_db(transaction=True)
def test_presses_of_try_again_at_one_moment_make_one_letter(mail_server):
    bakery = make_business()
    with business_scope(bakery):
        topic = make_topic()
        ana = make_friend(topic)
        mail_server.script(ana.primary_email, Trouble("rcpt", "550 5.7.1 not welcome here", times=1))
        enroll_contacts(make_sequence(topic), [ana.id], source="staff")
    work()
    with business_scope(bakery):
        refused = Message.objects.get(state="failed")

    def press() -> str:
        client = Client()
        client.force_login(owner_of(bakery).user)
        return client.post(
            f"/b/{bakery.slug}/contacts/{ana.id}/letters/{refused.id}/again/", follow=True
        ).content.decode()

    assert ["It goes once more" in page for page in at_once(*[press] * 4)] == [True] * 4
    work()
    assert [mail.recipient for mail in mail_server.accepted] == [ana.primary_email]
    with business_scope(bakery):
        assert states_of(Message) == ["failed", "accepted"]
        assert check_invariants().problems == ()
