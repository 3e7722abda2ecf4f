"""The smallest parts of every page: icons, initials, and what a toast or a form has to say."""

from datetime import datetime, timedelta

from django import template
from django.conf import settings
from django.contrib.messages.storage.base import Message
from django.forms import BaseForm, BoundField
from django.templatetags.static import static
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from ecosystem.base.clock import now
from ecosystem.forms.plain_words import sentences_of
from ecosystem.moments import DAY, clock_words, day_words, moment_words

register = template.Library()

UNDO = "undo:"
# What tells browsers and machines apart, the most telling mark first: Edge calls itself Chrome as well.
BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
MACHINES = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)


@register.simple_tag
def product_name() -> str:
    """What the product is called, from its one setting."""
    return str(settings.PRODUCT_NAME)


@register.simple_tag
def icon_url(name: str) -> str:
    """The address of one symbol of the sprite, for `<use href>`."""
    return f"{static('icons.svg')}#{name}"


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """One icon of the sprite; always beside words, hence hidden from a screen reader."""
    return format_html(
        '<svg class="i{}" aria-hidden="true"><use href="{}"/></svg>', f" {css}" if css else "", icon_url(name)
    )


@register.filter
def initials(name: object) -> str:
    """Up to two letters that stand for a name: `Ana Ruiz` is AR, `ana@example.com` is A."""
    words = [word for word in str(name).split("@")[0].replace("-", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else "")
    return letters.upper()


@register.filter
def device(user_agent: str) -> str:
    """A browser and its machine in words that people use: `Firefox on Windows`. What we do not know stays as it is."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    machine = next((name for mark, name in MACHINES if mark in user_agent), "")
    if browser and machine:
        return _("%(browser)s on %(machine)s") % {"browser": browser, "machine": machine}
    return browser or machine or user_agent[:60]


@register.filter
def seen(moment: datetime) -> str:
    """How long ago somebody was here: roughly within a week, as a day after that."""
    away = now() - moment
    if away < timedelta(minutes=10):
        return _("Just now")
    if away < timedelta(days=7):
        return _("%(time)s ago") % {"time": timesince(moment, now(), depth=1)}
    return date_format(localtime(moment), "j M Y")


@register.filter
def clock(moment: datetime) -> str:
    """The time of day as it is read in the business's country: `12:07`, or `12:07 PM`"""
    return clock_words(moment)


@register.filter
def at(moment: datetime | None, form: str = DAY) -> str:
    """A date with its time: `14 May, 12:07`. Every page tells a moment so, and in no other way; none says nothing."""
    return moment_words(moment, form) if moment else ""


@register.filter
def dated(moment: datetime | None, form: str = "j F Y") -> str:
    """A date as one says it in the reader's language: `14 May 2026`, `14. Mai 2026`; none says nothing."""
    return day_words(localtime(moment), form) if moment else ""


@register.filter
def undo_url(message: Message) -> str:
    """Where a toast's Undo posts to: the part after `undo:` in the message's extra tags."""
    tags = (message.extra_tags or "").split()
    return next((tag.removeprefix(UNDO) for tag in tags if tag.startswith(UNDO)), "")


@register.filter
def sentences(field: BoundField) -> list[str]:
    """What is wrong with a field, in plain words."""
    return sentences_of(field)


@register.filter
def fields_with_errors(form: BaseForm) -> list[BoundField]:
    """The visible fields that need another look, in the order of the form."""
    return [field for field in form.visible_fields() if field.errors]


@register.simple_tag
def bar_end(value: float, most: float) -> str:
    """Where a bar of `value` out of `most` ends, on a drawing 100 wide; nothing stays nothing, all stays all."""
    share = min(float(value) / float(most), 1.0) if most and float(most) > 0 else 0.0
    return f"{share * 100:.1f}"
