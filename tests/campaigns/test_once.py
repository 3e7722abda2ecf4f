"""A second click on a form that makes something: nothing is made twice."""

import threading
from contextlib import closing

import pytest
from django.db import connection
from django.test import Client

from campaigns.models import Content, Sequence, SignupForm
from contacts.models import Organization, Topic
from contacts.services.topics import add_topic
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import business_scope
from tests.factories.permission import make_business, make_topic, owner_of

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
    sent = {name: form[name].value() or "" for name in form.fields} | {"topic": topic.id} | words
    answers = [client.post(url, sent) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0].url == answers[1].url
    with business_scope(bakery):
        assert model.objects.count() == before + 1


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_one_moment_make_one_and_both_are_answered():
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
