"""The same call twice changes things once: `Idempotency-Key` of the API."""

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from ecosystem.base import sql
from ecosystem.base.clock import now
from ecosystem.base.errors import Conflict, Invalid
from ecosystem.base.sealing import seal, unseal
from ecosystem.models import ApiKey, IdempotencyKey

KEPT = timedelta(hours=24)
LONGEST = 200
# Held until the transaction ends; the second of two calls at one moment is told to come back.
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(%(name)s, 0)) AS is_free"


class KeyReused(Invalid):
    """An Idempotency-Key that came with another call before."""

    status = 422


@dataclass(frozen=True)
class KeptAnswer:
    """What the first call was answered."""

    status: int
    content_type: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def fingerprint(method: str, path: str, body: bytes) -> str:
    """What makes a call the same call."""
    return hashlib.sha256(b"\0".join([method.encode(), path.encode(), body])).hexdigest()


def find_kept_answer(api_key: ApiKey, key: str, *, request_hash: str) -> KeptAnswer | None:
    """The answer of the first call with this key within a day, or None when this is the first.

    Raises KeyReused for a key that came with another call before, Conflict while the first is still at work.
    """
    if not key.isprintable() or not 0 < len(key) <= LONGEST:
        raise Invalid("bad_idempotency_key", _("An Idempotency-Key has 1 to 200 printable letters."))
    if not sql.rows(_LOCK, {"name": f"idempotency:{api_key.pk}:{key}"})[0]["is_free"]:
        raise Conflict("in_progress", _("The first call with this key is still at work. Ask again in a moment."))
    IdempotencyKey.objects.filter(created_at__lt=now() - KEPT).delete()
    kept = IdempotencyKey.objects.filter(api_key=api_key, key=key).first()
    if kept is None:
        return None
    if kept.request_hash != request_hash:
        raise KeyReused("idempotency_key_reused", _("This Idempotency-Key came with another call before."))
    return KeptAnswer(kept.status, kept.content_type, unseal(bytes(kept.sealed)), dict(kept.headers))


def keep_answer(api_key: ApiKey, key: str, *, request_hash: str, answer: KeptAnswer) -> None:
    """Remember, in the transaction of the call itself, what it was answered."""
    IdempotencyKey.objects.create(
        api_key=api_key,
        key=key,
        request_hash=request_hash,
        status=answer.status,
        content_type=answer.content_type[:80],
        headers=answer.headers,
        sealed=seal(answer.body),
    )
