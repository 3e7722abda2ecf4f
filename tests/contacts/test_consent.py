"""The ledger of permission: what is written, what holds, and that both always agree."""

import random
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction

from contacts.models import Act, Consent, ConsentEvidence, ConsentState, Interaction, Suppression
from contacts.queries.consent import channel_hashes, consent_history, find_state
from contacts.services.consent import (
    Evidence,
    confirm_consent,
    grant_consent,
    grant_own_consent,
    request_consent,
    withdraw_address,
    withdraw_consent,
)
from contacts.services.consent_states import rebuild_consent_states
from ecosystem.base.errors import Invalid, NotAllowed
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry
from tests.factories.clocks import today_of
from tests.factories.permission import make_business, make_member, make_person, make_topic, owner_of, say_yes

pytestmark = pytest.mark.django_db


@pytest.fixture
def bakery():
    business = make_business()
    with business_scope(business):
        yield business


def states() -> list[tuple]:
    """What holds now, as plain rows."""
    kept = ConsentState.objects.order_by("contact_id", "channel", "topic_id")
    return list(
        kept.values_list(
            "contact_id", "channel", "topic_id", "state", "basis", "address_hash", "since", "expires_at", "consent_id"
        )
    )


def test_a_confirmed_yes_is_kept_with_its_wording_its_proof_and_a_line_in_the_timeline(bakery):
    ana, topic = make_person(), make_topic()
    evidence = Evidence(ip="192.0.2.7", user_agent="Firefox", page="/p/oat-and-ember/join/letters/")
    consent = confirm_consent(
        ana, address="ana@example.com", channel="email", topic=topic, wording="Two letters a month", evidence=evidence
    )
    kept = ConsentEvidence.objects.get(consent=consent)
    assert (kept.address, kept.ip, kept.user_agent, kept.page) == (
        "ana@example.com", "192.0.2.7", "Firefox", "/p/oat-and-ember/join/letters/",
    )  # fmt: skip
    assert "ana@example.com" not in str(Consent.objects.filter(id=consent.id).values().get())
    assert find_state(ana, channel="email", topic=topic).state == "granted"
    line = Interaction.objects.get(contact=ana, kind="consent_change")
    assert (line.object_id, line.params) == (consent.id, {"act": "confirmed"})


def test_sec_61_what_the_team_writes_down_of_a_yes_or_a_no_is_in_the_audit_trail_and_what_people_say_is_not(bakery):
    ana, topic, nora = make_person(), make_topic(), owner_of(bakery)
    said = {"channel": "email", "topic": topic}
    grant_consent(ana, **said, actor=nora, source="paper", said_on=today_of(bakery), note="card 14")
    withdraw_consent(ana, **said, source="team", actor=nora)
    withdraw_consent(ana, **said, source="team", actor=nora)
    acts = AuditEntry.objects.filter(action__startswith="consent.").order_by("id")
    assert [(act.action, act.actor_user_id, act.object_id) for act in acts] == [
        ("consent.granted", nora.user_id, ana.pk.hex),
        ("consent.withdrawn", nora.user_id, ana.pk.hex),
    ]
    assert {tuple(act.details.items()) for act in acts} == {(("topic", str(topic.pk)), ("channel", "email"))}
    say_yes(make_person("ben@example.com", "Ben"), topic)
    assert acts.count() == 2


def test_a_request_permits_nothing_and_shows_as_waiting(bakery):
    ana, topic = make_person(), make_topic()
    request_consent(ana, address="ana@example.com", channel="email", topic=topic, wording="x", source="staff")
    assert find_state(ana, channel="email", topic=topic).state == "requested"


def test_a_request_does_not_hide_a_yes_that_stands(bakery):
    ana, topic = make_person(), make_topic()
    say_yes(ana, topic)
    request_consent(ana, address="ana@example.com", channel="email", topic=topic, wording="x", source="staff")
    assert find_state(ana, channel="email", topic=topic).state == "granted"


def test_the_team_keeps_a_yes_only_with_proof(bakery):
    ana, topic, nora = make_person(), make_topic(), owner_of(bakery)
    today = today_of(bakery)
    for source, said_on, note in (
        ("", today, "card in the drawer"),
        ("paper", today, "  "),
        ("paper", today + timedelta(days=2), "card in the drawer"),
    ):
        with pytest.raises(Invalid):
            grant_consent(ana, channel="email", topic=topic, actor=nora, source=source, said_on=said_on, note=note)
    assert Consent.objects.count() == 0
    consent = grant_consent(
        ana, channel="email", topic=topic, actor=nora, source="paper", said_on=date(2026, 3, 2), note="card 14"
    )
    assert (consent.basis, consent.actor_id, consent.occurred_at.date()) == (
        "express_written",
        nora.id,
        date(2026, 3, 2),
    )
    assert find_state(ana, channel="email", topic=topic).state == "granted"


def test_no_proof_is_needed_to_take_a_yes_back_and_twice_changes_nothing(bakery):
    ana, topic = make_person(), make_topic()
    say_yes(ana, topic)
    first = withdraw_consent(ana, channel="email", topic=topic, source="link")
    again = withdraw_consent(ana, channel="email", topic=topic, source="link")
    assert first.topic_ids == (topic.id,)
    assert again.consent is None
    assert Consent.objects.filter(act=Act.WITHDRAWN).count() == 1
    assert Suppression.objects.filter(lifted_at=None, topic=topic).count() == 1


def test_a_no_to_everything_ends_every_topic(bakery):
    ana, season, offers = make_person(), make_topic(), make_topic("Offers")
    say_yes(ana, season)
    say_yes(ana, offers)
    gone = withdraw_consent(ana, channel="email", topic=None, source="preferences")
    assert set(gone.topic_ids) == {season.id, offers.id}
    assert {state[3] for state in states()} == {"withdrawn"}
    assert Suppression.objects.get(lifted_at=None).topic is None


def test_a_no_from_an_address_alone_is_kept_when_the_person_is_gone(bakery):
    hashes = channel_hashes("email", ["gone@example.com"])
    consent = withdraw_address(channel="email", hashes=hashes, topic=None, source="link")
    assert consent.contact is None
    assert withdraw_address(channel="email", hashes=hashes, topic=None, source="link") is None
    assert Suppression.objects.filter(address_hash=hashes[0]).count() == 1


def test_c5_what_was_asked_before_somebody_was_a_contact_is_part_of_their_history(bakery):
    topic = make_topic()
    request_consent(None, address="ana@example.com", channel="email", topic=topic, wording="yes", source="signup")
    ana = make_person()
    say_yes(ana, topic)
    hashes = channel_hashes("email", ["ana@example.com"])
    assert [line.act for line in consent_history(ana, hashes=hashes)] == ["confirmed", "requested"]


def test_the_ledger_cannot_be_rewritten(bakery):
    ana, topic = make_person(), make_topic()
    say_yes(ana, topic)
    for change in (lambda: Consent.objects.update(act="withdrawn"), lambda: Consent.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert Consent.objects.get().act == "confirmed"


def test_sec_59_what_holds_equals_what_the_ledger_folds_to(bakery):
    chance = random.Random(59)
    people = [make_person(f"p{number}@example.com", f"P{number}") for number in range(2)]
    topics = [make_topic("Season"), make_topic("Offers")]
    nora = owner_of(bakery)
    seen = set()
    for turn in range(120):
        person, topic = chance.choice(people), chance.choice(topics)
        address = person.primary_email
        act = chance.choice(("ask", "ask", "confirm", "own", "staff", "no", "no_all"))
        try:
            if act == "ask":
                request_consent(person, address=address, channel="email", topic=topic, wording="w", source="staff")
            elif act == "confirm":
                confirm_consent(person, address=address, channel="email", topic=topic, wording="w")
            elif act == "own":
                grant_own_consent(
                    person, address=address, channel="email", topic=topic, wording="w", source="preferences"
                )
            elif act == "staff":
                grant_consent(
                    person, channel="email", topic=topic, actor=nora, source="call", said_on=date(2026, 1, 5), note="n"
                )
            else:
                withdraw_consent(person, channel="email", topic=None if act == "no_all" else topic, source="link")
        except NotAllowed:
            assert act == "staff"
        if turn % 2:
            kept = states()
            seen |= {row[3] for row in kept}
            rebuild_consent_states()
            assert states() == kept
    assert seen == {"requested", "granted", "withdrawn"}


def test_staff_of_the_garage_see_nothing_of_the_bakery(bakery):
    say_yes(make_person(), make_topic())
    garage = make_business("Gus and Sons", "gus@example.com")
    make_member(garage)
    with business_scope(garage):
        assert (Consent.objects.count(), ConsentState.objects.count(), ConsentEvidence.objects.count()) == (0, 0, 0)
