"""The settings pages about writing to people, and how they stand."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.queries.settings_facts import WritingFacts, writing_facts
from ecosystem.base.access import Action, may
from ecosystem.models import BusinessProfile
from ecosystem.settings_pages import (
    SETTINGS_PAGES,
    SETTINGS_STATES,
    SettingsFacts,
    SettingsGroup,
    SettingsPage,
    SettingsState,
)

_PAGES = [
    (
        "signup_forms",
        11,
        gettext_lazy("Opt-in pages"),
        gettext_lazy("Where people put themselves on your list."),
        "file-text",
        "campaigns:signup_form_list",
        Action.SEE_PERMISSIONS,
    ),
    (
        "mail_account",
        12,
        gettext_lazy("Mail provider"),
        gettext_lazy("By whom your letters go out."),
        "mail",
        "campaigns:mail_account",
        Action.EDIT_SETTINGS,
    ),
    (
        "sender_domain",
        13,
        gettext_lazy("Your own domain"),
        gettext_lazy("So that letters come from your own address, and others believe it."),
        "globe",
        "campaigns:sender_domain",
        Action.EDIT_SETTINGS,
    ),
    (
        "text_settings",
        14,
        gettext_lazy("Texts: name and number"),
        gettext_lazy("Who you are in texts, and what must stand beside a box for them."),
        "message-square-text",
        "campaigns:text_settings",
        Action.EDIT_SETTINGS,
    ),
    (
        "pace",
        15,
        gettext_lazy("Pace and quiet hours"),
        gettext_lazy("How often and at which hours anybody may hear from you."),
        "clock",
        "campaigns:channel_rules",
        Action.EDIT_SETTINGS,
    ),
    (
        "measuring",
        16,
        gettext_lazy("What letters tell"),
        gettext_lazy("Whether you see that letters are opened and which links are followed."),
        "eye",
        "campaigns:measuring",
        Action.EDIT_SETTINGS,
    ),
]
for _key, _order, _label, _sentence, _icon, _url_name, _action in _PAGES:
    SETTINGS_PAGES.add(
        _key, SettingsPage(SettingsGroup.WRITING, _label, _sentence, _icon, _url_name, _action), order=_order
    )


def states(facts: SettingsFacts) -> Mapping[str, SettingsState]:
    """How the pages of this app stand, for those who may open any of them."""
    if not may(facts.member, Action.SEE_PERMISSIONS):
        return {}
    found = writing_facts(facts.profile)
    return {
        "signup_forms": SettingsState(
            ngettext("%d page is open", "%d pages are open", found.open_pages) % found.open_pages
            if found.open_pages
            else _("None is open")
        ),
        "mail_account": _mail(found),
        "sender_domain": _domain(found),
        "text_settings": SettingsState(_("Both links are there, boxes for texts can be offered"))
        if found.texts_are_ready
        else SettingsState(_("No boxes for texts: the links to terms and privacy are missing")),
        "measuring": SettingsState(_measuring(facts.profile)),
        "pace": SettingsState(_("Your own measures") if found.own_rules else _("As we propose")),
    }


def _mail(found: WritingFacts) -> SettingsState:
    if found.is_suspended:
        return SettingsState(_("Your provider turned us away; letters wait"), is_wanting=True)
    if found.provider:
        return SettingsState(_("Sending through %s") % found.provider)
    return SettingsState(_("Sending through this installation"))


def _measuring(profile: BusinessProfile) -> str:
    if profile.sees_opens:
        return _("Opens and links") if profile.follows_links else _("Opens")
    return _("Links, no opens") if profile.follows_links else _("Nothing")


def _domain(found: WritingFacts) -> SettingsState:
    if not found.domain:
        return SettingsState(_("No address that letters come from yet"))
    if found.is_proved:
        return SettingsState(_("%s is yours, and DNS says so") % found.domain)
    return SettingsState(_("%s is not proved yet; letters come from our address") % found.domain, is_wanting=True)


SETTINGS_STATES.add("campaigns", states)
