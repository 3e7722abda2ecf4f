"""What the frame of the dashboard shows: the menu that this member may use, and their other businesses."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
    is_around: bool = False


@dataclass(frozen=True)
class ShownGroup:
    """A heading of the menu with its entries."""

    label: str | Promise
    items: Sequence[ShownItem]


@dataclass(frozen=True)
class ShownMenu:
    """The whole menu, and those of its entries that stand in the phone's tab bar.

    One tab `is_around` a page of its group that has no tab itself; `is_more` where the page is found under More alone.
    """

    groups: Sequence[ShownGroup]
    tabs: Sequence[ShownItem]
    is_more: bool = False


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
    groups: list[ShownGroup] = []
    tabs: list[ShownItem] = []
    is_more = False
    for group in MenuGroup:
        shown = [_shown(item, urls[id(item)], current) for item in allowed if item.group == group]
        if not shown:
            continue
        groups.append(ShownGroup(label=group.label, items=shown))
        own = [item for item in shown if item.tab][: MOST_TABS - len(tabs)]
        if any(item.is_current for item in shown) and not any(item.is_current for item in own):
            is_more = not own
            own[:1] = [replace(item, is_around=True) for item in own[:1]]
        tabs += own
    return ShownMenu(groups=groups, tabs=tabs, is_more=is_more)


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
