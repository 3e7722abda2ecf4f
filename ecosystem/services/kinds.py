"""How a business names and feeds its kinds of people."""

from django.utils.translation import gettext_lazy as _

from ecosystem.base.errors import Invalid
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

    The four rungs that the ladder stands on cannot be switched off. Publishes KindSettingChanged.
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
