"""How people and what happened to them read in lists."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from contacts.queries.timeline import kinds_hidden, label_of_kind
from ecosystem.base.clock import now
from ecosystem.context import Rights
from ecosystem.drawing.icons import KIND_ICONS
from ecosystem.queries.stakeholders import KindWords
from ecosystem.templatetags.design import icon

register = template.Library()


@register.filter
def line_label(kind: str, may: Rights) -> str:
    """What a kind of timeline line is called in a list; of a kind that the reader may not see, that there was one."""
    if kind in kinds_hidden(may.__getitem__):
        return _("Something changed")
    return label_of_kind(kind) or kind.replace("_", " ").capitalize()


@register.simple_tag
def move_buttons(rungs: Sequence[KindWords], stage: str) -> SafeString:
    """The buttons that move a card of one lane to the others; made once a lane, since every card has the same."""
    others = [rung for rung in rungs if rung.kind != stage]
    return format_html_join(
        "",
        '<button class="item" name="stage" value="{}">{}{}</button>',
        ((rung.kind.value, icon(KIND_ICONS[rung.kind]), rung.label) for rung in others),
    )


@register.filter
def day(moment: datetime) -> str:
    """Today, yesterday, else the date as one says it: `4 Apr`, with its year once that is another one."""
    return _near(moment, _("Today"), _("Yesterday"))


@register.filter
def on_day(moment: datetime) -> str:
    """The same within a sentence: `since today`, `since 4 Apr`."""
    return _near(moment, _("today"), _("yesterday"))


@register.filter
def due(on: date) -> str:
    """The day on which something is to be done: Today, Tomorrow, a weekday within the week, else its date."""
    today = timezone.localtime(now()).date()
    ahead = (on - today).days
    if ahead == 0:
        return _("Today")
    if ahead == 1:
        return _("Tomorrow")
    if 1 < ahead < 7:
        return date_format(on, "l")
    return date_format(on, "j M" if on.year == today.year else "j M Y")


def _near(moment: datetime, today_word: str, yesterday_word: str) -> str:
    here = timezone.localtime(moment).date()
    today = timezone.localtime(now()).date()
    if here == today:
        return today_word
    if here == today - timedelta(days=1):
        return yesterday_word
    return date_format(here, "j M" if here.year == today.year else "j M Y")
