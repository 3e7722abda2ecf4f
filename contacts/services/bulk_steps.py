"""What each change to many people does, for some hundreds of them in a handful of statements, and how it is undone."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, F
from django.utils.translation import gettext_lazy as _

from contacts.events import ContactEdited, ContactTagged, ContactUntagged
from contacts.models import BulkEdit, Contact, ContactTag, StageChange
from contacts.services.stages import move_many
from contacts.services.tags import MOST_TAGS
from ecosystem.base.events import publish
from ecosystem.base.tenancy import current_business_id

# What is kept of each changed person, by contact: see BulkEditItem.before.
Changed = dict[UUID, str]
Before = Mapping[UUID, str]


class Step(NamedTuple):
    """`apply` answers whom it changed and how they stood; `take_back` how many stand as before again."""

    apply: Callable[[BulkEdit, Sequence[Contact], datetime], Changed]
    take_back: Callable[[BulkEdit, Sequence[Contact], Before, datetime], int]


def _tag(edit: BulkEdit, people: Sequence[Contact], _now: datetime) -> Changed:
    """Put the tag on those who do not have it and have room for one more."""
    tag_id = UUID(edit.value)
    ids = [person.pk for person in people]
    counted = ContactTag.objects.filter(contact_id__in=ids).values("contact_id").annotate(count=Count("id"))
    full = {row["contact_id"] for row in counted if row["count"] >= MOST_TAGS}
    have = set(ContactTag.objects.filter(contact_id__in=ids, tag_id=tag_id).values_list("contact_id", flat=True))
    new = [contact_id for contact_id in ids if contact_id not in have and contact_id not in full]
    ContactTag.objects.bulk_create([ContactTag(contact_id=contact_id, tag_id=tag_id) for contact_id in new])
    for contact_id in new:
        publish(ContactTagged(business_id=current_business_id(), contact_id=contact_id, tag_ids=(tag_id,)))
    return dict.fromkeys(new, "")


def _untag(edit: BulkEdit, people: Sequence[Contact], _now: datetime) -> Changed:
    """Take the tag off those who have it."""
    tag_id = UUID(edit.value)
    worn = ContactTag.objects.filter(contact__in=people, tag_id=tag_id)
    had = list(worn.values_list("contact_id", flat=True))
    worn.delete()
    for contact_id in had:
        publish(ContactUntagged(business_id=current_business_id(), contact_id=contact_id, tag_id=tag_id))
    return dict.fromkeys(had, "")


def _take_back_tag(edit: BulkEdit, people: Sequence[Contact], _before: Before, now: datetime) -> int:
    return len(_untag(edit, people, now))


def _take_back_untag(edit: BulkEdit, people: Sequence[Contact], _before: Before, now: datetime) -> int:
    return len(_tag(edit, people, now))


def _own(edit: BulkEdit, people: Sequence[Contact], now: datetime) -> Changed:
    """Give those to a member of the team, or to nobody, who are looked after by somebody else."""
    owner_id = UUID(edit.value) if edit.value else None
    others = [person for person in people if person.owner_id != owner_id]
    _set_owner([person.pk for person in others], owner_id, now)
    return {person.pk: str(person.owner_id or "") for person in others}


def _take_back_owner(edit: BulkEdit, people: Sequence[Contact], before: Before, now: datetime) -> int:
    """Give those back who are still looked after as the change left them."""
    owner_id = UUID(edit.value) if edit.value else None
    still = [person for person in people if person.owner_id == owner_id]
    by_owner: dict[str, list[UUID]] = {}
    for person in still:
        by_owner.setdefault(before[person.pk], []).append(person.pk)
    for former, ids in by_owner.items():
        _set_owner(ids, UUID(former) if former else None, now)
    return len(still)


def _set_owner(ids: Sequence[UUID], owner_id: UUID | None, now: datetime) -> None:
    Contact.objects.filter(pk__in=ids).update(owner_id=owner_id, version=F("version") + 1, updated_at=now)
    for contact_id in ids:
        publish(ContactEdited(business_id=current_business_id(), contact_id=contact_id, changed=("owner_id",)))


def _stage(edit: BulkEdit, people: Sequence[Contact], now: datetime) -> Changed:
    """Put those on the rung who stand elsewhere."""
    changes = [
        StageChange(
            contact=person,
            from_stage=person.stage or "",
            to_stage=edit.value,
            actor_kind=StageChange.Actor.MEMBER,
            actor_id=edit.actor_id,
            reason=str(_("Moved with others")),
            occurred_at=now,
        )
        for person in people
        if person.stage != edit.value
    ]
    move_many(changes, since=dict.fromkeys((change.contact_id for change in changes), now))
    return {change.contact_id: change.pk.hex for change in changes}


def _take_back_stage(edit: BulkEdit, people: Sequence[Contact], before: Before, now: datetime) -> int:
    """Let those stand where they stood who have not moved since."""
    made = {UUID(change_id) for change_id in before.values()}
    theirs = StageChange.objects.filter(pk__in=made).in_bulk()
    newest = {
        change.contact_id: change.pk
        for change in StageChange.objects.filter(contact__in=people)
        .order_by("contact_id", "-id")
        .distinct("contact_id")
    }
    rungs_before = _since_before(list(theirs.values()))
    undoing, since = [], {}
    for person in people:
        change = theirs.get(UUID(before[person.pk]))
        if change is None or newest.get(person.pk) != change.pk:
            continue
        since[person.pk] = rungs_before.get(person.pk)
        undoing.append(
            StageChange(
                contact=person,
                from_stage=change.to_stage,
                to_stage=change.from_stage,
                actor_kind=StageChange.Actor.MEMBER,
                actor_id=edit.actor_id,
                reason=str(_("Taken back")),
                undoes_id=change.pk,
                occurred_at=now,
            )
        )
    move_many(undoing, since=since)
    return len(undoing)


def _since_before(changes: Sequence[StageChange]) -> dict[UUID, datetime | None]:
    """Since when each stood where the change found them."""
    ids = [change.contact_id for change in changes]
    own = {change.contact_id: change for change in changes}
    found: dict[UUID, datetime | None] = {
        change.contact_id: change.occurred_at if change.from_stage else None for change in changes
    }
    earlier = StageChange.objects.filter(contact_id__in=ids).order_by("id")
    for contact_id, to_stage, pk, at in earlier.values_list("contact_id", "to_stage", "pk", "occurred_at"):
        change = own[contact_id]
        if pk < change.pk and change.from_stage and to_stage == change.from_stage:
            found[contact_id] = at
    return found


STEPS: dict[str, Step] = {
    BulkEdit.Act.TAG: Step(_tag, _take_back_tag),
    BulkEdit.Act.UNTAG: Step(_untag, _take_back_untag),
    BulkEdit.Act.OWNER: Step(_own, _take_back_owner),
    BulkEdit.Act.STAGE: Step(_stage, _take_back_stage),
}
