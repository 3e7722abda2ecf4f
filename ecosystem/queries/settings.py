"""What the index of the settings says of each page."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise

from ecosystem.base.access import may
from ecosystem.base.clock import now
from ecosystem.base.sql import rows
from ecosystem.models import Membership
from ecosystem.settings_pages import (
    SETTINGS_PAGES,
    SETTINGS_STATES,
    SettingsFacts,
    SettingsGroup,
    SettingsPage,
    SettingsState,
)

_COUNTS = """
SELECT (SELECT count(*) FROM ecosystem_membership AS member
         WHERE member.business_id = %(business_id)s
           AND (member.expires_at IS NULL OR member.expires_at > %(now)s)) AS members,
       (SELECT count(*) FROM ecosystem_apikey AS key
         WHERE key.business_id = %(business_id)s AND key.revoked_at IS NULL
           AND (key.expires_at IS NULL OR key.expires_at > %(now)s)) AS keys,
       (SELECT count(*) FROM ecosystem_kindsetting AS kind
         WHERE kind.business_id = %(business_id)s AND NOT kind.is_on) AS kinds_off,
       (SELECT count(*) FROM ecosystem_noticepace AS pace
         WHERE pace.business_id = %(business_id)s AND pace.member_id = %(member)s) AS own_paces,
       EXISTS (SELECT FROM mfa_authenticator AS step
                WHERE step.user_id = %(user)s AND step.type = 'totp') AS has_second_step"""


@dataclass(frozen=True)
class BusinessCounts:
    """What is counted of a business and of the member who asks."""

    members: int
    keys: int
    kinds_off: int
    own_paces: int
    has_second_step: bool


@dataclass(frozen=True)
class ShownPage:
    """One page of the index as this member sees it."""

    key: str
    label: str | Promise
    sentence: str | Promise
    icon: str
    url: str
    state: SettingsState | None


@dataclass(frozen=True)
class ShownPages:
    """A heading of the index with its pages."""

    group: SettingsGroup
    pages: Sequence[ShownPage]


def business_counts(member: Membership) -> BusinessCounts:
    """The figures of the business's own settings pages, in one statement."""
    (row,) = rows(_COUNTS, {"now": now(), "member": member.pk, "user": member.user_id})
    return BusinessCounts(**row)


def settings_index(facts: SettingsFacts, *, slug: str) -> list[ShownPages]:
    """Every settings page that the member may open, under its heading, with how it stands."""
    states = {key: state for ask in SETTINGS_STATES for key, state in ask(facts).items()}
    groups: dict[SettingsGroup, list[ShownPage]] = defaultdict(list)
    for key, page in SETTINGS_PAGES.items():
        if may(facts.member, page.action):
            groups[page.group].append(
                ShownPage(key, page.label, page.sentence, page.icon, _url(page, slug), states.get(key))
            )
    return [ShownPages(group, groups[group]) for group in SettingsGroup if groups[group]]


def _url(page: SettingsPage, slug: str) -> str:
    return reverse(page.url_name, kwargs={"slug": slug} if page.takes_slug else {})
