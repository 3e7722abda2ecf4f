"""Which keys somebody may choose from on the page about the API, whatever business they belong to."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ecosystem.base.access import Action, may
from ecosystem.base.tenancy import business_scope, own_rows, user_scope
from ecosystem.models import Business, Membership
from ecosystem.queries.api_keys import working_keys
from ecosystem.queries.kinds import kind_settings

MOST_BUSINESSES = 20


@dataclass(frozen=True)
class KeyChoice:
    """A key by its first letters; its whole text is kept nowhere."""

    id: UUID
    name: str
    prefix: str
    business: str
    slug: str
    scopes: tuple[str, ...]
    kinds: list[tuple[str, str]] = field(default_factory=list)


def key_choices(user_id: int, *, at: datetime) -> list[KeyChoice]:
    """The working keys of each business whose keys a user may manage, with what its kinds are called there."""
    with user_scope(user_id):
        mine = [one for one in own_rows(Membership).order_by("business_id") if may(one, Action.MANAGE_KEYS)]
    names = Business.objects.in_bulk([one.business_id for one in mine[:MOST_BUSINESSES]])
    return [choice for business in names.values() if business.state == "active" for choice in _of(business, at)]


def _of(business: Business, at: datetime) -> list[KeyChoice]:
    with business_scope(business):
        kinds = [(setting.kind, setting.label) for setting in kind_settings() if setting.is_on]
        return [
            KeyChoice(key.pk, key.name, key.prefix, business.name, business.slug, tuple(key.scopes), kinds)
            for key in working_keys(at=at)
        ]
