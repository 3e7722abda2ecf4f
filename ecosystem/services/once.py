"""A second click on a form makes nothing twice: the form carries the id that its row will have."""

from typing import TypeVar
from uuid import UUID

from django.db.models import Model

from ecosystem.base import sql

Row = TypeVar("Row", bound=Model)

# Held until the transaction ends: of two clicks at one moment the second waits for what the first has made.
_HOLD = "SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))"


def made_before(model: type[Row], new_id: UUID | None) -> Row | None:
    """What an earlier click has made under this id; None where this is the first, or where no id was given.

    Inside the transaction that makes the row.
    """
    if new_id is None:
        return None
    sql.rows(_HOLD, {"name": f"new:{new_id}"})
    return model._default_manager.filter(pk=new_id).first()
