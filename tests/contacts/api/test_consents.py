"""Permission over the API: a yes with its proof, a no that counts at once, and topics."""

from uuid import uuid4

import pytest

from contacts.models import Consent, ConsentEvidence, ConsentState, Suppression, Topic
from contacts.services.consent import withdraw_consent
from ecosystem.base.tenancy import business_scope
from tests.factories.permission import make_topic, say_yes


@pytest.fixture
def topic(bakery) -> Topic:
    with business_scope(bakery):
        return make_topic("What is in season")


def yes(topic, **more):
    return {
        "says": "yes",
        "channel": "email",
        "topic_id": str(topic.pk),
        "source": "Form on example.com/recipes",
        "occurred_at": "2026-01-31T09:00:00Z",
        "wording": "Yes, send me what is in season.",
        "proof": "Submission 8812",
    } | more


def state_of(bakery, contact) -> str | None:
    with business_scope(bakery):
        return ConsentState.objects.filter(contact=contact).values_list("state", flat=True).first()


def test_a_yes_is_kept_with_where_when_and_the_exact_words(till, ana, bakery, topic):
    said = till.post(f"contacts/{ana.pk}/consents", yes(topic))
    assert said.status_code == 201
    found = said.json()
    assert (found["act"], found["source"], found["source_detail"], found["occurred_at"], found["wording"]) == (
        "granted",
        "api",
        "Form on example.com/recipes",
        "2026-01-31T09:00:00Z",
        "Yes, send me what is in season.",
    )
    assert till.get(f"contacts/{ana.pk}/consents").json()["items"] == [found]
    assert state_of(bakery, ana) == "granted"
    with business_scope(bakery):
        proof = ConsentEvidence.objects.get()
        assert (proof.note, proof.address) == ("Submission 8812", "ana@example.com")


@pytest.mark.parametrize("missing", ["source", "occurred_at", "wording", "topic_id"])
def test_a_yes_without_proof_is_refused(till, ana, bakery, topic, missing):
    body = yes(topic)
    del body[missing]
    refused = till.post(f"contacts/{ana.pk}/consents", body)
    assert refused.status_code == 400
    assert refused.json()["errors"].keys() == {missing}
    assert till.post(f"contacts/{ana.pk}/consents", yes(topic, **{missing: " "})).status_code == 400
    assert state_of(bakery, ana) is None


def test_a_yes_of_tomorrow_is_refused(till, ana, bakery, topic):
    refused = till.post(f"contacts/{ana.pk}/consents", yes(topic, occurred_at="2999-01-01T00:00:00Z"))
    assert refused.json()["errors"].keys() == {"occurred_at"}
    assert state_of(bakery, ana) is None


def test_a_program_never_opens_what_the_person_closed(till, ana, bakery, topic):
    with business_scope(bakery):
        say_yes(ana, topic)
        withdraw_consent(ana, channel="email", topic=None, source="link")
        rows = Consent.objects.count()
    refused = till.post(f"contacts/{ana.pk}/consents", yes(topic))
    assert (refused.status_code, refused.json()["code"]) == (403, "only_their_own_yes")
    assert state_of(bakery, ana) == "withdrawn"
    with business_scope(bakery):
        assert Suppression.objects.filter(lifted_at=None).exists()
        assert Consent.objects.count() == rows


def test_a_no_counts_at_once_and_twice_changes_nothing(till, ana, bakery, topic):
    till.post(f"contacts/{ana.pk}/consents", yes(topic))
    no = {"says": "no", "channel": "email", "topic_id": str(topic.pk), "source": "Told us by phone"}
    said = till.post(f"contacts/{ana.pk}/consents", no)
    assert (said.status_code, said.json()["act"]) == (201, "withdrawn")
    assert state_of(bakery, ana) == "withdrawn"
    assert till.post(f"contacts/{ana.pk}/consents", no).status_code == 204
    with business_scope(bakery):
        assert Suppression.objects.filter(lifted_at=None).count() == 1


def test_a_no_without_topic_is_a_no_to_everything(till, ana, bakery, topic):
    till.post(f"contacts/{ana.pk}/consents", yes(topic))
    said = till.post(f"contacts/{ana.pk}/consents", {"says": "no", "channel": "email", "source": "Told us"})
    assert said.json()["topic_id"] is None
    with business_scope(bakery):
        assert Suppression.objects.get().topic is None


def test_topics_of_another_business_and_of_nobody_are_the_same_404(till, ana, garage, topic):
    with business_scope(garage):
        theirs = make_topic("Winter tyres")
    for says in ("yes", "no"):
        bodies = set()
        for one in (theirs.pk, uuid4()):
            refused = till.post(f"contacts/{ana.pk}/consents", yes(topic, says=says, topic_id=str(one)))
            assert refused.status_code == 404
            bodies.add(refused.content)
        assert len(bodies) == 1


def test_topics_are_read(till, topic):
    found = till.get("topics").json()["items"]
    assert [(one["name"], one["promised_count"], one["promised_days"]) for one in found] == [
        ("What is in season", 2, 30)
    ]
    assert till.get(f"topics/{topic.pk}").json() == found[0]
