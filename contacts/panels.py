"""What higher floors, and the other rooms of this one, show on a person's page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise

from contacts.models import Contact
from ecosystem.base.access import Action
from ecosystem.base.registry import Registry


@dataclass(frozen=True)
class ContactPanel:
    """A card in the aside of a person's page, which is fetched from an address of its own.

    `title` stands in its place until then. `template` is included with `panel` being what `load(request, contact)`
    returned; an empty answer hides the card. `load` makes a fixed number of statements, no more than nine with those of
    its page. Members who may not do `action` do not get the card.
    """

    template: str
    load: Callable[[HttpRequest, Contact], Mapping[str, Any] | None]
    action: Action
    title: str | Promise


CONTACT_PANELS: Registry[ContactPanel] = Registry("contact panels")
