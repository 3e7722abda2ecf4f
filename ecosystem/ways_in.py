"""The ways to bring people into a business, lent by the apps above: shown while nobody is there."""

from dataclasses import dataclass

from django.utils.functional import Promise

from ecosystem.base.access import Action
from ecosystem.base.registry import Registry


@dataclass(frozen=True)
class WayIn:
    """One way: what it is called, what it is good for, where it leads, and who may go there."""

    label: str | Promise
    text: str | Promise
    icon: str
    url_name: str
    action: Action


WAYS_IN: Registry[WayIn] = Registry("ways in")
