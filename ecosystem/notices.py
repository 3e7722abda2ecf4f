"""Registries of what members are told of, and of the pages on which long work can be watched; lent by every app."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ecosystem.base.registry import Registry


class Pace(TextChoices):
    """How soon a notice goes out by mail too; it stands in the list at once in any case."""

    AT_ONCE = "at_once", _("At once")
    DAILY = "daily", _("Once a day")
    WEEKLY = "weekly", _("Once a week")
    OFF = "off", _("Not by mail")


@dataclass(frozen=True)
class NoticeKind:
    """One kind of notice: what it is called where its pace is chosen, its sentence with %(about)s, its icon."""

    label: str | Promise
    sentence: str | Promise
    icon: str = "bell"
    pace: Pace = Pace.DAILY


@dataclass(frozen=True)
class JobPage:
    """What long work of a kind is called, and where it is watched: `things_of` names the row behind each job."""

    label: str | Promise
    url_name: str
    things_of: Callable[[Sequence[UUID]], dict[UUID, UUID]]


NOTICES: Registry[NoticeKind] = Registry("NOTICES")
JOB_PAGES: Registry[JobPage] = Registry("JOB_PAGES")
