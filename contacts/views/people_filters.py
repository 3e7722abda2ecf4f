"""The filter of the list of everyone as its page offers and shows it: choices, chips, ways to another order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.forms.people_filter import FILTERS, FilterNotUnderstood
from contacts.models import Channel, Contact
from contacts.queries.kinds import rungs_in_use
from contacts.queries.people_choices import KeptView, PeopleChoices
from contacts.queries.people_filter import NOBODY, PeopleFilter, asks_by
from ecosystem.base.access import Action, may
from ecosystem.models import Membership
from ecosystem.queries.stakeholders import KindWords

TOUCHED: Mapping[str, str | Promise] = {
    "week": gettext_lazy("In the last 7 days"),
    "month": gettext_lazy("In the last 30 days"),
    "quarter": gettext_lazy("In the last 3 months"),
    "year": gettext_lazy("In the last year"),
    "not_week": gettext_lazy("Not for 7 days"),
    "not_month": gettext_lazy("Not for 30 days"),
    "not_quarter": gettext_lazy("Not for 3 months"),
    "not_year": gettext_lazy("Not for a year"),
    "never": gettext_lazy("Never yet"),
}
SORTS: Mapping[str, str | Promise] = {
    "newest": gettext_lazy("Newest first"),
    "oldest": gettext_lazy("Oldest first"),
    "name": gettext_lazy("Names from A"),
    "name_back": gettext_lazy("Names from Z"),
    "recent": gettext_lazy("Last touched first"),
    "quiet": gettext_lazy("Longest quiet first"),
}


@dataclass(frozen=True)
class Option:
    """One thing to choose."""

    value: str
    label: str | Promise
    is_chosen: bool


@dataclass(frozen=True)
class Field:
    """One filter with what can be chosen of it."""

    name: str
    label: str | Promise
    any_label: str | Promise
    options: list[Option]


@dataclass(frozen=True)
class Chip:
    """A filter that is on, and the address without it."""

    label: str
    url: str


@dataclass(frozen=True)
class ViewTab:
    """A kept view above the list, with its address, and how many fit where a count is kept."""

    view: KeptView
    url: str
    count: int | None
    is_shown: bool


def refuse_hidden(request: HttpRequest, wanted: PeopleFilter) -> None:
    """Refuse a filter by what the member may not see: it would tell them one yes or no after the other.

    Raises FilterNotUnderstood.
    """
    membership = request.membership  # type: ignore[attr-defined]
    for field, action in asks_by(wanted):
        if may(membership, action):
            continue
        if field == "begins":
            raise FilterNotUnderstood("q", wanted.begins, is_hidden=True)
        raise FilterNotUnderstood("unknown", field)


def refuse_gone(wanted: PeopleFilter, choices: PeopleChoices, members: list[Membership]) -> None:
    """Refuse a filter by what is not there (any more). Raises FilterNotUnderstood."""
    if wanted.tag_id and wanted.tag_id not in choices.tags:
        raise FilterNotUnderstood("tag", str(wanted.tag_id))
    if wanted.topic_id and wanted.topic_id not in choices.topics:
        raise FilterNotUnderstood("said", str(wanted.topic_id))
    if wanted.organization_id and wanted.organization_id not in choices.organizations:
        raise FilterNotUnderstood("organization", str(wanted.organization_id))
    if wanted.owner not in ("", NOBODY) and wanted.owner not in {str(member.pk) for member in members}:
        raise FilterNotUnderstood("owner", wanted.owner)


def fields_of(
    request: Any,
    wanted: PeopleFilter,
    choices: PeopleChoices,
    members: list[Membership],
    words: Mapping[str, KindWords],
    yeses: Mapping[str, int],
) -> list[Field]:
    """Every filter beside the tabs that the member may use and that has something to choose."""
    sent = _sent(wanted)
    rungs = {rung.kind: rung.label for rung in rungs_in_use(words)}
    made = [
        _field("tag", _("Tag"), _("Any tag"), {str(one.id): one.name for one in choices.tags.values()}, sent),
        _field("stage", _("Rung of the ladder"), _("Any rung"), rungs, sent),
        _field("touched", _("Something happened between you"), _("Whenever"), TOUCHED, sent),
    ]
    if may(request.membership, Action.SEE_PERMISSIONS):
        made.append(_field("said", _("Said yes to"), _("Anything or nothing"), _yeses(wanted, choices, yeses), sent))
    if may(request.membership, Action.SEE_TEAM):
        owners = {NOBODY: _("Nobody in particular"), **{str(one.pk): str(one.user) for one in members}}
        made.append(_field("owner", _("Looked after by"), _("Anybody"), owners, sent))
    places = {str(one.id): one.name for one in choices.organizations.values()}
    return [
        *made,
        _field("organization", _("Belongs to"), _("Anywhere"), places, sent),
        _field("source", _("Came in by"), _("Any way"), dict(Contact.Source.choices), sent),
    ]


def chips_of(
    query: QueryDict,
    wanted: PeopleFilter,
    choices: PeopleChoices,
    members: list[Membership],
    words: Mapping[str, KindWords],
) -> list[Chip]:
    """What the list is narrowed by beside the tab, each with the address that is left when it is taken away."""
    shown: dict[str, Any] = {
        "q": wanted.begins,
        "tag": wanted.tag_id and choices.tags[wanted.tag_id].name,
        "stage": wanted.stage and words[wanted.stage].label,
        "touched": wanted.touched and TOUCHED[wanted.touched],
        "said": wanted.topic_id and _yes_label(wanted.channel, choices.topics[wanted.topic_id].name),
        "owner": wanted.owner and _owner_label(wanted.owner, members),
        "organization": wanted.organization_id and choices.organizations[wanted.organization_id].name,
        "source": wanted.source and Contact.Source(wanted.source).label,
    }
    return [Chip(str(label), address_with(query, **{name: None})) for name, label in shown.items() if label]


def address_with(query: QueryDict, **changes: str | None) -> str:
    """The list's address with other filters, from its first page on; None takes one away."""
    kept = query.copy()
    for name in ("cursor", "count", *changes):
        kept.pop(name, None)
    for name, value in changes.items():
        if value is not None:
            kept[name] = value
    for name in [name for name in kept if not kept[name]]:
        del kept[name]
    return f"?{kept.urlencode()}"


def address_of(wanted: PeopleFilter) -> str:
    """The address that asks for this filter."""
    asked = {"kind": wanted.kind, **_sent(wanted), "q": wanted.begins}
    if wanted.sort != "newest":
        asked["sort"] = wanted.sort
    return f"?{urlencode({name: value for name, value in asked.items() if value})}"


def view_tabs_of(
    request: HttpRequest, wanted: PeopleFilter, views: list[KeptView], count: Callable[[PeopleFilter], int | None]
) -> list[ViewTab]:
    """The kept views as tabs, without those that narrow by what the member may not see."""
    asked = replace(wanted, sort=wanted.order)
    return [
        ViewTab(view, address_of(view.wanted), count(view.wanted), view.wanted == asked)
        for view in views
        if _may_open(request, view.wanted)
    ]


def _may_open(request: HttpRequest, wanted: PeopleFilter) -> bool:
    try:
        refuse_hidden(request, wanted)
    except FilterNotUnderstood:
        return False
    return True


def sent_filter(query: QueryDict) -> list[tuple[str, str]]:
    """The filter as the fields of a form that asks for the same people."""
    return [(name, query[name]) for name in FILTERS if query.get(name)]


def sorts_of(wanted: PeopleFilter) -> list[Option]:
    """Every order, the one that is shown chosen."""
    return [Option(name, label, name == wanted.order) for name, label in SORTS.items()]


def select_field(name: str, label: str, any_label: str, options: Mapping[str, str | Promise], chosen: str) -> Field:
    """A filter of these options, the chosen one marked."""
    return Field(name, label, any_label, [Option(value, shown, value == chosen) for value, shown in options.items()])


def _field(
    name: str, label: str, any_label: str, options: Mapping[str, str | Promise], sent: Mapping[str, str]
) -> Field:
    return select_field(name, label, any_label, options, sent[name])


def _sent(wanted: PeopleFilter) -> dict[str, str]:
    return {
        "tag": str(wanted.tag_id or ""),
        "stage": wanted.stage,
        "touched": wanted.touched,
        "said": f"{wanted.channel}:{wanted.topic_id}" if wanted.topic_id else "",
        "owner": wanted.owner,
        "organization": str(wanted.organization_id or ""),
        "source": wanted.source,
    }


def _yeses(wanted: PeopleFilter, choices: PeopleChoices, yeses: Mapping[str, int]) -> dict[str, str]:
    """What somebody said yes to, by channel and topic, and what is chosen."""
    chosen = f"{wanted.channel}:{wanted.topic_id}"
    found = {}
    for topic in choices.topics.values():
        for channel in Channel.values:
            value = f"{channel}:{topic.id}"
            if yeses.get(value, 0) > 0 or value == chosen:
                found[value] = _yes_label(channel, topic.name)
    return found


def _yes_label(channel: str, topic: str) -> str:
    return _("%(topic)s by %(channel)s") % {"topic": topic, "channel": str(Channel(channel).label).lower()}


def _owner_label(owner: str, members: list[Membership]) -> str:
    if owner == NOBODY:
        return _("Looked after by nobody")
    return _("Looked after by %(name)s") % {"name": next(one.user for one in members if str(one.pk) == owner)}
