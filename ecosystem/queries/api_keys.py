"""Reading the keys of a business."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from ecosystem.base import sql
from ecosystem.base.errors import NotFound
from ecosystem.models import ApiKey, Business, Membership, User

M = TypeVar("M", bound=Model)

# Both are asked on every call of the API, hence by hand: putting such a query together costs more than running it.
_ENTRY = """
    SELECT entry.key_id, entry.secret_hash,
           business.id AS business_id, business.slug AS business_slug, business.name AS business_name,
           business.state AS business_state, (business.quotas->>'api_calls')::bigint AS own_calls
      FROM ecosystem_apikeyindex AS entry
      JOIN ecosystem_business AS business ON business.id = entry.business_id
     WHERE entry.secret_hash = %(secret_hash)s AND business.state = 'active'"""
_KEY = """
    SELECT key.id AS key_id, key.business_id AS key_business_id, key.name AS key_name, key.prefix AS key_prefix,
           key.scopes AS key_scopes, key.expires_at AS key_expires_at, key.revoked_at AS key_revoked_at,
           key.last_used_at AS key_last_used_at, key.made_by_id AS key_made_by_id, key.version AS key_version,
           member.id AS member_id, member.business_id AS member_business_id, member.user_id AS member_user_id,
           member.role AS member_role, member.expires_at AS member_expires_at, member.version AS member_version,
           maker.id AS user_id, maker.email AS user_email, maker.name AS user_name, maker.is_active AS user_is_active,
           maker.language AS user_language
      FROM ecosystem_apikey AS key
      JOIN ecosystem_membership AS member ON member.business_id = %(business_id)s AND member.id = key.made_by_id
      JOIN ecosystem_user AS maker ON maker.id = member.user_id
     WHERE key.business_id = %(business_id)s AND key.id = %(key_id)s AND key.secret_hash = %(secret_hash)s
       AND key.revoked_at IS NULL AND (key.expires_at IS NULL OR key.expires_at > %(at)s)
       AND (member.expires_at IS NULL OR member.expires_at > %(at)s) AND maker.is_active"""


@dataclass(frozen=True)
class KeyEntry:
    """What is known of a key before its business is entered."""

    business: Business
    key_id: UUID
    secret_hash: str
    own_calls: int | None = None


def find_entry(secret_hash: str) -> KeyEntry | None:
    """The active business that a key belongs to; whether the key works is asked inside of it."""
    found = sql.rows(_ENTRY, {"secret_hash": secret_hash}, prepared="api_key_entry")
    if not found:
        return None
    row = found[0]
    return KeyEntry(_of(Business, row, "business_"), row["key_id"], row["secret_hash"], row["own_calls"])


def find_working_key(entry: KeyEntry, *, at: datetime) -> ApiKey | None:
    """The key with its maker, while it is neither ended nor over and its maker is in the team."""
    asked = {"key_id": entry.key_id, "secret_hash": entry.secret_hash, "at": at}
    found = sql.rows(_KEY, asked, prepared="api_key_working")
    if not found:
        return None
    key, maker = _of(ApiKey, found[0], "key_"), _of(Membership, found[0], "member_")
    maker.user = _of(User, found[0], "user_")
    key.made_by = maker
    return key


def _of(model: type[M], row: dict[str, Any], prefix: str) -> M:
    """A row of a model from some of its columns; the others are fetched when somebody asks for them."""
    names = [field.attname for field in model._meta.concrete_fields if f"{prefix}{field.attname}" in row]
    return model.from_db(DEFAULT_DB_ALIAS, names, [row[f"{prefix}{name}"] for name in names])


def api_keys() -> QuerySet[ApiKey]:
    """Every key of the current business with its maker, newest first, ended ones too."""
    return ApiKey.objects.select_related("made_by__user").order_by("-id")


def working_keys(*, at: datetime) -> QuerySet[ApiKey]:
    """The keys that open something at that moment."""
    return api_keys().filter(Q(expires_at=None) | Q(expires_at__gt=at), revoked_at=None)


def get_api_key(key_id: UUID) -> ApiKey:
    """A key of the current business; NotFound for every other id."""
    found = api_keys().filter(pk=key_id).first()
    if found is None:
        raise NotFound("api_key_not_found", _("There is no such key."))
    return found
