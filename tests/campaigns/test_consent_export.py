"""The proof of one person's permission, taken out as a file."""

import csv
import hashlib
import io

import pytest

from campaigns.queries.signups import confirm_url
from contacts.models import Consent
from contacts.queries.consent_proofs import version_of
from contacts.services.consent import withdraw_consent
from contacts.services.consent_ledger import Evidence
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry
from tests.factories.permission import (
    join_url,
    make_business,
    make_form,
    make_member,
    make_person,
    make_topic,
    owner_of,
    say_yes,
    send_form,
    signups,
)

pytestmark = pytest.mark.django_db

FORMULA = "=HYPERLINK(A1)"


@pytest.fixture
def bakery():
    business = make_business()
    with business_scope(business):
        yield business


@pytest.fixture
def ana(bakery, client):
    """Ana, who asked by the opt-in page, confirmed, and left again."""
    topic = make_topic()
    send_form(join_url(bakery, make_form(topic)), topic)
    (signup,) = signups()
    confirm = "/c/" + confirm_url(bakery.pk, signup.id).rpartition("/")[2]
    assert client.post(confirm, headers={"User-Agent": FORMULA}).status_code == 200
    signup.refresh_from_db()
    evidence = Evidence(ip="198.51.100.7", user_agent="Firefox", page="unsubscribe")
    withdraw_consent(signup.contact, channel="email", topic=topic, source="link", evidence=evidence)
    say_yes(make_person("ben@example.com", "Ben"), topic)
    return signup.contact


def export(client, business, contact, wanted="csv"):
    return client.post(f"/b/{business.slug}/contacts/{contact.id}/permission/export/", {"format": wanted})


def test_c2_the_export_says_who_when_how_to_what_words_from_where_and_that_they_left(client, bakery, ana):
    """CAMPAIGNS 2b C2."""
    client.force_login(owner_of(bakery).user)
    answer = export(client, bakery, ana, "json")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="permission-{ana.id}.json"'
    assert "no-store" in answer.headers["Cache-Control"]
    lines = answer.json()["permission"]
    rows = Consent.objects.exclude(act="confirmed", contact__primary_email="ben@example.com").order_by("id")
    assert [line["id"] for line in lines] == [str(row.id) for row in rows]
    asked, confirmed, left = lines
    assert [line["act"] for line in lines] == ["requested", "confirmed", "withdrawn"]
    assert asked["contact_id"] == ""
    for line in (asked, confirmed):
        assert line["address"] == "ana@example.com"
        assert line["channel"] == "email"
        assert line["topic"] == "What is in season"
        assert line["wording"] == "What is in season, by email\nTwo letters a month"
        assert line["where"] == "Keep your starter alive"
        assert line["ip"] == "127.0.0.1"
        assert line["said_at"].startswith("20")
    assert asked["page"].endswith("/join/keep-your-starter-alive/")
    assert confirmed["request_id"] == asked["request_id"] != ""
    assert confirmed["user_agent"] == FORMULA
    assert [line["basis"] for line in lines] == ["", "express", ""], "to ask is no permission yet"
    assert [line["said_at"] for line in lines] == [row.occurred_at.isoformat() for row in rows]
    version = hashlib.sha256(b"What is in season, by email\nTwo letters a month").hexdigest()[:16]
    assert [line["wording_version"] for line in (asked, confirmed)] == [version, version]
    assert left["wording_version"] == version_of(left["wording"]) != version
    assert (left["page"], left["ip"], left["user_agent"]) == ("unsubscribe", "198.51.100.7", "Firefox")
    assert "ben@example.com" not in answer.content.decode()


def test_c2_the_table_says_the_same_and_runs_no_formula(client, bakery, ana):
    client.force_login(owner_of(bakery).user)
    lines = export(client, bakery, ana, "json").json()["permission"]
    table = list(csv.DictReader(io.StringIO(export(client, bakery, ana).content.decode("utf-8-sig"))))
    assert table[1]["user_agent"] == f"'{FORMULA}"
    assert lines[1]["user_agent"] == FORMULA
    table[1]["user_agent"] = FORMULA
    assert table == lines


def test_sec_61_taking_the_proof_out_is_written_down_without_an_address(client, bakery, ana):
    client.force_login(owner_of(bakery).user)
    export(client, bakery, ana)
    entry = AuditEntry.objects.get(action="consent.exported")
    assert (entry.actor_user_id, entry.object_id, entry.details) == (owner_of(bakery).user_id, ana.id.hex, {"rows": 3})
    assert "took out the proof of what Ana allows" in client.get(f"/b/{bakery.slug}/team/acts/").content.decode()


@pytest.mark.parametrize("role", ["staff", "helper", "adviser"])
def test_who_may_not_take_people_out_gets_no_proof(client, bakery, ana, role):
    client.force_login(make_member(bakery, role=role).user)
    assert export(client, bakery, ana).status_code == 403
    assert not AuditEntry.objects.filter(action="consent.exported").exists()


def test_gus_of_the_garage_gets_a_404_for_anas_proof(client, bakery, ana):
    garage = make_business("Gus and Sons", "gus@example.com")
    client.force_login(owner_of(garage).user)
    assert export(client, bakery, ana).status_code == 404
    assert export(client, garage, ana).status_code == 404
