"""The second step of signing in: which codes count, and whom a business lets in without one."""

from datetime import datetime

from allauth.account.authentication import get_authentication_records
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import validate_totp_code
from django.http import HttpRequest

from ecosystem.base.ratelimit import take
from ecosystem.base.sealing import unseal
from ecosystem.models import User

# A code is taken for a minute and a half at most; what was used is remembered for longer, in PostgreSQL.
REMEMBERED_SECONDS = 300


def take_code(user: User, code: str) -> Authenticator | None:
    """Use up a code of the user's authenticator app or one of their recovery codes; what it belongs to, or None.

    A code works once, also when two ask at the same moment, and whatever becomes of Redis.
    """
    for kept in Authenticator.objects.filter(user=user).order_by("-type"):
        if kept.type == Authenticator.Type.TOTP:
            secret = unseal(kept.data["secret"].encode()).decode()
            if validate_totp_code(secret, code):
                return kept if mark_code_used(user, code) else None
        elif kept.type == Authenticator.Type.RECOVERY_CODES and kept.wrap().validate_code(code):
            return kept
    return None


def mark_code_used(user: User, code: str) -> bool:
    """Keep that a code of the app was used; False when it was already."""
    return take(("second_step_code", user.pk, normalize_user_code(code)), 1, REMEMBERED_SECONDS)


def has_second_step(user: User) -> bool:
    """Whether a stolen password alone would not open this login."""
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()


def users_with_second_step(user_ids: list[int]) -> set[int]:
    """Which of these logins ask for a second step."""
    found = Authenticator.objects.filter(user_id__in=user_ids, type=Authenticator.Type.TOTP)
    return set(found.values_list("user_id", flat=True))


def signed_in_by_second_step(request: HttpRequest) -> bool:
    """Whether this very session was opened with a code; asks no database."""
    return any(record["method"] == "mfa" for record in get_authentication_records(request, request.user))


def second_step_is_missing(request: HttpRequest, wanted_from: datetime | None) -> bool:
    """Whether a business that wants a second step (now or soon) is asked for by a login that has none."""
    return wanted_from is not None and not signed_in_by_second_step(request) and not has_second_step(request.user)
