"""Keys by which other programs reach a business."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from ecosystem.base.access import may
from ecosystem.base.clock import now
from ecosystem.base.errors import Conflict, Invalid, LimitReached, NotAllowed
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import business_scope, current_business_id
from ecosystem.models import ApiKey, ApiKeyIndex, Membership
from ecosystem.queries.api_keys import KeyEntry, find_entry, find_working_key, working_keys
from ecosystem.scopes import SCOPE_ACTIONS, Scope, scopes_open_to
from ecosystem.services.agenda import note_work
from ecosystem.services.audit import record_act

PREFIX = "lw_"
SECRET_BYTES = 32
SHOWN = 12
MOST_KEYS = 50
# The queue in which a key's last week is noticed, and how long before its end its people are told.
QUEUE = "api_keys"
TOLD_BEFORE = timedelta(days=7)
# `last used` is a hint for people: writing it once a minute spares an update per request.
USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class NewKey:
    """A key that was just made, and its whole text: shown once and kept nowhere."""

    key: ApiKey
    text: str


def make_api_key(
    *, name: str, scopes: Iterable[str], expires_at: datetime | None, actor: Membership, key_id: UUID | None = None
) -> NewKey:
    """Make a key with some of the rights of its maker.

    Raises NotAllowed for a scope that the maker lacks, LimitReached when the business has very many keys, Conflict when
    a key with this id was made already, as by a second click.
    """
    chosen = sorted(set(scopes))
    if not chosen:
        raise Invalid("scopes_missing", _("Choose at least one thing that the key may do."), "scopes")
    if not set(chosen) <= {scope.value for scope in scopes_open_to(actor)}:
        raise NotAllowed("scope_too_high", _("A key cannot be allowed more than you are."), "scopes")
    if expires_at is not None and expires_at <= now():
        raise Invalid("day_is_past", _("That day is over. Choose a later one."), "expires_on")
    if working_keys(at=now()).count() >= MOST_KEYS:
        raise LimitReached("too_many_keys", _("You have 50 keys. End one that is not used any more first."))
    text = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    try:
        with transaction.atomic():
            key = ApiKey.objects.create(
                id=key_id or uuid7(),
                name=name.strip(),
                prefix=text[:SHOWN],
                secret_hash=_hash(text),
                scopes=chosen,
                made_by=actor,
                expires_at=expires_at,
            )
    except IntegrityError as error:
        sentence = _("This key was made already and cannot be shown again. Is it lost? End it and make another one.")
        raise Conflict("key_made_already", sentence) from error
    ApiKeyIndex.objects.create(secret_hash=key.secret_hash, business_id=current_business_id(), key_id=key.pk)
    if expires_at is not None:
        note_work(QUEUE, max(expires_at - TOLD_BEFORE, now()))
    record_act("api_key_made", actor=actor, subject=key, scopes=chosen)
    return NewKey(key, text)


def revoke_api_key(key: ApiKey, *, actor: Membership | None) -> None:
    """End a key: its next request is refused. Doing it twice changes nothing."""
    if key.revoked_at is not None:
        return
    key.revoked_at = now()
    key.save()
    ApiKeyIndex.objects.filter(secret_hash=key.secret_hash).delete()
    record_act("api_key_revoked", actor=actor, subject=key)


def end_keys_of(member: Membership, *, actor: Membership | None) -> None:
    """End every key that a member has made."""
    for key in working_keys(at=now()).filter(made_by=member):
        revoke_api_key(key, actor=actor)


def authenticate_key(raw: str) -> tuple[int, ApiKey] | None:
    """The business and the key that a text opens now, or None.

    A key works while it is neither ended nor over and its maker is in the team; it may what its maker may still do.
    """
    entry = find_key_entry(raw)
    if entry is None:
        return None
    with business_scope(entry.business):
        key = find_working_key(entry, at=now())
    return (entry.business.pk, key) if key else None


def find_key_entry(raw: str) -> KeyEntry | None:
    """Where the key of a text belongs, or None for a text that opens nothing. The key may have ended: ask inside."""
    if not raw.startswith(PREFIX) or len(raw) > 100:
        return None
    return find_entry(_hash(raw))


def allows(key: ApiKey, scope: Scope) -> bool:
    """Whether a key has a scope and its maker still has the right behind it."""
    return scope.value in key.scopes and may(key.made_by, SCOPE_ACTIONS[scope])


def note_use(key: ApiKey, *, ip: str | None) -> None:
    """Remember when and from where a key was last used, at most once a minute."""
    moment = now()
    if key.last_used_at is not None and moment - key.last_used_at < USE_NOTED_EVERY:
        return
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=moment, last_used_ip=ip)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
