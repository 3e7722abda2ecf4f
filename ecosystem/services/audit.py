"""The audit trail of a business."""

from typing import Any
from uuid import UUID

from django.db.models import Model

from ecosystem.acts import ACTS
from ecosystem.models import AuditEntry, Membership


def record_act(
    action: str,
    *,
    actor: Membership | None,
    subject: Model | None = None,
    actor_kind: str = "member",
    **details: str | int | bool | list[str] | None,
) -> AuditEntry:
    """Write down who did what to which row of the current business.

    `details` are plain words and ids: never a secret, never a contact's address or name. An action that no app has
    given a sentence raises KeyError: it could not be told.
    """
    ACTS.get(action)
    return AuditEntry.objects.create(
        actor_user_id=actor.user_id if actor else None,
        actor_kind=actor_kind if actor else "system",
        action=action,
        object_kind=subject._meta.model_name or "" if subject is not None else "",
        object_id=_id_of(subject),
        details=details,
    )


def _id_of(subject: Model | None) -> str:
    key: Any = subject.pk if subject is not None else ""
    return key.hex if isinstance(key, UUID) else str(key)
