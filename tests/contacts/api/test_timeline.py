"""The ladder and the timeline over the API."""

from datetime import timedelta

import pytest

from contacts.models import ContactStats, Interaction, Note
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from tests.factories.contacts import make_contact, make_talk


def purchase(**more):
    return {
        "kind": "purchase",
        "source": "till",
        "external_id": "receipt-1",
        "occurred_at": (now() - timedelta(hours=1)).isoformat(),
        "value_minor": 1850,
        "currency": "EUR",
        "note": "Two rye loaves",
    } | more


def test_a_move_on_the_ladder_is_written_down_with_its_reason(till, ana):
    moved = till.post(f"contacts/{ana.pk}/stage-changes", {"to_stage": "client", "reason": "First order"})
    assert moved.status_code == 201
    found = moved.json()
    assert (found["from_stage"], found["to_stage"], found["actor_kind"]) == ("prospect", "client", "api")
    assert till.get(f"contacts/{ana.pk}").json()["stage"] == "client"
    history = till.get(f"contacts/{ana.pk}/stage-changes").json()["items"]
    assert [line["to_stage"] for line in history] == ["client", "prospect"]
    assert history[0] == found


def test_moving_to_where_they_stand_changes_nothing(till, ana):
    before = till.get(f"contacts/{ana.pk}/stage-changes").json()
    assert till.post(f"contacts/{ana.pk}/stage-changes", {"to_stage": "prospect", "reason": "x"}).status_code == 204
    assert till.get(f"contacts/{ana.pk}/stage-changes").json() == before


def test_evidence_of_a_move_is_a_line_of_the_same_person(till, ana, bakery):
    own, other = make_talk(bakery, ana), make_talk(bakery, make_contact(bakery))
    body = {"to_stage": "client", "reason": "Talked"}
    path = f"contacts/{ana.pk}/stage-changes"
    assert till.post(path, body | {"evidence_id": str(other.pk)}).status_code == 404
    assert till.post(path, body | {"evidence_id": str(own.pk)}).json()["evidence_id"] == str(own.pk)


def test_a_step_that_is_switched_off_is_refused(till, ana):
    refused = till.post(f"contacts/{ana.pk}/stage-changes", {"to_stage": "online_user", "reason": "x"})
    assert (refused.status_code, refused.json()["code"]) == (400, "stage_off")


def test_a_purchase_is_told_once_however_often_it_is_sent(till, ana, bakery):
    path = f"contacts/{ana.pk}/interactions"
    first, again = till.post(path, purchase()), till.post(path, purchase(value_minor=9999))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    found = first.json()
    assert (found["source"], found["external_id"], found["value_minor"], found["currency"], found["note"]) == (
        "api:till",
        "receipt-1",
        1850,
        "EUR",
        "Two rye loaves",
    )
    with business_scope(bakery):
        assert Interaction.objects.filter(kind="purchase").count() == 1
        assert Note.objects.count() == 1
        assert ContactStats.objects.get(contact=ana).purchases_minor == 1850


def test_an_external_id_belongs_to_one_person(till, ana, bakery):
    till.post(f"contacts/{ana.pk}/interactions", purchase())
    other = make_contact(bakery)
    refused = till.post(f"contacts/{other.pk}/interactions", purchase())
    assert (refused.status_code, refused.json()["code"]) == (409, "external_id_taken")
    with business_scope(bakery):
        assert not Interaction.objects.filter(contact=other, kind="purchase").exists()


def test_a_program_takes_the_place_of_no_line_of_our_own(till, ana, bakery):
    """Our book-keeping has sources of its own; the same words from outside stand beside them."""
    with business_scope(bakery):
        own = Interaction.objects.get(kind="stage_change")
    told = till.post(f"contacts/{ana.pk}/interactions", purchase(source=own.source, external_id=own.external_id))
    assert told.status_code == 201


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "consent_change"}, "kind"),
        ({"kind": "message_sent"}, "kind"),
        ({"occurred_at": "2999-01-01T00:00:00Z"}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"source": "My Till"}, "source"),
        ({"value_minor": 10**30}, "value_minor"),
        ({"value_minor": "9" * 2000}, "value_minor"),
        ({"currency": "euro"}, "currency"),
        ({"external_id": "x" * 121}, "external_id"),
        ({"external_id": "a\x00b"}, "external_id"),
        ({"params": {}}, "params"),
        ({"actor_id": "x"}, "actor_id"),
        ({"kind": "call"}, "value_minor"),
    ],
)
def test_a_line_that_cannot_be_is_refused_at_its_field(till, ana, bakery, change, field):
    refused = till.post(f"contacts/{ana.pk}/interactions", purchase(**change))
    assert refused.status_code == 400
    assert refused.json()["errors"].keys() == {field}
    with business_scope(bakery):
        assert not Interaction.objects.filter(source__startswith="api:").exists()


def test_the_timeline_is_read_latest_first_in_pages(till, ana, bakery):
    for days in (3, 1, 2):
        make_talk(bakery, ana, days_ago=days)
    pages = till.pages(f"contacts/{ana.pk}/interactions?limit=2")
    lines = [line for page in pages for line in page]
    assert [len(page) for page in pages] == [2, 2]
    assert [line["occurred_at"] for line in lines] == sorted((line["occurred_at"] for line in lines), reverse=True)


@pytest.mark.parametrize("what", ["interactions", "stage-changes", "consents"])
def test_lists_of_a_person_cost_the_same_whatever_their_length(till, ana, bakery, what, django_assert_max_num_queries):
    path = f"contacts/{ana.pk}/{what}"
    till.get(path)
    with django_assert_max_num_queries(40) as few:
        till.get(path)
    for _ in range(20):
        make_talk(bakery, ana)
    with django_assert_max_num_queries(len(few)):
        till.get(path)
