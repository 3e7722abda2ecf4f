"""What happens where: events with who publishes and hears them, registries with what they were lent, tasks, ticks."""

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from celery import current_app
from django.apps import apps
from django.conf import settings

from ecosystem.base.events import DomainEvent, subscriptions
from ecosystem.base.registry import Registry

_PUBLISHES = re.compile(r"\bpublish\(\s*(?:\w+\.)?(\w+)\(")
_ROOT = Path(settings.BASE_DIR)


@dataclass(frozen=True)
class EventFlow:
    """One event: its app, what it says, which files publish it, which functions hear it."""

    app: str
    name: str
    meaning: str
    publishers: list[str]
    handlers: list[str]


@dataclass(frozen=True)
class Lending:
    """One registry and the keys it was lent, each with the module it came from."""

    name: str
    place: str
    entries: list[tuple[str, str]]


@dataclass(frozen=True)
class Tick:
    """A task that beat wakes."""

    name: str
    task: str
    schedule: str


def our_apps() -> list[str]:
    """The floors of the house, from the ground up."""
    return [config.name for config in apps.get_app_configs() if Path(config.path).parent == _ROOT]


def event_flows() -> list[EventFlow]:
    """Every event class of our apps, in the order of the floors."""
    published = _publishers()
    heard = subscriptions()
    found = []
    for app in our_apps():
        for event in _events_of(_module(f"{app}.events")):
            found.append(
                EventFlow(
                    app=app,
                    name=event.__name__,
                    meaning=(event.__doc__ or "").strip().partition("\n")[0],
                    publishers=sorted(published[event.__name__]),
                    handlers=[_place(handler) for handler in heard.get(event, ())],
                )
            )
    return found


def lendings() -> list[Lending]:
    """Every registry of our apps with what higher floors have put into it."""
    # The pages name every registry that is read anywhere.
    import_module(settings.ROOT_URLCONF)
    found: dict[int, Lending] = {}
    for app in our_apps():
        for name, module in sorted(sys.modules.items()):
            if name.partition(".")[0] != app or ".base." in name:
                continue
            # Where it is annotated it is made; elsewhere it was imported.
            for attribute in getattr(module, "__annotations__", {}):
                registry = getattr(module, attribute, None)
                if isinstance(registry, Registry):
                    entries = [(key, _place(item)) for key, item in registry.items()]
                    found[id(registry)] = Lending(attribute, name, entries)
    return list(found.values())


def ticks() -> list[Tick]:
    """What beat wakes, and how often."""
    return [
        Tick(name, str(entry["task"]), _often(entry["schedule"]))
        for name, entry in sorted(settings.CELERY_BEAT_SCHEDULE.items())
    ]


def task_names() -> list[str]:
    """Every Celery task of our apps."""
    current_app.loader.import_default_modules()
    ours = set(our_apps())
    return sorted(name for name in current_app.tasks if name.partition(".")[0] in ours)


def _module(name: str) -> ModuleType | None:
    return import_module(name) if find_spec(name) else None


def _often(schedule: Any) -> str:
    return f"every {schedule:g} s" if isinstance(schedule, int | float) else str(schedule)


def _events_of(module: ModuleType | None) -> Iterator[type[DomainEvent]]:
    for item in vars(module).values() if module else ():
        if isinstance(item, type) and issubclass(item, DomainEvent) and item.__module__ == module.__name__:  # type: ignore[union-attr]
            yield item


def _publishers() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for app in our_apps():
        for path in (_ROOT / app / "services").glob("*.py"):
            for name in _PUBLISHES.findall(path.read_text()):
                found[name].add(f"{app}.services.{path.stem}")
    return found


def _place(item: Any) -> str:
    """Where a function, class or object comes from."""
    if hasattr(item, "__qualname__") and hasattr(item, "__module__"):
        return f"{item.__module__}.{item.__qualname__}"
    return type(item).__name__
