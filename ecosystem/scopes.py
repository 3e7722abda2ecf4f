"""What a key of the API may be allowed, each scope tied to the action that its maker must be allowed too."""

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ecosystem.base.access import Action, may
from ecosystem.models import Membership


class Scope(StrEnum):
    """One right of a key. A key can never manage keys, the team or the business itself."""

    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    CONTACTS_DELETE = "contacts:delete"
    STAGES_WRITE = "stages:write"
    INTERACTIONS_READ = "interactions:read"
    INTERACTIONS_WRITE = "interactions:write"
    CONSENTS_READ = "consents:read"
    CONSENTS_WRITE = "consents:write"
    SEQUENCES_READ = "sequences:read"
    ENROLLMENTS_WRITE = "enrollments:write"
    MESSAGES_READ = "messages:read"


SCOPE_ACTIONS: dict[Scope, Action] = {
    Scope.CONTACTS_READ: Action.SEE_PEOPLE,
    Scope.CONTACTS_WRITE: Action.EDIT_PEOPLE,
    Scope.CONTACTS_DELETE: Action.DELETE_PEOPLE,
    Scope.STAGES_WRITE: Action.MOVE_LADDER,
    Scope.INTERACTIONS_READ: Action.SEE_PEOPLE,
    Scope.INTERACTIONS_WRITE: Action.LOG_INTERACTION,
    Scope.CONSENTS_READ: Action.SEE_PERMISSIONS,
    Scope.CONSENTS_WRITE: Action.EDIT_PEOPLE,
    Scope.SEQUENCES_READ: Action.SEE_SEQUENCES,
    Scope.ENROLLMENTS_WRITE: Action.START_SEQUENCES,
    Scope.MESSAGES_READ: Action.SEE_SEQUENCES,
}

SCOPE_LABELS: dict[Scope, Promise] = {
    Scope.CONTACTS_READ: _("See people and organizations"),
    Scope.CONTACTS_WRITE: _("Add and change people and organizations"),
    Scope.CONTACTS_DELETE: _("Take people off every list"),
    Scope.STAGES_WRITE: _("Move people on the ladder"),
    Scope.INTERACTIONS_READ: _("See what happened with people"),
    Scope.INTERACTIONS_WRITE: _("Note calls, visits and purchases"),
    Scope.CONSENTS_READ: _("See who said yes to what"),
    Scope.CONSENTS_WRITE: _("Record a yes or a no, with its proof"),
    Scope.SEQUENCES_READ: _("See sequences and their numbers"),
    Scope.ENROLLMENTS_WRITE: _("Start and stop sequences for people"),
    Scope.MESSAGES_READ: _("See which letters went out"),
}


def scopes_open_to(membership: Membership) -> list[Scope]:
    """The scopes that a member may give to a key: never more than the member may do."""
    return [scope for scope in Scope if may(membership, SCOPE_ACTIONS[scope])]
