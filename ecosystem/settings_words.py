"""The settings pages of a business and its team, and how they stand."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ecosystem.base.access import Action
from ecosystem.models import BusinessProfile
from ecosystem.queries.settings import business_counts
from ecosystem.quota_notes import QUOTAS_NEAR
from ecosystem.settings_pages import (
    SETTINGS_PAGES,
    SETTINGS_STATES,
    SettingsFacts,
    SettingsGroup,
    SettingsPage,
    SettingsState,
)


def _add(key: str, order: int, page: SettingsPage) -> None:
    SETTINGS_PAGES.add(key, page, order)


_add(
    "profile",
    0,
    SettingsPage(
        SettingsGroup.BUSINESS,
        gettext_lazy("Your business"),
        gettext_lazy("Name, place, time and language, and who your letters come from."),
        "store",
        "ecosystem:profile",
        Action.EDIT_SETTINGS,
    ),
)
_add(
    "brand",
    1,
    SettingsPage(
        SettingsGroup.BUSINESS,
        gettext_lazy("Brand"),
        gettext_lazy("Your picture, your colour and your headline, and a look at what customers see."),
        "eye",
        "ecosystem:brand",
        Action.EDIT_SETTINGS,
    ),
)
_add(
    "core_message",
    2,
    SettingsPage(
        SettingsGroup.BUSINESS,
        gettext_lazy("Core message"),
        gettext_lazy("The one sentence that says what is special about you."),
        "heart-handshake",
        "ecosystem:core_message",
        Action.SEE_TODAY,
    ),
)
_add(
    "kinds",
    4,
    SettingsPage(
        SettingsGroup.BUSINESS,
        gettext_lazy("Kinds of people"),
        gettext_lazy("What you call the people around you, and how often each should hear from you."),
        "layers",
        "ecosystem:kind_list",
        Action.EDIT_SETTINGS,
    ),
)
for _order, _kind, _label, _sentence in (
    (16, "privacy", gettext_lazy("Privacy notice"), gettext_lazy("What you tell people about their data.")),
    (17, "terms", gettext_lazy("Terms"), gettext_lazy("What people can count on when they say yes.")),
):
    _add(
        _kind,
        _order,
        SettingsPage(
            SettingsGroup.WRITING, _label, _sentence, "shield-check", f"ecosystem:{_kind}", Action.EDIT_SETTINGS
        ),
    )
_add(
    "sending",
    18,
    SettingsPage(
        SettingsGroup.WRITING,
        gettext_lazy("Sending"),
        gettext_lazy("Whether anything leaves, and what readers make of it."),
        "pause",
        "ecosystem:sending",
        Action.EDIT_SETTINGS,
    ),
)
_add(
    "team",
    20,
    SettingsPage(
        SettingsGroup.TEAM,
        gettext_lazy("Team"),
        gettext_lazy("Who works with you here, and what each of them may do."),
        "id-card",
        "ecosystem:team",
        Action.SEE_TEAM,
    ),
)
_add(
    "second_step",
    21,
    SettingsPage(
        SettingsGroup.TEAM,
        gettext_lazy("Two-step sign-in of the team"),
        gettext_lazy("Whether everybody needs a code beside their password."),
        "shield-check",
        "ecosystem:team_second_step",
        Action.SECURE_TEAM,
    ),
)
_add(
    "api_keys",
    22,
    SettingsPage(
        SettingsGroup.TEAM,
        gettext_lazy("Keys for programs"),
        gettext_lazy("By which your till or your shop reads and writes here."),
        "key-round",
        "ecosystem:api_key_list",
        Action.MANAGE_KEYS,
    ),
)
_add(
    "audit",
    23,
    SettingsPage(
        SettingsGroup.TEAM,
        gettext_lazy("What was done"),
        gettext_lazy("Who of the team changed what, and when."),
        "history",
        "ecosystem:audit",
        Action.SEE_AUDIT,
    ),
)
_add(
    "me",
    30,
    SettingsPage(
        SettingsGroup.YOU,
        gettext_lazy("You"),
        gettext_lazy("Your name, your time zone and your colours."),
        "id-card",
        "ecosystem:me",
        Action.SEE_TODAY,
    ),
)
_add(
    "notice_paces",
    31,
    SettingsPage(
        SettingsGroup.YOU,
        gettext_lazy("Notices by mail"),
        gettext_lazy("How soon you hear of what by mail. In the list it stands at once."),
        "bell",
        "ecosystem:notice_paces",
        Action.SEE_TODAY,
    ),
)
_add(
    "password",
    32,
    SettingsPage(
        SettingsGroup.YOU,
        gettext_lazy("Password"),
        gettext_lazy("The one you sign in with."),
        "lock",
        "account_change_password",
        Action.SEE_TODAY,
        takes_slug=False,
    ),
)
_add(
    "own_second_step",
    33,
    SettingsPage(
        SettingsGroup.YOU,
        gettext_lazy("Two-step sign-in"),
        gettext_lazy("A code from your phone beside your password."),
        "shield-check",
        "mfa_index",
        Action.SEE_TODAY,
        takes_slug=False,
    ),
)
_add(
    "sessions",
    34,
    SettingsPage(
        SettingsGroup.YOU,
        gettext_lazy("Where you are signed in"),
        gettext_lazy("Every device that knows you, and a way to sign it out."),
        "monitor",
        "usersessions_list",
        Action.SEE_TODAY,
        takes_slug=False,
    ),
)


_add(
    "usage",
    42,
    SettingsPage(
        SettingsGroup.DATA,
        gettext_lazy("What you use"),
        gettext_lazy("How many people, files, letters and calls there are, and how many there may be."),
        "layers",
        "ecosystem:usage",
        Action.EDIT_SETTINGS,
    ),
)
_add(
    "close",
    45,
    SettingsPage(
        SettingsGroup.DATA,
        gettext_lazy("Close the account"),
        gettext_lazy("Stops everything at once, and deletes all of it after thirty days."),
        "door-open",
        "ecosystem:close",
        Action.CLOSE_BUSINESS,
    ),
)


def states(facts: SettingsFacts) -> Mapping[str, SettingsState]:
    """How the pages of this app stand."""
    profile, counts = facts.profile, business_counts(facts.member)
    return {
        "profile": _profile(facts),
        "core_message": SettingsState(profile.core_message)
        if profile.core_message
        else SettingsState(_("Not written yet"), is_wanting=True),
        "brand": SettingsState(_("Your own picture") if profile.mark_key else _("The drawn sign, no picture yet")),
        "privacy": _version(profile.privacy_number),
        "terms": _version(profile.terms_number),
        "kinds": SettingsState(
            ngettext("%d kind is switched off", "%d kinds are switched off", counts.kinds_off) % counts.kinds_off
            if counts.kinds_off
            else _("All of them are in use")
        ),
        "sending": SettingsState(_("Nothing is sent for now"), is_wanting=True)
        if profile.sending_paused_at
        else SettingsState(_("Letters go out")),
        "team": SettingsState(ngettext("%d person", "%d people", counts.members) % counts.members),
        "second_step": SettingsState(_("Everybody needs it") if profile.second_step_from else _("Everybody chooses")),
        "api_keys": SettingsState(
            ngettext("%d key works", "%d keys work", counts.keys) % counts.keys if counts.keys else _("No key")
        ),
        "notice_paces": SettingsState(
            ngettext("%d kind at a pace of your own", "%d kinds at a pace of your own", counts.own_paces)
            % counts.own_paces
            if counts.own_paces
            else _("As we propose")
        ),
        "usage": _usage(profile),
        "own_second_step": SettingsState(_("On"))
        if counts.has_second_step
        else SettingsState(_("Off"), is_wanting=profile.second_step_from is not None),
    }


def _version(number: int) -> SettingsState:
    if not number:
        return SettingsState(_("Nothing is public yet"), is_wanting=True)
    return SettingsState(_("Version %d is public") % number)


def _usage(profile: BusinessProfile) -> SettingsState:
    near = profile.attention.get(QUOTAS_NEAR, 0)
    if not near:
        return SettingsState(_("There is room"))
    return SettingsState(ngettext("%d thing is nearly full", "%d things are nearly full", near) % near, is_wanting=True)


def _profile(facts: SettingsFacts) -> SettingsState:
    profile = facts.profile
    if not profile.sender_email:
        return SettingsState(_("No address that letters come from yet"), is_wanting=True)
    if not profile.postal_address:
        return SettingsState(_("No postal address yet"), is_wanting=True)
    return SettingsState(", ".join(part for part in (facts.name, profile.town) if part))


SETTINGS_STATES.add("ecosystem", states)
