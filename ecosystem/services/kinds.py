"""How a business names and feeds its kinds of people."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ecosystem.base.errors import Conflict, Invalid, NotFound
from ecosystem.base.events import publish
from ecosystem.base.tenancy import current_business_id
from ecosystem.events import KindSettingChanged
from ecosystem.models import KindSetting, Membership
from ecosystem.services.audit import record_act
from ecosystem.trades import ALWAYS_ON, KIND_STARTS, trade_of


def make_kind_settings(trade: str) -> list[KindSetting]:
    """Give a new business its eight kinds, in the words of its trade."""
    words = trade_of(trade).words
    settings = []
    for kind, start in KIND_STARTS.items():
        label, plural = words.get(kind, (start.label, start.plural))
        settings.append(
            KindSetting(
                kind=kind,
                label=str(label),
                label_plural=str(plural),
                definition=str(start.definition),
                is_on=start.is_on,
                cadence_days=start.cadence_days,
            )
        )
    return KindSetting.objects.bulk_create(settings)


@dataclass(frozen=True)
class KindSaid:
    """How a business says a kind: its words, what they mean, whether it is used, how often it is fed."""

    label: str
    label_plural: str
    definition: str
    is_on: bool
    cadence_days: int


def said_of(setting: KindSetting) -> KindSaid:
    """How a kind is said now, to be said so again by an undo."""
    return KindSaid(setting.label, setting.label_plural, setting.definition, setting.is_on, setting.cadence_days)


@transaction.atomic
def take_back_kind(kind: str, before: KindSaid, *, version: int, actor: Membership) -> KindSetting:
    """Say a kind again as it was before a change that left it at `version`; Conflict where it was changed since."""
    held = KindSetting.objects.select_for_update(no_key=True).filter(kind=kind).first()
    if held is None:
        raise NotFound("kind_not_found", _("There is no such kind of people."))
    if held.version != version:
        raise Conflict("kind_changed", _("It was changed again since, so it stays as it is now."))
    return change_kind(held, **vars(before), actor=actor)


def change_kind(
    setting: KindSetting,
    *,
    label: str,
    label_plural: str,
    definition: str,
    is_on: bool,
    cadence_days: int,
    actor: Membership,
) -> KindSetting:
    """Rename, define, switch or pace a kind; every page says the new word from the next request on.

    A kind that is switched off leaves menus, choices and counts; its people stay and keep all that they are. The four
    rungs that the ladder stands on cannot be switched off. Publishes KindSettingChanged.
    """
    if not is_on and setting.kind in ALWAYS_ON:
        raise Invalid("kind_needed", _("The ladder stands on this one, so it stays on."), "is_on")
    setting.label = label.strip()
    setting.label_plural = label_plural.strip()
    setting.definition = definition.strip()
    setting.is_on = is_on
    setting.cadence_days = cadence_days
    setting.version += 1
    setting.save()
    record_act("kind_changed", actor=actor, subject=setting, kind=setting.kind)
    publish(KindSettingChanged(current_business_id(), setting.kind))
    return setting
