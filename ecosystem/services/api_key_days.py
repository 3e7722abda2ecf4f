"""The last week of a key: its maker and the owners are told once, so that no program stops unforeseen."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Min, Q
from django.urls import reverse
from django.utils.formats import date_format

from ecosystem.base.access import Role
from ecosystem.base.tenancy import business_scope
from ecosystem.models import ApiKey, Membership
from ecosystem.queries.api_keys import working_keys
from ecosystem.queries.businesses import current_business, get_profile
from ecosystem.services.api_keys import QUEUE, TOLD_BEFORE
from ecosystem.services.notices import tell

__all__ = ["QUEUE", "work_api_keys"]


def work_api_keys(business_id: int, now: datetime) -> datetime | None:
    """Tell of every key that ends within seven days; when the next one comes so near."""
    with business_scope(business_id):
        ending = working_keys(at=now).filter(expires_at__lte=now + TOLD_BEFORE)
        for key in ending.order_by("expires_at", "id"):
            _tell_of(key)
        later = working_keys(at=now).filter(expires_at__gt=now + TOLD_BEFORE).aggregate(next=Min("expires_at"))["next"]
    return later - TOLD_BEFORE if later else None


def _tell_of(key: ApiKey) -> None:
    assert key.expires_at is not None  # noqa: S101 - keys without an end are none of these
    members = Membership.objects.filter(Q(role=Role.OWNER) | Q(pk=key.made_by_id))
    day = date_format(key.expires_at.astimezone(ZoneInfo(get_profile().timezone)), "j F Y")
    page = reverse("ecosystem:api_key_list", args=[current_business().slug])
    tell("api_key_ends", members, key=key.pk.hex, about=f"“{key.name}” ({day})", url=page)
