"""Counts that are kept while rows change. No page counts a table."""

from collections.abc import Collection

from django.db.models import Sum

from ecosystem.models import Tally


def tallies(names: Collection[str]) -> dict[tuple[str, str], int]:
    """Every count of these names by (name, key), in one statement; what was never counted is not in it."""
    found = Tally.objects.filter(name__in=names).values("name", "key").annotate(total=Sum("amount"))
    return {(row["name"], row["key"]): int(row["total"]) for row in found.order_by()}


def tally(name: str, key: str = "") -> int:
    """One count; 0 where nothing was ever counted."""
    total = Tally.objects.filter(name=name, key=key).aggregate(total=Sum("amount"))["total"]
    return int(total or 0)


def tallies_from(name: str, first_key: str) -> dict[str, int]:
    """The counts of a name whose keys do not sort before `first_key`: days are keys that begin with their date."""
    found = Tally.objects.filter(name=name, key__gte=first_key).values("key").annotate(total=Sum("amount"))
    return {row["key"]: int(row["total"]) for row in found.order_by()}
