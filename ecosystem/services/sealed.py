"""Sealing everything anew after a key was put in front: then the old key can go."""

from functools import partial
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import models, transaction

from ecosystem.base.sealing import reseal
from ecosystem.base.tenancy import each_business
from ecosystem.global_tables import GLOBAL_TABLES
from ecosystem.models import AccountEmail, IdempotencyKey
from ecosystem.sealed import SEALED

# What allauth keeps sealed of a second step, by its name in `Authenticator.data`.
SECRETS_OF_SECOND_STEP = ("secret", "seed")
CHUNK = 500


def reseal_everything() -> dict[str, int]:
    """Seal every stored secret with the newest key; how many there were, by column. Changes nothing else."""
    counts = dict.fromkeys(SEALED.keys(), 0)
    ours = [name for name in counts if name.rpartition(".")[0] not in GLOBAL_TABLES]
    for name in set(counts) - set(ours):
        with transaction.atomic():
            counts[name] += SEALED.get(name)()
    for _business in each_business():
        for name in ours:
            counts[name] += SEALED.get(name)()
    return counts


def reseal_column(model: type[models.Model], field: str) -> int:
    """Seal one column anew, row by row; how many. Rows that hold nothing there are left out."""
    manager: Any = model._default_manager
    rows = manager.exclude(**{field: None}).select_for_update().only("pk", field).order_by("pk")
    count = 0
    for row in rows.iterator(chunk_size=CHUNK):
        manager.filter(pk=row.pk).update(**{field: reseal(bytes(getattr(row, field)))})
        count += 1
    return count


def reseal_second_steps() -> int:
    """Seal the seeds of two-step sign-in and of its recovery codes anew; how many."""
    count = 0
    for step in Authenticator.objects.select_for_update().order_by("pk"):
        sealed = {name: step.data[name] for name in SECRETS_OF_SECOND_STEP if step.data.get(name)}
        step.data |= {name: reseal(text.encode()).decode() for name, text in sealed.items()}
        step.save(update_fields=["data"])
        count += len(sealed)
    return count


SEALED.add("ecosystem.AccountEmail.sealed", partial(reseal_column, AccountEmail, "sealed"))
SEALED.add("ecosystem.IdempotencyKey.sealed", partial(reseal_column, IdempotencyKey, "sealed"))
SEALED.add("mfa.Authenticator.data", reseal_second_steps)
