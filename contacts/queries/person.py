"""Everything that stands on one person's page beside the timeline."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from contacts.models import Affiliation, Contact, ContactPoint, RoleAssignment, Tag
from contacts.queries.kinds import next_rung, rungs_in_use, side_kinds_in_use
from contacts.queries.ladder import Rung, rungs_of
from contacts.queries.organizations import affiliations_of
from contacts.queries.tags import tags_of
from ecosystem.base.errors import NotFound
from ecosystem.queries.stakeholders import KindWords


@dataclass(frozen=True)
class PersonFacts:
    """A person with kinds, rungs, roles, tags, places and addresses."""

    contact: Contact
    kinds: list[str]
    rungs: list[Rung]
    next_rung: KindWords | None
    other_rungs: list[KindWords]
    roles: list[RoleAssignment]
    open_sides: list[KindWords]
    tags: list[Tag]
    places: list[Affiliation]
    points: list[ContactPoint]


def person_facts(contact: Contact, words: Mapping[str, KindWords]) -> PersonFacts:
    """What a person's page tells, in five statements."""
    roles = roles_of(contact)
    held = [role.kind for role in roles]
    return PersonFacts(
        contact=contact,
        kinds=([contact.stage] if contact.stage else []) + held,
        rungs=rungs_of(contact, words),
        next_rung=next_rung(words, contact.stage),
        other_rungs=[rung for rung in rungs_in_use(words) if rung.kind != contact.stage],
        roles=roles,
        open_sides=[side for side in side_kinds_in_use(words) if side.kind not in held],
        tags=tags_of(contact),
        places=affiliations_of(contact),
        points=points_of(contact),
    )


def roles_of(contact: Contact) -> list[RoleAssignment]:
    """What a person is beside the ladder now."""
    found = RoleAssignment.objects.filter(contact=contact, ended_at=None).select_related("organization")
    return list(found.order_by("kind"))


def points_of(contact: Contact) -> list[ContactPoint]:
    """Where a person can be reached, the first of each kind first."""
    return list(ContactPoint.objects.filter(contact=contact).order_by("kind", "-is_primary", "id"))


def get_role(contact: Contact, role_id: UUID) -> RoleAssignment:
    """A role of this person; NotFound for every other id."""
    found = RoleAssignment.objects.filter(pk=role_id, contact=contact).first()
    if found is None:
        raise NotFound("role_not_found", _("There is no such entry."))
    return found
