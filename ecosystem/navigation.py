"""The menu of a business's pages, lent by every app: no entry leads to a page that is not there."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ecosystem.base.access import Action
from ecosystem.base.registry import Registry


class MenuGroup(TextChoices):
    """The headings of the menu, in their order; TOP stands above them and has none."""

    TOP = "top", ""
    PEOPLE = "people", _("People")
    FOLLOW = "follow", _("Follow home")
    COMMUNITY = "community", _("Community")
    WORLD = "world", _("Your world")


@dataclass(frozen=True)
class MenuItem:
    """One entry: where it leads, who may see it, and its short name in the phone's tab bar, if it stands there.

    `key` is the letter that leads there after G.
    """

    group: MenuGroup
    label: str | Promise
    icon: str
    url_name: str
    action: Action | None = None
    count: Callable[[], int | None] | None = None
    tab: str | Promise = ""
    key: str = ""


MENU: Registry[MenuItem] = Registry("menu")
