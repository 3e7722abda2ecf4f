"""The ways to bring people into a business, lent by the apps above: shown at the end of the set-up."""

from dataclasses import dataclass

from django.utils.functional import Promise

from ecosystem.base.registry import Registry


@dataclass(frozen=True)
class WayIn:
    """One way: what it is called, what it is good for, where it leads (a page of the business)."""

    label: str | Promise
    text: str | Promise
    icon: str
    url_name: str


WAYS_IN: Registry[WayIn] = Registry("ways in")
