"""The settings pages about people and their permission, and how they stand."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from contacts.queries.data_requests import unseen_requests
from contacts.queries.topics import count_open_topics
from ecosystem.base.access import Action, may
from ecosystem.settings_pages import (
    SETTINGS_PAGES,
    SETTINGS_STATES,
    SettingsFacts,
    SettingsGroup,
    SettingsPage,
    SettingsState,
)

SETTINGS_PAGES.add(
    "topics",
    SettingsPage(
        SettingsGroup.WRITING,
        gettext_lazy("Topics"),
        gettext_lazy("What people can say yes to, with the promise that comes with it."),
        "tag",
        "contacts:topic_list",
        Action.SEE_PERMISSIONS,
    ),
    order=10,
)
SETTINGS_PAGES.add(
    "data_requests",
    SettingsPage(
        SettingsGroup.DATA,
        gettext_lazy("Copies and deletions"),
        gettext_lazy("Who asked for a copy of their data or to be forgotten, and what became of it."),
        "download",
        "contacts:data_request_list",
        Action.EXPORT_PEOPLE,
    ),
    order=40,
)


def states(facts: SettingsFacts) -> Mapping[str, SettingsState]:
    """How the pages of this app stand, for those who may open them."""
    found = {}
    if may(facts.member, Action.SEE_PERMISSIONS):
        topics = count_open_topics()
        found["topics"] = (
            SettingsState(ngettext("%d topic to say yes to", "%d topics to say yes to", topics) % topics)
            if topics
            else SettingsState(_("No topic yet"), is_wanting=True)
        )
    if may(facts.member, Action.EXPORT_PEOPLE):
        new = unseen_requests()
        found["data_requests"] = (
            SettingsState(ngettext("%d is new", "%d are new", new) % new, is_wanting=True)
            if new
            else SettingsState(_("Nothing is new"))
        )
    return found


SETTINGS_STATES.add("contacts", states)
