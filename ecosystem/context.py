"""What every template may ask for, each read only where it is shown."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from ecosystem.base.access import Action, may
from ecosystem.queries.businesses import businesses_of


class Rights:
    """What this member may do: `{% if may.edit_people %}`. An unknown word is a slip of ours and says so."""

    def __init__(self, membership: Any) -> None:
        self._membership = membership

    def __getitem__(self, name: str) -> bool:
        return may(self._membership, Action(name))


def business_context(request: HttpRequest) -> dict[str, Any]:
    """The business, the member and their rights; the product's name; the user's businesses when asked for."""
    membership = getattr(request, "membership", None)
    return {
        "PRODUCT_NAME": settings.PRODUCT_NAME,
        "business": getattr(request, "business", None),
        "membership": membership,
        "may": Rights(membership),
        "own_businesses": SimpleLazyObject(lambda: _own_businesses(request)),
    }


def _own_businesses(request: HttpRequest) -> list[Any]:
    return businesses_of(request.user) if request.user.is_authenticated else []
