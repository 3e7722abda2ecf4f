"""Keeping a filter of the list of everyone under a name."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from contacts.models import PeopleView
from contacts.queries.people_filter import PeopleFilter
from ecosystem.base.access import Action, may
from ecosystem.base.addresses import fold
from ecosystem.base.errors import Conflict, Invalid, LimitReached, NotAllowed
from ecosystem.base.ids import uuid7
from ecosystem.models import Membership
from ecosystem.services.once import made_before

# Tabs that somebody can still look over: of their own, and of the team.
MOST_VIEWS = 20


@transaction.atomic
def keep_view(
    wanted: PeopleFilter,
    *,
    name: str,
    for_team: bool,
    actor: Membership,
    now: datetime,
    view_id: UUID | None = None,
) -> PeopleView:
    """Keep a filter and its order as a view of one's own, or for the whole team.

    `view_id` is the id it will have: the same one again (a second click) returns the first. What was typed into the
    search is refused, since it would keep somebody's name.
    """
    if wanted.begins:
        sentence = _("A view keeps filters, not a name that you searched for. Take the search away first.")
        raise Invalid("view_of_search", sentence)
    if wanted == PeopleFilter():
        raise Invalid("view_of_everyone", _("Choose a filter or an order first. Everyone has a tab already."))
    typed, norm = _named(name)
    if standing := made_before(PeopleView, view_id):
        return standing
    member = _owner_of(for_team, actor)
    PeopleView.objects.filter(deleted_at__lt=now - timedelta(days=PeopleView.KEPT_DAYS)).delete()
    _refuse_taken(norm, member)
    if PeopleView.objects.filter(member=member, deleted_at=None).count() >= MOST_VIEWS:
        sentence = _("%(count)d views are as many as one can look over. Take one away first.")
        raise LimitReached("too_many_views", sentence % {"count": MOST_VIEWS})
    kept = replace(wanted, sort=wanted.order).as_json()
    return PeopleView.objects.create(
        id=view_id or uuid7(), name=typed, name_norm=norm, wanted=kept, member=member, kept_by=actor
    )


@transaction.atomic
def edit_view(view: PeopleView, *, name: str, for_team: bool, version: int, actor: Membership) -> PeopleView:
    """Call a view otherwise, and show it to the whole team or keep it for oneself.

    Raises Conflict where somebody else has changed it since `version` was read.
    """
    _refuse_stranger(view, actor)
    typed, norm = _named(name)
    held = PeopleView.objects.select_for_update(no_key=True).get(pk=view.pk)
    if held.version != version:
        raise Conflict("stale_edit", _("Meanwhile somebody called this view “%(name)s”.") % {"name": held.name}, "name")
    is_team = held.member_id is None
    member = held.member if for_team == is_team else _owner_of(for_team, actor)
    _refuse_taken(norm, member, but=held)
    held.name, held.name_norm, held.member = typed, norm, member
    held.version += 1
    held.save(force_update=True)
    return held


@transaction.atomic
def delete_view(view: PeopleView, *, actor: Membership, now: datetime) -> None:
    """Take a view away; it can be brought back for 30 days. Nobody in it is touched."""
    _refuse_stranger(view, actor)
    PeopleView.objects.filter(pk=view.pk, deleted_at=None).update(deleted_at=now)


@transaction.atomic
def restore_view(view: PeopleView, *, actor: Membership) -> None:
    """Bring a view back that was taken away. Raises Conflict where another one has its name by now."""
    _refuse_stranger(view, actor)
    _refuse_taken(view.name_norm, view.member, but=view)
    PeopleView.objects.filter(pk=view.pk).update(deleted_at=None)


def may_change_view(view: PeopleView, member: Membership) -> bool:
    """Whether a member may change a view: their own; of the team's, what they kept, or any for who keeps the house."""
    if not may(member, Action.KEEP_VIEWS):
        return False
    is_theirs = view.member_id == member.pk or (view.kept_by_id == member.pk and may(member, Action.EDIT_PEOPLE))
    return is_theirs or (view.member_id is None and may(member, Action.EDIT_SETTINGS))


def _owner_of(for_team: bool, actor: Membership) -> Membership | None:
    if for_team and not may(actor, Action.EDIT_PEOPLE):
        raise NotAllowed("view_for_team", _("Your role keeps views for yourself alone."))
    return None if for_team else actor


def _refuse_stranger(view: PeopleView, actor: Membership) -> None:
    if not may_change_view(view, actor):
        sentence = _("Only who kept a view for the team may change it, or an owner or manager.")
        raise NotAllowed("view_of_another", sentence)


def _refuse_taken(norm: str, member: Membership | None, *, but: PeopleView | None = None) -> None:
    others = PeopleView.objects.filter(member=member, name_norm=norm, deleted_at=None)
    if but is not None:
        others = others.exclude(pk=but.pk)
    if others.exists():
        sentence = _("There is a view of this name already. Choose another name.")
        raise Conflict("view_name_taken", sentence, field="name")


def _named(name: str) -> tuple[str, str]:
    typed = " ".join(name.split())
    norm = fold(typed)[:40]
    if not norm:
        raise Invalid("view_name", _("Give it a name, such as “Regulars gone quiet”."), field="name")
    return typed, norm
