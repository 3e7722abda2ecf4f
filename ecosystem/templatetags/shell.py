"""What the frame of the dashboard shows: the menu that this member may use, and their other businesses."""

from collections.abc import Sequence
from dataclasses import dataclass

from django import template
from django.db.models import OuterRef, Q, Subquery
from django.http import HttpRequest
from django.template import RequestContext
from django.urls import reverse
from django.utils.functional import Promise

from ecosystem.base import clock
from ecosystem.base.access import may
from ecosystem.base.tenancy import own_rows
from ecosystem.help import Help, help_for
from ecosystem.models import Business, BusinessProfile, Membership
from ecosystem.navigation import MENU, MenuGroup, MenuItem

register = template.Library()

MOST_TABS = 4


@dataclass(frozen=True)
class ShownItem:
    """A menu entry as this member sees it now."""

    label: str | Promise
    tab: str | Promise
    icon: str
    url: str
    count: int | None
    is_current: bool
    key: str


@dataclass(frozen=True)
class ShownGroup:
    """A heading of the menu with its entries."""

    label: str | Promise
    items: Sequence[ShownItem]


@dataclass(frozen=True)
class ShownMenu:
    """The whole menu, and those of its entries that stand in the phone's tab bar."""

    groups: Sequence[ShownGroup]
    tabs: Sequence[ShownItem]


@register.simple_tag(takes_context=True)
def page_help(context: RequestContext) -> Help | None:
    """What helps on this page."""
    request: HttpRequest = context["request"]
    return help_for(request.path.removeprefix(f"/b/{request.business.slug}/").strip("/"))


@register.simple_tag(takes_context=True)
def shell_menu(context: RequestContext) -> ShownMenu:
    """The menu for the member who asks; the entry whose address is the longest start of this page's is current."""
    request: HttpRequest = context["request"]
    slug = request.business.slug
    allowed = [item for item in MENU if item.action is None or may(request.membership, item.action)]
    urls = {id(item): reverse(item.url_name, kwargs={"slug": slug}) for item in allowed}
    current = max((url for url in urls.values() if request.path.startswith(url)), key=len, default="")
    groups, tabs = [], []
    for group in MenuGroup:
        shown = []
        for item in allowed:
            if item.group == group:
                shown.append(_shown(item, urls[id(item)], current))
                if item.tab:
                    tabs.append(shown[-1])
        if shown:
            groups.append(ShownGroup(label=group.label, items=shown))
    return ShownMenu(groups=groups, tabs=tabs[:MOST_TABS])


@dataclass(frozen=True)
class OwnBusiness:
    """A business that the user may enter, and how much of what they were told there is unread."""

    id: int
    slug: str
    name: str
    unread: int


@register.simple_tag
def my_businesses() -> list[OwnBusiness]:
    """Every business that the current user may enter, by name, with what waits for them there. One statement.

    The number is the one that is kept beside the user's own membership, the only row of another business they may read.
    """
    mine = own_rows(Membership).filter(Q(expires_at=None) | Q(expires_at__gt=clock.now()))
    unread = mine.filter(business_id=OuterRef("id")).values("unread_notices")[:1]
    found = Business.objects.filter(id__in=mine.values("business_id")).exclude(state=Business.State.CLOSED)
    rows = found.annotate(unread=Subquery(unread)).order_by("name", "id").values("id", "slug", "name", "unread")
    return [OwnBusiness(**row) for row in rows]


@register.simple_tag(takes_context=True)
def business_profile(context: RequestContext) -> BusinessProfile:
    """What the business says of itself; read once a page, also where the view has read it already."""
    request = context["request"]
    if not hasattr(request, "business_profile"):
        request.business_profile = BusinessProfile.objects.get()
    profile: BusinessProfile = request.business_profile
    return profile


def _shown(item: MenuItem, url: str, current: str) -> ShownItem:
    return ShownItem(
        label=item.label,
        tab=item.tab,
        icon=item.icon,
        url=url,
        count=item.count() if item.count else None,
        is_current=url == current,
        key=item.key,
    )
