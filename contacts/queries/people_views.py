"""Filters that were kept under a name."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from contacts.models import PeopleView
from ecosystem.base.errors import NotFound
from ecosystem.models import Membership


def get_people_view(view_id: UUID, *, member: Membership, is_deleted: bool = False) -> PeopleView:
    """A view of this member's own or of the team; NotFound for every other id."""
    found = _views_for(member).filter(pk=view_id, deleted_at__isnull=not is_deleted).first()
    if found is None:
        raise NotFound("people_view_not_found", _("There is no such view. Somebody may have taken it away."))
    return found


def _views_for(member: Membership) -> QuerySet[PeopleView]:
    return PeopleView.objects.filter(Q(member=member) | Q(member=None))
