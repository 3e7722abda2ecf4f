"""Registries of the settings of a business: every page of them, and how each of them stands; lent by every app."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ecosystem.base.access import Action
from ecosystem.base.registry import Registry
from ecosystem.models import BusinessProfile, Membership


class SettingsGroup(TextChoices):
    """The headings of the settings, in their order."""

    BUSINESS = "business", _("What you are")
    WRITING = "writing", _("How you write to people")
    TEAM = "team", _("Who comes in here")
    YOU = "you", _("You yourself")
    DATA = "data", _("What is kept")


@dataclass(frozen=True)
class SettingsPage:
    """One page of settings: what it is for in a sentence, and who may open it.

    `takes_slug` is False for pages of a login, which belong to no business.
    """

    group: SettingsGroup
    label: str | Promise
    sentence: str | Promise
    icon: str
    url_name: str
    action: Action
    takes_slug: bool = True


@dataclass(frozen=True)
class SettingsFacts:
    """What is known already when the pages say how they stand."""

    member: Membership
    name: str
    profile: BusinessProfile


@dataclass(frozen=True)
class SettingsState:
    """How a page stands, in a few words. `is_wanting` says that something is to be done there."""

    words: str | Promise
    is_wanting: bool = False


# An app answers for its own pages together, by their keys: one or two statements, whatever stands there.
SettingsStates = Callable[[SettingsFacts], Mapping[str, SettingsState]]

SETTINGS_PAGES: Registry[SettingsPage] = Registry("settings pages")
SETTINGS_STATES: Registry[SettingsStates] = Registry("settings states")
