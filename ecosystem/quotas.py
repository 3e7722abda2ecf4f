"""Registry of what a business may use of an installation: each quota with its plain name and what counts for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import TextChoices
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ecosystem.base.registry import Registry


class Span(TextChoices):
    """What a figure is a measure of."""

    KEPT = "kept", _("kept at a time")
    AT_ONCE = "at_once", _("at once")
    MINUTE = "minute", _("a minute")
    DAY = "day", _("a day")


@dataclass(frozen=True)
class Quota:
    """One quota: what it is called, what counts, and what to do where it is full.

    `usual` is the figure of a business that has none of its own; 0 is no limit. One of a figure is `scale` of what is
    counted. Where `slack` places and more are left, those who take one do not wait for each other.
    """

    label: str | Promise
    sentence: str | Promise
    remedy: str | Promise
    icon: str
    span: Span
    reader: str
    usual: Callable[[], int]
    scale: int = 1
    unit: str | Promise = ""
    slack: int = 0
    is_told: bool = False

    def words_for(self, count: int) -> str:
        """So much of it, as it is read: `1,204`, or `0.81 MB`."""
        if self.scale == 1:
            return number_format(count, force_grouping=True)
        scaled = Decimal(count) / self.scale
        # The smallest file is not told as nothing.
        shown = number_format(scaled, 0 if scaled >= 10 or scaled == int(scaled) else 2, force_grouping=True)
        return f"{shown} {self.unit}"


@dataclass(frozen=True)
class Reading:
    """How much is used now; the figure that the business has of its own; what holds today where that is less."""

    used: int
    own: int | None = None
    today: int | None = None


# An app reads all of its quotas in one statement, however much there is of anything.
Reader = Callable[[], Mapping[str, Reading]]

QUOTAS: Registry[Quota] = Registry("quotas")
READERS: Registry[Reader] = Registry("quota readers")
