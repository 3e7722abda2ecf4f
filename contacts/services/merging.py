"""Two records of one person made one, and parted again within thirty days.

The winner keeps its id; the loser stays as a stub that leads to it. The stricter answer holds: whoever said no with
either record has said no. Letters that wait for the loser are cancelled, so that nothing comes twice.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from contacts.events import ContactDeleted, ContactEdited, ContactMerged, ContactRestored
from contacts.models import Contact, ContactPoint, DataRequest, DuplicateCandidate, MergeOperation, Stage
from contacts.queries.merges import parted_until
from contacts.services.merge_consents import keep_stricter, take_back_yeses
from contacts.services.merge_facts import recount_facts
from contacts.services.merge_rows import move_back, move_rows
from contacts.services.stages import change_stage
from ecosystem.base.errors import Conflict, Invalid, NotFound
from ecosystem.base.events import publish
from ecosystem.base.tenancy import current_business_id
from ecosystem.models import Membership
from ecosystem.services.audit import record_act

# What somebody chooses between the two, with the columns of each.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "name": ("given_name", "family_name", "display_name", "sort_name"),
    "email": ("primary_email",),
    "phone": ("primary_phone",),
    "stage": (),
    "owner": ("owner_id",),
}
_KINDS = {"email": ContactPoint.Kind.EMAIL, "phone": ContactPoint.Kind.PHONE}


@transaction.atomic
def merge_contacts(
    winner_id: UUID, loser_id: UUID, *, choices: Mapping[str, str], actor: Membership | None, now: datetime
) -> MergeOperation:
    """Make two people one. `choices` says for a key of CHOICES whether the winner's or the loser's counts.

    An empty value never wins over one that is there. Conflict where both are of the team, or one is being erased.
    Publishes ContactDeleted for the loser, ContactMerged and ContactEdited for the winner.
    """
    winner, loser = hold_pair(winner_id, loser_id)
    _refuse(winner, loser)
    operation = MergeOperation(winner=winner, loser=loser, choices=dict(choices), actor=actor, merged_at=now)
    operation.before = {"winner": _image(winner), "loser": _image(loser), "points": _points(winner, loser)}
    operation.before["winner_fed_at"] = winner.fed_at.isoformat()
    operation.save(force_insert=True)
    added, nos = keep_stricter(winner, loser, actor=actor, now=now)
    operation.consent_ids = [str(pk) for pk in added]
    _stop(loser, winner, actor, now)
    ContactPoint.objects.filter(contact=loser).update(is_primary=False)
    operation.moved = move_rows(winner, loser)
    _set_fields(winner, operation, now)
    _set_primaries(winner, operation)
    _set_stage(winner, operation, actor, now)
    winner.refresh_from_db()
    recount_facts(winner)
    operation.after = {"winner": _image(winner), "points": _points(winner, loser)}
    operation.report = {"nos": nos}
    operation.save(update_fields=["consent_ids", "moved", "after", "report", "updated_at"])
    DuplicateCandidate.objects.filter(first=loser, state="open").delete()
    DuplicateCandidate.objects.filter(second=loser, state="open").delete()
    record_act("contact_merged", actor=actor, subject=winner, merged=str(loser.pk))
    actor_id = actor.pk if actor else None
    business_id = current_business_id()
    publish(ContactMerged(business_id=business_id, contact_id=winner.pk, merged_id=loser.pk, actor_id=actor_id))
    publish(ContactEdited(business_id=business_id, contact_id=winner.pk, changed=("merged",), actor_id=actor_id))
    return operation


@transaction.atomic
def undo_merge(operation_id: UUID, *, actor: Membership | None, now: datetime) -> MergeOperation:
    """Part two people who were made one. What somebody touched since stays with the winner and is reported.

    No yes comes back over a no that the merge kept. A second time changes nothing. Conflict after thirty days, and
    where the winner is not there, or was made one with somebody else since. Publishes ContactRestored.
    """
    operation = MergeOperation.objects.select_for_update().get(pk=operation_id)
    if operation.reverted_at is not None:
        return operation
    if now > parted_until(operation):
        raise Conflict("undo_too_late", _("Two people can be parted again for 30 days. These are over."))
    people = _locked(operation.winner_id, operation.loser_id)
    winner, loser = people.get(operation.winner_id), people.get(operation.loser_id)
    is_so = winner is not None and loser is not None and loser.merged_into_id == winner.pk
    if winner is None or loser is None or not is_so or winner.deleted_at is not None or loser.erased_at is not None:
        raise Conflict("merged_on", _("One of them is not there any more, or was made one with somebody else since."))
    stayed = move_back(winner, loser, operation.moved, since=operation.merged_at)
    kept = _restore_fields(winner, operation, now)
    _take_stage_back(winner, operation, actor, now)
    Contact.objects.filter(pk=loser.pk).update(
        deleted_at=None, merged_into=None, updated_at=now, version=F("version") + 1
    )
    ids = [pk for pk in winner.merged_ids or [] if pk != loser.pk and pk not in (loser.merged_ids or [])]
    Contact.objects.filter(pk=winner.pk).update(merged_ids=ids or None, updated_at=now, version=F("version") + 1)
    stayed += _restore_primaries(operation, winner, loser)
    Contact.objects.filter(pk=winner.pk).update(fed_at=operation.before["winner_fed_at"])
    winner.refresh_from_db()
    loser.refresh_from_db()
    recount_facts(winner)
    recount_facts(loser)
    take_back_yeses(winner, operation, actor=actor, now=now)
    operation.reverted_at = now
    operation.report = {**operation.report, "stayed": stayed, "kept": kept}
    operation.save(update_fields=["reverted_at", "report", "updated_at"])
    keep_apart(winner.pk, loser.pk, now=now)
    record_act("contact_parted", actor=actor, subject=winner, parted=str(loser.pk))
    publish(
        ContactRestored(business_id=current_business_id(), contact_id=loser.pk, actor_id=actor.pk if actor else None)
    )
    return operation


@transaction.atomic
def keep_apart(one: UUID, other: UUID, *, now: datetime) -> None:
    """Remember that two people are two; no search names them together again."""
    first, second = sorted((one, other))
    DuplicateCandidate.objects.bulk_create(
        [DuplicateCandidate(first_id=first, second_id=second, state=DuplicateCandidate.State.APART, found_at=now)],
        update_conflicts=True,
        unique_fields=["business_id", "first", "second"],
        update_fields=["state"],
    )


def _locked(*ids: UUID) -> dict[UUID, Contact]:
    """Both, held in one order, so that two mergers wait for each other."""
    people = Contact.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    return {person.pk: person for person in people}


def hold_pair(winner_id: UUID, loser_id: UUID) -> tuple[Contact, Contact]:
    """Two live people, held until the transaction ends, in one order whoever is to win.

    Invalid for one and the same, NotFound where one of them is not there.
    """
    if winner_id == loser_id:
        raise Invalid("merge_same", _("That is one and the same person already."))
    people = {pk: person for pk, person in _locked(winner_id, loser_id).items() if person.deleted_at is None}
    if len(people) < 2:
        raise NotFound("contact_not_found", _("This person is not in your list. Somebody may have taken them off."))
    return people[winner_id], people[loser_id]


def _refuse(winner: Contact, loser: Contact) -> None:
    if winner.membership_id is not None and loser.membership_id is not None:
        raise Conflict("merge_team", _("Both are in the team, each with a sign-in of their own. They stay two."))
    working = DataRequest.objects.filter(contact__in=[winner, loser], kind=DataRequest.Kind.ERASURE)
    if working.exclude(state__in=[DataRequest.State.DONE, DataRequest.State.EXPIRED]).exists():
        raise Conflict("merge_erasure", _("One of them asked to be forgotten. Finish that first."))


def _stop(loser: Contact, winner: Contact, actor: Membership | None, now: datetime) -> None:
    """Leave a stub that leads to the winner, and stop everything that was under way to it."""
    Contact.objects.filter(pk=loser.pk).update(
        deleted_at=now, merged_into=winner, membership=None, updated_at=now, version=F("version") + 1
    )
    publish(
        ContactDeleted(business_id=current_business_id(), contact_id=loser.pk, actor_id=actor.pk if actor else None)
    )


def _set_fields(winner: Contact, operation: MergeOperation, now: datetime) -> None:
    ours, theirs = operation.before["winner"], operation.before["loser"]
    values: dict[str, Any] = {}
    for choice, columns in CHOICES.items():
        is_theirs = operation.choices.get(choice) == "loser" or (columns and not any(ours[name] for name in columns))
        if is_theirs and columns and any(theirs[name] for name in columns):
            values |= {name: theirs[name] for name in columns}
    values["do_not_contact"] = ours["do_not_contact"] or theirs["do_not_contact"]
    values["is_unmeasured"] = ours["is_unmeasured"] or theirs["is_unmeasured"]
    values["rhythm_days"] = max(ours["rhythm_days"] or 0, theirs["rhythm_days"] or 0) or None
    wishing = ours if ours.get("quiet_from_minute") is not None else theirs
    values |= {name: wishing.get(name) for name in ("quiet_from_minute", "quiet_until_minute")}
    values["paused_until"] = max((x for x in (ours["paused_until"], theirs["paused_until"]) if x), default=None)
    values["preferred_channel"] = ours["preferred_channel"] or theirs["preferred_channel"]
    values["membership_id"] = ours["membership_id"] or theirs["membership_id"]
    stubs = [*(winner.merged_ids or []), UUID(theirs["id"]), *map(UUID, theirs["merged_ids"])]
    Contact.objects.filter(pk=winner.pk).update(
        **values, merged_ids=list(dict.fromkeys(stubs)), updated_at=now, version=F("version") + 1
    )


def _set_primaries(winner: Contact, operation: MergeOperation) -> None:
    """Have the address that was chosen stand first; the other one stays as a further one."""
    winner.refresh_from_db()
    for choice, kind in _KINDS.items():
        chosen = getattr(winner, CHOICES[choice][0])
        points = ContactPoint.objects.filter(contact=winner, kind=kind)
        first = points.filter(value_norm=chosen).order_by("-is_primary", "id").first() if chosen else None
        if first is not None and not first.is_primary:
            points.filter(is_primary=True).update(is_primary=False)
            points.filter(pk=first.pk).update(is_primary=True)
    # Nobody is asked which postal address counts: the winner's, or where there is none the loser's.
    points = ContactPoint.objects.filter(contact=winner, kind=ContactPoint.Kind.POSTAL)
    if not points.filter(is_primary=True).exists():
        stood_first = [pk for pk, point in operation.before["points"].items() if point["is_primary"]]
        points.filter(pk__in=stood_first).update(is_primary=True)


def _set_stage(winner: Contact, operation: MergeOperation, actor: Membership | None, now: datetime) -> None:
    theirs = operation.before["loser"]["stage"]
    if operation.choices.get("stage") == "loser" and theirs:
        winner.refresh_from_db()
        change_stage(winner, theirs, actor=actor, reason=str(_("Two records made one")), now=now)


def _restore_fields(winner: Contact, operation: MergeOperation, now: datetime) -> list[str]:
    """Put back what still stands as the merge left it; the names of what was changed since."""
    before, after, current = operation.before["winner"], operation.after["winner"], _image(winner)
    skipped = {"id", "merged_ids", "stage", "version"}
    changed = [name for name in before if name not in skipped and before[name] != after[name]]
    kept = [name for name in changed if current[name] != after[name]]
    values = {name: before[name] for name in changed if name not in kept}
    if values:
        Contact.objects.filter(pk=winner.pk).update(**values, updated_at=now)
    if operation.before["loser"]["membership_id"] and "membership_id" not in kept:
        Contact.objects.filter(pk=operation.loser_id).update(membership_id=operation.before["loser"]["membership_id"])
    return kept


def _take_stage_back(winner: Contact, operation: MergeOperation, actor: Membership | None, now: datetime) -> None:
    before, after = operation.before["winner"]["stage"], operation.after["winner"]["stage"]
    if before != after and winner.stage == after and before in Stage.values:
        winner.refresh_from_db()
        change_stage(winner, before, actor=actor, reason=str(_("Parted again")), now=now)


def _restore_primaries(operation: MergeOperation, winner: Contact, loser: Contact) -> int:
    """Have the addresses stand first that stood first with each; how many were touched since and stay."""
    before, after = operation.before["points"], operation.after["points"]
    points = list(ContactPoint.objects.filter(pk__in=[UUID(pk) for pk in before]))
    same = [point for point in points if point.is_primary == after.get(str(point.pk), {}).get("is_primary")]
    mine = [point.pk for point in same if before[str(point.pk)]["contact"] == str(point.contact_id)]
    ContactPoint.objects.filter(pk__in=mine).update(is_primary=False)
    first = [pk for pk in mine if before[str(pk)]["is_primary"]]
    standing = ContactPoint.objects.filter(contact__in=[winner, loser], is_primary=True)
    taken = set(standing.values_list("contact_id", "kind"))
    free = [point.pk for point in same if point.pk in first and (point.contact_id, point.kind) not in taken]
    ContactPoint.objects.filter(pk__in=free).update(is_primary=True)
    return len(points) - len(same)


def _points(winner: Contact, loser: Contact) -> dict[str, Any]:
    points = ContactPoint.objects.filter(contact__in=[winner, loser])
    return {
        str(pk): {"contact": str(contact_id), "is_primary": is_primary}
        for pk, contact_id, is_primary in points.values_list("pk", "contact_id", "is_primary")
    }


def _image(contact: Contact) -> dict[str, Any]:
    """How a person stands, in plain values."""
    return {
        "id": str(contact.pk),
        "given_name": contact.given_name,
        "family_name": contact.family_name,
        "display_name": contact.display_name,
        "sort_name": contact.sort_name,
        "primary_email": contact.primary_email,
        "primary_phone": contact.primary_phone,
        "owner_id": str(contact.owner_id) if contact.owner_id else None,
        "membership_id": str(contact.membership_id) if contact.membership_id else None,
        "stage": contact.stage or "",
        "preferred_channel": contact.preferred_channel,
        "do_not_contact": contact.do_not_contact,
        "rhythm_days": contact.rhythm_days,
        "quiet_from_minute": contact.quiet_from_minute,
        "quiet_until_minute": contact.quiet_until_minute,
        "is_unmeasured": contact.is_unmeasured,
        "paused_until": contact.paused_until.isoformat() if contact.paused_until else None,
        "merged_ids": [str(pk) for pk in contact.merged_ids or []],
    }
