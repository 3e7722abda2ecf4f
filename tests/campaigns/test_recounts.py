"""REL-40: everything that is kept beside its rows is recounted, and a recount that differs is named."""

from datetime import timedelta

import pytest
from django.db import transaction

from campaigns.gateways.provider_events import ToldEvent
from campaigns.models import ChannelRule, Message
from campaigns.services.accounts import add_account
from campaigns.services.advancing import advance
from campaigns.services.enrollments import enroll_contact, exit_enrollments
from campaigns.services.messages import cancel_open_messages
from campaigns.services.opening import Opening, count_opens
from campaigns.services.provider_events import take_in_events, work_provider_events
from campaigns.services.tracking import Click, count_clicks
from contacts.models import ConsentState, Contact, ContactStats, Stage
from contacts.services.consent import withdraw_consent
from contacts.services.contacts import delete_contact
from contacts.services.interactions import NewInteraction, record_interactions
from contacts.services.roles import assign_role, end_role
from contacts.services.stages import change_stage, undo_stage_change
from contacts.services.tags import tag_contact
from ecosystem.base.clock import now
from ecosystem.models import Tally
from ecosystem.services.invariants import check_invariants
from ecosystem.services.tallies import fold_tallies
from tests.factories.campaigns import make_friend, make_sequence, work
from tests.factories.contacts import make_organization
from tests.factories.permission import make_person
from tests.smtp_server import Trouble

# Kept counts that have no ledger: how often a page was looked at, and what was asked for there, which is purged.
WITHOUT_LEDGER = {"signup.shown", "signup.asked", "signup.confirmed"}
KINDS = {
    "step.sent", "step.failed", "step.unknown", "step.skipped", "step.clicked", "step.opened", "step.held", "step.here",
    "step.delayed", "sequence.entered", "sequence.completed", "sequence.left", "people", "people_by_stage",
    "people_by_role", "people_by_tag", "people_granted", "organizations", "risen",
}  # fmt: skip


def line(contact: Contact, kind: str, days: int, **more) -> NewInteraction:
    return NewInteraction(contact.pk, kind, "staff", now() - timedelta(days=days), **more)


@pytest.fixture
def lively(shop, seasonal, mail_server) -> list[Contact]:
    """A business in which every count has moved, up and down."""
    by_hand = {"trigger": "added_by_staff"}
    sequence, longer = make_sequence(seasonal, **by_hand), make_sequence(seasonal, letters=2, **by_hand)
    friends = [make_friend(seasonal, number) for number in range(9)]
    for friend in friends:
        enroll_contact(sequence, friend, source="staff")
    enroll_contact(longer, friends[0], source="staff")
    exit_enrollments(contact_id=friends[5].id, reason="manual")
    mail_server.script("friend1@example.com", Trouble("dot", "drop after"))
    mail_server.script("friend2@example.com", Trouble("rcpt", "554 5.7.1 no"))
    advance(now())
    cancel_open_messages(address_hash=Message.objects.get(contact=friends[4]).address_hash, reason="left")
    withdraw_consent(friends[3], channel="email", topic=seasonal, source="unsubscribe")
    work()
    ChannelRule.objects.update_or_create(channel="email", defaults={"most_count": 1, "most_days": 7})
    held = make_sequence(seasonal, **by_hand)
    enroll_contact(held, friends[6], source="staff")
    work()
    account = add_account(provider="mailgun", name="Mailgun", secret="key")
    waits = Message.objects.filter(contact=friends[7], state="accepted").get()
    told = ToldEvent("one", "delayed", waits.id, waits.address, now(), "")
    take_in_events(account, [told], now=now())
    work_provider_events(shop.pk, now())
    read = Message.objects.filter(contact=friends[8], state="accepted").get()
    count_clicks([Click(str(read.id), 1, now())])
    count_opens([Opening(str(read.id), now())])

    ana, ben, carl = (make_person(f"{name}@example.com", name=name) for name in ("ana", "ben", "carl"))
    tag_contact(ana, ["regular", "bread"])
    tag_contact(ben, ["regular"])
    mill = make_organization(shop, main_contact=ben)
    make_organization(shop, "Second Mill")
    assign_role("vendor", contact=ana, actor=None, now=now())
    ended = assign_role("partner", organization=mill, actor=None, now=now())
    end_role(ended, now=now(), actor=None)
    change_stage(ana, Stage.CLIENT, actor=None, reason="Bought something", now=now())
    moved = change_stage(ben, Stage.PROSPECT, actor=None, reason="Asked", now=now())
    undo_stage_change(moved, actor=None, now=now())
    record_interactions(
        [
            line(ana, "call", 3, direction="both"),
            line(ana, "reply", 2, direction="in"),
            line(ana, "purchase", 4, value_minor=1250, currency="USD"),
            line(ana, "purchase", 1, value_minor=300, currency="USD"),
            line(ana, "content_clicked", 5),
            line(ana, "note", 0),
        ]
    )
    delete_contact(carl, actor=None, now=now())
    return [ana, ben, carl]


def problems() -> set[str]:
    return {problem.check for problem in check_invariants().problems}


class Undone(Exception):
    pass


def found_after(falsify) -> set[str]:
    """What is found wrong once something was falsified; that is taken back."""
    found: set[str] = set()
    try:
        with transaction.atomic():
            falsify()
            found = problems()
            raise Undone
    except Undone:
        return found


def kind_of(name: str) -> str:
    return name.partition(":")[0]


def test_rel_40_each_kept_count_is_recounted(lively):
    """REL-40: equal at first, folded too; then each count in turn is wrong by one, and is found."""
    assert check_invariants().problems == ()
    fold_tallies()
    assert check_invariants().problems == ()
    kept = {kind_of(tally.name): tally for tally in Tally.objects.order_by("id")}
    assert set(kept) - WITHOUT_LEDGER == KINDS
    for kind in KINDS:
        for amount in (1, -1):
            name, key = kept[kind].name, kept[kind].key
            found = found_after(lambda name=name, key=key, amount=amount: Tally.objects.create(
                name=name, key=key, amount=amount
            ))  # fmt: skip
            wanted = "counts_equal_recounts" if "." in kind else "people_equal_recounts"
            assert found == {wanted}, (kind, amount)
        gone = found_after(lambda name=name, key=key: Tally.objects.filter(name=name, key=key).delete())
        assert len(gone) == 1, kind


def test_rel_40_rungs_permissions_and_facts_are_recounted_from_their_ledgers(lively):
    """REL-40: a rung without a move, a state of permission without a row, a fact without a line."""
    ana = lively[0]
    assert check_invariants().problems == ()
    people, stats = Contact.objects.filter(id=ana.id), ContactStats.objects.filter(contact=ana)
    assert "rungs_equal_history" in found_after(lambda: people.update(stage="advocate"))
    assert "rungs_equal_history" in found_after(lambda: people.update(stage=None))
    for state in ("withdrawn", "requested"):
        given = ConsentState.objects.filter(state="granted").order_by("id")[:1]
        states = ConsentState.objects.filter(id__in=list(given.values_list("id", flat=True)))
        assert "permission_equals_ledger" in found_after(lambda states=states, state=state: states.update(state=state))
    moment = now() - timedelta(days=30)
    for field in ("last_touch_at", "last_fed_at", "last_inbound_at", "last_click_at", "last_purchase_at"):
        for wrong in (moment, None):
            falsified = {field: wrong}
            found = found_after(lambda falsified=falsified: stats.update(**falsified))
            assert found == {"facts_equal_timelines"}, field
    for field in ("interactions_count", "clicks_count", "purchases_count", "purchases_minor"):
        falsified = {field: getattr(stats.get(), field) + 1}
        found = found_after(lambda falsified=falsified: stats.update(**falsified))
        assert found == {"facts_equal_timelines"}, field
    for field in ("last_touch_at", "fed_at"):
        falsified = {field: moment}
        found = found_after(lambda falsified=falsified: people.update(**falsified))
        assert found == {"facts_equal_timelines"}, field
    assert found_after(lambda: stats.delete()) == {"facts_equal_timelines"}
