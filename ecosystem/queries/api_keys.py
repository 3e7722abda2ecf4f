"""Reading the keys of a business."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from ecosystem.base.errors import NotFound
from ecosystem.models import ApiKey


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
