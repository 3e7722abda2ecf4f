"""Moving people up and down the ladder."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.utils.translation import gettext_lazy as _

from contacts.events import StageMove, StagesChanged
from contacts.models import Contact, ContactStats, Interaction, Stage, StageChange
from contacts.services.interactions import NewInteraction, record_interactions
from ecosystem.base.errors import Conflict, Invalid, NotFound
from ecosystem.base.events import publish
from ecosystem.base.tenancy import current_business_id
from ecosystem.models import Kind, KindSetting, Membership

# Rungs that nobody stands on without having done something: bought, or told others.
EARNED = frozenset({Stage.CLIENT, Stage.ADVOCATE})


@transaction.atomic
def change_stage(
    contact: Contact,
    to_stage: str,
    *,
    actor: Membership | None,
    reason: str,
    now: datetime,
    actor_kind: str = StageChange.Actor.MEMBER,
    evidence_id: UUID | None = None,
    seen: str | None = None,
) -> StageChange | None:
    """Put a person on a rung and write down from where, by whom, why and on what evidence.

    Where they stand there already nothing happens, and None is returned. Whoever was never fed starts to be
    hungry from this moment. `seen` is the rung on which the mover saw them (empty: beside the ladder): raises
    Conflict where somebody else has moved them since. Raises Invalid (`reason_needed`) where a member of the team
    moves somebody down, or onto a rung that is earned, and gives neither a reason nor evidence. Somebody who has
    bought needs no other reason to be a client. Publishes StagesChanged.
    """
    if to_stage not in Stage.values:
        raise Invalid("stage_unknown", _("Choose a rung of the ladder."), field="stage")
    if to_stage == Stage.ONLINE_USER and not KindSetting.objects.filter(kind=Kind.ONLINE_USER, is_on=True).exists():
        raise Invalid("stage_off", _("That step is switched off in your settings."), field="stage")
    held = _hold(contact)
    if held.stage == to_stage:
        return None
    if seen is not None and seen != (held.stage or ""):
        raise _moved_meanwhile(held)
    reason = reason.strip()
    if to_stage == Stage.CLIENT and not reason and evidence_id is None:
        evidence_id = _last_purchase(held)
    if actor_kind == StageChange.Actor.MEMBER and not reason and evidence_id is None:
        _ask_why(held.stage, to_stage)
    change = StageChange(
        contact=held,
        from_stage=held.stage or "",
        to_stage=to_stage,
        actor_kind=actor_kind,
        actor=actor,
        reason=reason[:200],
        evidence_id=evidence_id,
        occurred_at=now,
    )
    return _move(contact, held, change, since=now)


@transaction.atomic
def undo_stage_change(change: StageChange, *, actor: Membership | None, now: datetime) -> StageChange | None:
    """Take a move back: the person stands where they stood, since when they stood there.

    Taking back twice changes nothing and returns None. Raises Conflict where the person has moved on since.
    Publishes StagesChanged.
    """
    held = _hold(change.contact)
    if StageChange.objects.filter(contact=held, undoes_id=change.pk).exists():
        return None
    newest = StageChange.objects.filter(contact=held).order_by("-id").first()
    if newest is None or newest.pk != change.pk:
        sentence = _("%(name)s was moved again since. Move them from where they stand now.")
        raise Conflict("stage_moved_on", sentence % {"name": held.display_name}, field="stage")
    undoing = StageChange(
        contact=held,
        from_stage=change.to_stage,
        to_stage=change.from_stage,
        actor_kind=StageChange.Actor.MEMBER,
        actor=actor,
        reason=str(_("Taken back")),
        undoes_id=change.pk,
        occurred_at=now,
    )
    return _move(change.contact, held, undoing, since=_since_before(change))


def move_many(changes: Sequence[StageChange], *, since: Mapping[UUID, datetime | None]) -> None:
    """Write some hundreds of changes at once, each with its line in the timeline; `since` says for each person since
    when they stand where they stand then. The people are held by the caller. Publishes StagesChanged once for all.
    """
    if not changes:
        return
    ids = [change.contact_id for change in changes]
    fed = set(
        ContactStats.objects.filter(contact_id__in=ids, last_fed_at__isnull=False).values_list("contact_id", flat=True)
    )
    StageChange.objects.bulk_create(changes)
    people = []
    for change in changes:
        person, at = change.contact, since[change.contact_id]
        person.stage, person.stage_since = change.to_stage or None, at
        if person.pk not in fed and at is not None:
            person.fed_at = at
        person.version += 1
        person.updated_at = change.occurred_at
        people.append(person)
    Contact.objects.bulk_update(people, ["stage", "stage_since", "fed_at", "version", "updated_at"])
    record_interactions([_line(change) for change in changes])
    publish(StagesChanged(business_id=current_business_id(), moves=tuple(map(_move_of, changes))))


def _hold(contact: Contact) -> Contact:
    """The contact as it stands now, locked, with the time of the last feeding beside it."""
    fed = ContactStats.objects.filter(contact=OuterRef("pk")).values("last_fed_at")[:1]
    people = Contact.objects.select_for_update(no_key=True, of=("self",)).filter(deleted_at=None)
    held = people.annotate(last_fed_at=Subquery(fed)).filter(pk=contact.pk).first()
    if held is None:
        raise NotFound("contact_not_found", _("This person is not in your list. Somebody may have taken them off."))
    return held


def _moved_meanwhile(held: Contact) -> Conflict:
    """Where somebody stands now, and who put them there after the mover looked."""
    newest = StageChange.objects.select_related("actor__user").filter(contact=held).order_by("-id").first()
    who = str(newest.actor.user) if newest is not None and newest.actor else ""
    names = {"name": held.display_name, "who": who, "kind": _label(held.stage)}
    if not held.stage:
        sentence = _("%(name)s was taken off the ladder meanwhile. Nothing else was changed.")
    elif who:
        sentence = _("%(who)s moved %(name)s meanwhile: %(kind)s. Nothing else was changed. Move them from there.")
    else:
        sentence = _("%(name)s was moved meanwhile: %(kind)s. Nothing else was changed. Move them from there.")
    return Conflict("stage_moved_meanwhile", sentence % names, field="stage")


def _ask_why(from_stage: str | None, to_stage: str) -> None:
    """Raise where a move needs a reason: down, or onto a rung that somebody has earned."""
    places = Stage.values
    is_down = from_stage is not None and places.index(to_stage) < places.index(from_stage)
    if is_down or to_stage in EARNED:
        raise Invalid("reason_needed", _("Say in a few words why."), field="reason")


def _last_purchase(held: Contact) -> UUID | None:
    """The line of what somebody bought last, by which they are a client."""
    bought = Interaction.objects.filter(contact=held, kind="purchase").order_by("-occurred_at", "-id")
    return bought.values_list("pk", flat=True).first()


def _label(stage: str | None) -> str:
    """What one of a kind is called by the business."""
    return KindSetting.objects.filter(kind=stage or "").values_list("label", flat=True).first() or ""


def _since_before(change: StageChange) -> datetime | None:
    """Since when the person stood where the change found them."""
    if not change.from_stage:
        return None
    earlier = StageChange.objects.filter(contact_id=change.contact_id, to_stage=change.from_stage, pk__lt=change.pk)
    found = earlier.order_by("-id").values_list("occurred_at", flat=True).first()
    return found or change.occurred_at


def _move(contact: Contact, held: Contact, change: StageChange, *, since: datetime | None) -> StageChange:
    """Write the change, the new place and the line in the timeline."""
    change.save(force_insert=True)
    place = {"stage": change.to_stage or None, "stage_since": since, "fed_at": held.fed_at}
    if getattr(held, "last_fed_at", None) is None and since is not None:
        place["fed_at"] = since
    Contact.objects.filter(pk=held.pk).update(**place, version=F("version") + 1, updated_at=change.occurred_at)
    for name, value in place.items():
        setattr(contact, name, value)
    contact.version = held.version + 1
    record_interactions([_line(change)])
    publish(StagesChanged(business_id=current_business_id(), moves=(_move_of(change),)))
    return change


def _line(change: StageChange) -> NewInteraction:
    return NewInteraction(
        contact_id=change.contact_id,
        kind="stage_change",
        source="stage",
        occurred_at=change.occurred_at,
        external_id=str(change.pk),
        actor_id=change.actor_id,
        object_id=change.pk,
        params={"from": change.from_stage, "to": change.to_stage, "undo": change.undoes_id is not None},
    )


def _move_of(change: StageChange) -> StageMove:
    return StageMove(
        contact_id=change.contact_id,
        change_id=change.pk,
        from_stage=change.from_stage,
        to_stage=change.to_stage,
        actor_kind=change.actor_kind,
        is_undo=change.undoes_id is not None,
    )
