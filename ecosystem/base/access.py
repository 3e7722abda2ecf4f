"""Who may do what in a business: five roles, one table, one decorator."""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.translation import gettext_lazy as _

from ecosystem.base import clock


class Role(models.TextChoices):
    """What a member is to the business."""

    OWNER = "owner", _("Owner")
    MANAGER = "manager", _("Manager")
    STAFF = "staff", _("Staff")
    HELPER = "helper", _("Helper")
    ADVISER = "adviser", _("Adviser")


class Action(StrEnum):
    """What can be allowed or refused."""

    SEE_TODAY = "see_today"
    SEE_PEOPLE = "see_people"
    SEE_ADDRESSES = "see_addresses"
    SEE_NOTES = "see_notes"
    EDIT_PEOPLE = "edit_people"
    MOVE_LADDER = "move_ladder"
    LOG_INTERACTION = "log_interaction"
    KEEP_VIEWS = "keep_views"
    EXPORT_PEOPLE = "export_people"
    DELETE_PEOPLE = "delete_people"
    IMPORT_PEOPLE = "import_people"
    SEE_PERMISSIONS = "see_permissions"
    EDIT_TOPICS = "edit_topics"
    EDIT_SIGNUP_FORMS = "edit_signup_forms"
    SEE_SEQUENCES = "see_sequences"
    EDIT_SEQUENCES = "edit_sequences"
    START_SEQUENCES = "start_sequences"
    SEND_TEST = "send_test"
    SEE_TEAM = "see_team"
    MANAGE_TEAM = "manage_team"
    EDIT_SETTINGS = "edit_settings"
    MANAGE_KEYS = "manage_keys"
    SEE_AUDIT = "see_audit"
    SECURE_TEAM = "secure_team"
    CLOSE_BUSINESS = "close_business"


# Where people can be reached and what was said between us is for the team; an adviser comes from outside.
_TEAM = {Action.SEE_ADDRESSES, Action.SEE_NOTES}
_HELPER = {Action.SEE_TODAY, Action.SEE_PEOPLE, Action.LOG_INTERACTION, Action.KEEP_VIEWS} | _TEAM
_ADVISER = {
    Action.SEE_TODAY,
    Action.SEE_PEOPLE,
    Action.SEE_PERMISSIONS,
    Action.SEE_SEQUENCES,
    Action.SEE_TEAM,
}
_STAFF = (
    _HELPER
    | _ADVISER
    | {
        Action.EDIT_PEOPLE,
        Action.MOVE_LADDER,
        Action.START_SEQUENCES,
        Action.SEND_TEST,
    }
)
_MANAGER = set(Action) - {Action.MANAGE_KEYS, Action.SECURE_TEAM, Action.CLOSE_BUSINESS}

# The whole table: what is not named here is refused.
PERMISSIONS: dict[Role, frozenset[Action]] = {
    Role.OWNER: frozenset(Action),
    Role.MANAGER: frozenset(_MANAGER),
    Role.STAFF: frozenset(_STAFF),
    Role.HELPER: frozenset(_HELPER),
    Role.ADVISER: frozenset(_ADVISER),
}

SAFE = ("GET", "HEAD")
View = Callable[..., HttpResponseBase]


def may(membership: Any, action: Action) -> bool:
    """Whether a membership allows an action now. No membership, an ended one or an unknown role allow nothing."""
    if membership is None or (membership.expires_at is not None and membership.expires_at <= clock.now()):
        return False
    return action in PERMISSIONS.get(membership.role, frozenset())


def login_redirect(request: HttpRequest) -> HttpResponseBase:
    """Lead a visitor to the login and back to this page afterwards; htmx loads the whole page."""
    htmx = getattr(request, "htmx", None)
    wanted = htmx.current_url_abs_path if htmx else request.get_full_path() if request.method in SAFE else None
    address = resolve_url(settings.LOGIN_URL) + (f"?{urlencode({'next': wanted})}" if wanted else "")
    if htmx:
        return HttpResponse(status=401, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def hidden_from_visitors(view: View) -> View:
    """Let a page be a plain 404 for whoever is not signed in, instead of a way to the login.

    For addresses that are handed out, as those of files: one that got about tells nobody that there is something.
    """
    view.is_hidden_from_visitors = True  # type: ignore[attr-defined]
    return view


def member_required(action: Action) -> Callable[[View], View]:
    """Let a view be reached by members who may do `action` only.

    A visitor is led to the login, a member without the right gets a 403. The middleware has answered 404 to
    everybody else.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return login_redirect(request)
            if not may(getattr(request, "membership", None), action):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.required_action = action  # type: ignore[attr-defined]
        return guarded

    return decorate
