"""Counting, and keeping counts short: many changes of one count become one."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from ecosystem.base import sql
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Tally

QUEUE = "tallies"
MANY = 2_000
PAUSE = timedelta(hours=1)

# Deletes what it saw and writes its sum: a change that comes in meanwhile stays, and so does every other folder's.
_FOLD = """
WITH folded AS (
    DELETE FROM ecosystem_tally WHERE business_id = %(business_id)s RETURNING name, key, amount
)
INSERT INTO ecosystem_tally (id, business_id, created_at, updated_at, version, name, key, amount)
SELECT uuidv7(), %(business_id)s, now(), now(), 1, name, key, sum(amount)::bigint
FROM folded GROUP BY name, key HAVING sum(amount) <> 0
"""


def count(name: str, key: str = "", amount: int = 1) -> None:
    """Add to a count of the current business (or take away, by a negative amount). Locks nobody."""
    Tally.objects.create(name=name, key=key, amount=amount)


def count_all(changes: Mapping[tuple[str, str], int]) -> None:
    """Add to many counts, each by its name and key, in one statement. Locks nobody."""
    Tally.objects.bulk_create(
        [Tally(name=name, key=key, amount=amount) for (name, key), amount in changes.items() if amount]
    )


def fold_tallies() -> int:
    """Fold all changes of the current business into one row a count, and say how many rows are left."""
    return sql.execute(_FOLD)


def fold_tallies_when_many() -> bool:
    """Fold where reading has become dear; True when it did."""
    if Tally.objects.all()[MANY : MANY + 1].exists():
        fold_tallies()
        return True
    return False


def work_tallies(business_id: int, now: datetime) -> datetime:
    """Fold a business's counts where they are many, and say when to look again."""
    with business_scope(business_id):
        fold_tallies_when_many()
    return now + PAUSE
