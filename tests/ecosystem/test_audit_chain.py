"""The chain over the audit trail: whole while nobody touches it, broken by every kind of touch."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connections, transaction
from django.utils import timezone

from ecosystem.acts import ACTS
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry, AuditSeal
from ecosystem.services.audit import record_act
from ecosystem.services.audit_chain import seal_audit, verify_audit, work_audit_chain
from tests.factories.ecosystem import membership_of

LATER = timedelta(minutes=11)


@pytest.fixture
def chain(bakery, nora):
    """Two links over seven entries and more."""
    owner = membership_of(bakery, nora)
    with business_scope(bakery, nora):
        for day in (0, 1):
            for number in range(4):
                record_act("profile_changed", actor=owner, number=number)
            assert seal_audit(now=timezone.now() + LATER + timedelta(days=day)) is False
    return bakery


def checked(business):
    with business_scope(business):
        return verify_audit()


def as_owner(sql: str, **given: object) -> None:
    """What somebody with the owner's password does behind our back."""
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        cursor.execute(sql, given)


def test_sec_61_a_chain_that_nobody_touched_is_whole(chain, capsys):
    found = checked(chain)
    assert (found.links, found.broken_at) == (2, None)
    with business_scope(chain):
        assert found.entries == AuditEntry.objects.count()
        assert found.head == AuditSeal.objects.get(number=2).digest
    call_command("verify_audit", "--seal")
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_sec_61_the_application_can_neither_change_nor_delete_an_entry_or_a_link(chain):
    for model in (AuditEntry, AuditSeal):
        for touch in (lambda rows: rows.update(created_at=timezone.now()), lambda rows: rows.delete()):
            with pytest.raises(DatabaseError), transaction.atomic(), business_scope(chain):
                touch(model.objects.all())


def test_sec_61_what_has_not_settled_is_left_for_later(bakery):
    with business_scope(bakery):
        assert seal_audit(now=timezone.now()) is False
        assert not AuditSeal.objects.exists()
    assert work_audit_chain(bakery.pk, timezone.now() + LATER) > timezone.now()
    with business_scope(bakery):
        assert AuditSeal.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "touch",
    [
        "UPDATE ecosystem_auditentry SET action = 'kind_changed' WHERE action = 'business_created'",
        "UPDATE ecosystem_auditentry SET actor_user_id = 1 WHERE details->>'number' = '2'",
        "UPDATE ecosystem_auditentry SET details = '{}' WHERE details->>'number' = '1'",
        "DELETE FROM ecosystem_auditentry WHERE details->>'number' = '3'",
        "DELETE FROM ecosystem_auditseal WHERE number = 1",
        "UPDATE ecosystem_auditseal SET digest = repeat('0', 64) WHERE number = 1",
    ],
)
def test_sec_61_every_touch_behind_our_back_breaks_it(chain, capsys, touch):
    as_owner(f"SET LOCAL app.business_id = '{chain.pk}'; {touch}")
    assert checked(chain).broken_at is not None
    with pytest.raises(SystemExit):
        call_command("verify_audit")
    assert json.loads(capsys.readouterr().out)["ok"] is False


def test_sec_61_the_trail_covers_members_keys_settings_sending_and_permission():
    """Sign-ins stand apart, as SecurityEvent: no business is known then."""
    needed = {
        "member_joined",
        "member_changed",
        "member_removed",
        "member_left",
        "api_key_made",
        "api_key_revoked",
        "profile_changed",
        "sending_paused",
        "sending_resumed",
        "second_step_wanted",
        "business_switched",
        "sequence_started",
        "consent.granted",
        "consent.withdrawn",
        "consent.exported",
        "data.copy_asked",
        "topic_edited",
    }
    assert needed <= set(ACTS.keys())
