"""The kinds of people around a business, in the business's own words."""

from dataclasses import dataclass

from ecosystem.models import Kind, KindSetting


@dataclass(frozen=True)
class KindWords:
    """One kind as its business calls, defines and feeds it."""

    kind: Kind
    label: str
    plural: str
    definition: str
    is_on: bool
    cadence_days: int


def words_by_kind() -> dict[str, KindWords]:
    """Every kind of the current business, in the fixed order of kinds. One statement."""
    kept = {row.kind: row for row in KindSetting.objects.all()}
    return {
        kind.value: KindWords(
            kind=kind,
            label=row.label,
            plural=row.label_plural,
            definition=row.definition,
            is_on=row.is_on,
            cadence_days=row.cadence_days,
        )
        for kind in Kind
        if (row := kept.get(kind.value))
    }
