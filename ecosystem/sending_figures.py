"""Registry of what the page of sending shows of how letters were received lately; lent by the apps that send."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from ecosystem.base.registry import Registry


@dataclass(frozen=True)
class SendingFigure:
    """One number with its name; `warning` says what to do while it is too high and not yet so high that all stops.

    `route` names the page of the business where something is to be decided about it.
    """

    label: str | Promise
    value: int
    warning: str | Promise = ""
    route: str = ""


SENDING_FIGURES: Registry[Callable[[], Sequence[SendingFigure]]] = Registry("SENDING_FIGURES")
