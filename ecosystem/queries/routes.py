"""Every address that there is, and who may reach it: read from the resolver, so that none can be forgotten."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from ecosystem.base.access import Action
from ecosystem.open_doors import OPEN_DOORS

DASHBOARD, API = "b/<slug:slug>/", "api/v1/"


@dataclass(frozen=True)
class Address:
    """One address: the action that a member needs there, or the scopes that a key needs, or the door that is open."""

    name: str
    path: str
    action: Action | None
    scopes: dict[str, str]

    @property
    def door(self) -> str:
        """The first word."""
        return self.path.partition("/")[0]

    @property
    def has_rule(self) -> bool:
        """Whether somebody has said who may come in."""
        if self.path.startswith(DASHBOARD):
            return self.action is not None
        if self.path.startswith(API) and self.scopes:
            return True
        return self.door in OPEN_DOORS


def addresses() -> list[Address]:
    """Every address, in the order of the resolver."""
    return list(_walk(get_resolver(), "", ""))


def addresses_without_a_rule() -> list[str]:
    """The names of those that nobody has said anything of: they must not be served."""
    return [f"{found.name} ({found.path})" for found in addresses() if not found.has_rule]


def _walk(resolver: URLResolver, prefix: str, namespace: str) -> Iterator[Address]:
    for found in resolver.url_patterns:
        path = prefix + str(found.pattern)
        if isinstance(found, URLPattern):
            yield Address(f"{namespace}{found.name}", path, _action_of(found.callback), _scopes_of(found.callback))
        else:
            inner = f"{namespace}{found.namespace}:" if found.namespace else namespace
            yield from _walk(found, path, inner)


def _action_of(view: Any) -> Action | None:
    return getattr(view, "required_action", None)


def _scopes_of(view: Any) -> dict[str, str]:
    """By method, what a key needs for a call of the API."""
    scopes = getattr(getattr(view, "cls", None), "scopes", {})
    return {method.upper(): str(scope) for method, scope in scopes.items()}
