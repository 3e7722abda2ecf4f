"""What has happened, said by services and heard by handlers in the same transaction."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import connection


@dataclass(frozen=True)
class DomainEvent:
    """Something that has happened. Named in the past tense; carries ids and plain values only."""


E = TypeVar("E", bound=DomainEvent)
Handler = Callable[[E], Any]

_handlers: dict[type[DomainEvent], list[Callable[[Any], Any]]] = defaultdict(list)


def on(event_class: type[E]) -> Callable[[Handler[E]], Handler[E]]:
    """Have a function called whenever an event of this class is published, in the publisher's transaction.

    For what must be true together with it. What may come later is an outbox row that the handler writes.
    """

    def subscribe(handler: Handler[E]) -> Handler[E]:
        if handler not in _handlers[event_class]:
            _handlers[event_class].append(handler)
        return handler

    return subscribe


def publish(event: DomainEvent) -> None:
    """Call every handler of the event's class, in the order in which they subscribed.

    An exception in a handler ends the publisher's transaction too: nothing is half done.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"{type(event).__name__} was published outside a transaction.")
    for handler in tuple(_handlers.get(type(event), ())):
        handler(event)


def is_heard(event_class: type[DomainEvent]) -> bool:
    """Whether anybody listens: who would have to gather much for an event may ask first."""
    return bool(_handlers.get(event_class))


def subscriptions() -> dict[type[DomainEvent], tuple[Callable[[Any], Any], ...]]:
    """Which functions hear which event, for `show_flow` and the docs."""
    return {event_class: tuple(handlers) for event_class, handlers in _handlers.items()}
