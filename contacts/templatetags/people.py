"""How people and what happened to them read in lists."""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from contacts.queries.timeline import label_of_kind
from ecosystem.base.clock import now

register = template.Library()


@register.filter
def line_label(kind: str) -> str:
    """What a kind of timeline line is called in a list."""
    return label_of_kind(kind) or kind.replace("_", " ").capitalize()


@register.filter
def day(moment: datetime) -> str:
    """Today, yesterday, else the date as one says it: `4 Apr`, with its year once that is another one."""
    here = timezone.localtime(moment).date()
    today = timezone.localtime(now()).date()
    if here == today:
        return _("Today")
    if here == today - timedelta(days=1):
        return _("Yesterday")
    return date_format(here, "j M" if here.year == today.year else "j M Y")
