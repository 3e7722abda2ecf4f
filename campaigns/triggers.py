"""Registry of what may start a sequence for somebody."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ecosystem.base.registry import Registry


@dataclass(frozen=True)
class Trigger:
    """One way onto a sequence: what the owner chooses, and the sentence that the sequence's page shows."""

    label: str | Promise
    sentence: str | Promise


TRIGGERS: Registry[Trigger] = Registry("TRIGGERS")

SAID_YES = "said_yes"
ADDED_BY_STAFF = "added_by_staff"

TRIGGERS.add(SAID_YES, Trigger(_("Somebody says yes"), _("Somebody says yes to its topic.")))
TRIGGERS.add(ADDED_BY_STAFF, Trigger(_("The team adds somebody"), _("One of the team puts a person on it.")))
