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
    MERGES_READ = "merges:read"
    MERGES_WRITE = "merges:write"
    STAGES_WRITE = "stages:write"
    INTERACTIONS_READ = "interactions:read"
    INTERACTIONS_WRITE = "interactions:write"
    NOTES_READ = "notes:read"
    NOTES_WRITE = "notes:write"
    NEXT_STEPS_READ = "next_steps:read"
    NEXT_STEPS_WRITE = "next_steps:write"
    IMPORTS_READ = "imports:read"
    IMPORTS_WRITE = "imports:write"
    CONSENTS_READ = "consents:read"
    CONSENTS_WRITE = "consents:write"
    TOPICS_WRITE = "topics:write"
    SIGNUP_FORMS_READ = "signup_forms:read"
    SIGNUP_FORMS_WRITE = "signup_forms:write"
    SEQUENCES_READ = "sequences:read"
    SEQUENCES_WRITE = "sequences:write"
    ENROLLMENTS_WRITE = "enrollments:write"
    MESSAGES_READ = "messages:read"
    HEALTH_READ = "health:read"
    TEAM_READ = "team:read"


SCOPE_ACTIONS: dict[Scope, Action] = {
    Scope.CONTACTS_READ: Action.SEE_PEOPLE,
    Scope.CONTACTS_WRITE: Action.EDIT_PEOPLE,
    Scope.CONTACTS_DELETE: Action.DELETE_PEOPLE,
    Scope.MERGES_READ: Action.DELETE_PEOPLE,
    Scope.MERGES_WRITE: Action.DELETE_PEOPLE,
    Scope.STAGES_WRITE: Action.MOVE_LADDER,
    Scope.INTERACTIONS_READ: Action.SEE_PEOPLE,
    Scope.INTERACTIONS_WRITE: Action.LOG_INTERACTION,
    Scope.NOTES_READ: Action.SEE_NOTES,
    Scope.NOTES_WRITE: Action.LOG_INTERACTION,
    Scope.NEXT_STEPS_READ: Action.SEE_PEOPLE,
    Scope.NEXT_STEPS_WRITE: Action.LOG_INTERACTION,
    Scope.IMPORTS_READ: Action.IMPORT_PEOPLE,
    Scope.IMPORTS_WRITE: Action.IMPORT_PEOPLE,
    Scope.CONSENTS_READ: Action.SEE_PERMISSIONS,
    Scope.CONSENTS_WRITE: Action.EDIT_PEOPLE,
    Scope.TOPICS_WRITE: Action.EDIT_TOPICS,
    Scope.SIGNUP_FORMS_READ: Action.SEE_PERMISSIONS,
    Scope.SIGNUP_FORMS_WRITE: Action.EDIT_SIGNUP_FORMS,
    Scope.SEQUENCES_READ: Action.SEE_SEQUENCES,
    Scope.SEQUENCES_WRITE: Action.START_SEQUENCES,
    Scope.ENROLLMENTS_WRITE: Action.START_SEQUENCES,
    Scope.MESSAGES_READ: Action.SEE_SEQUENCES,
    Scope.HEALTH_READ: Action.SEE_TODAY,
    Scope.TEAM_READ: Action.SEE_TEAM,
}

SCOPE_LABELS: dict[Scope, Promise] = {
    Scope.CONTACTS_READ: _("See people and organizations"),
    Scope.CONTACTS_WRITE: _("Add and change people and organizations"),
    Scope.CONTACTS_DELETE: _("Take people off every list"),
    Scope.MERGES_READ: _("See who may be one person, and who was made one"),
    Scope.MERGES_WRITE: _("Make two people one, and part them again"),
    Scope.STAGES_WRITE: _("Move people on the ladder"),
    Scope.INTERACTIONS_READ: _("See what happened with people"),
    Scope.INTERACTIONS_WRITE: _("Note calls, visits and purchases"),
    Scope.NOTES_READ: _("Read the team's notes about people"),
    Scope.NOTES_WRITE: _("Write notes about people"),
    Scope.NEXT_STEPS_READ: _("See what is to be done next"),
    Scope.NEXT_STEPS_WRITE: _("Write down what is to be done next, and what is done"),
    Scope.IMPORTS_READ: _("See lists that were brought in, and rows that were not taken"),
    Scope.IMPORTS_WRITE: _("Bring in lists of people, mend and answer them, and take them back"),
    Scope.CONSENTS_READ: _("See who said yes to what"),
    Scope.CONSENTS_WRITE: _("Record a yes or a no, with its proof"),
    Scope.TOPICS_WRITE: _("Make and word what people can say yes to"),
    Scope.SIGNUP_FORMS_READ: _("See opt-in pages and their numbers"),
    Scope.SIGNUP_FORMS_WRITE: _("Make, publish and switch off opt-in pages"),
    Scope.SEQUENCES_READ: _("See sequences and their numbers"),
    Scope.SEQUENCES_WRITE: _("Start, pause and resume sequences"),
    Scope.ENROLLMENTS_WRITE: _("Start and stop sequences for people"),
    Scope.MESSAGES_READ: _("See which letters went out"),
    Scope.HEALTH_READ: _("See how each kind of people is doing, and what is to be done today"),
    Scope.TEAM_READ: _("See who is in the team"),
}


def scopes_open_to(membership: Membership) -> list[Scope]:
    """The scopes that a member may give to a key: never more than the member may do."""
    return [scope for scope in Scope if may(membership, SCOPE_ACTIONS[scope])]
