"""How a business wants its pages: by which time, in which language, and with which second step at the door."""

import time
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from ecosystem.models import BusinessProfile
from ecosystem.moments import tongue_of

_KEPT_SECONDS, _KEPT_BUSINESSES = 20, 5_000
# The team's pages are written in English alone.
TEAM_LANGUAGE = "en"


@dataclass(frozen=True)
class Manners:
    """What every page of a business goes by: its time, what its team and its customers read, and from when on it wants
    a second step."""

    zone: ZoneInfo
    team_tongue: str
    customer_tongue: str
    second_step_from: datetime | None


# business -> (its manners as they were read, until when they are believed); per process.
_kept: dict[int, tuple[Manners, float]] = {}


def manners_of(business_id: int) -> Manners:
    """How the business that is entered wants its pages, believed for a few seconds."""
    manners, until = _kept.get(business_id, (None, 0.0))
    if manners is None or until <= time.monotonic():
        manners = _read()
        if len(_kept) >= _KEPT_BUSINESSES:
            _kept.clear()
        _kept[business_id] = (manners, time.monotonic() + _KEPT_SECONDS)
    return manners


def forget_manners() -> None:
    """Have everything read anew; for a service that changes it, and for tests."""
    _kept.clear()


def team_tongue_of(profile: BusinessProfile) -> str:
    """What the team is written to in."""
    return tongue_of(TEAM_LANGUAGE, profile.country)


def customer_tongue_of(profile: BusinessProfile) -> str:
    """What its customers are written to in."""
    return tongue_of(profile.language, profile.country)


def _read() -> Manners:
    found = BusinessProfile.objects.values_list("timezone", "language", "country", "second_step_from").first()
    if found is None:
        return Manners(ZoneInfo(settings.TIME_ZONE), TEAM_LANGUAGE, TEAM_LANGUAGE, None)
    zone, language, country, second_step_from = found
    return Manners(
        zone=ZoneInfo(zone),
        team_tongue=tongue_of(TEAM_LANGUAGE, country),
        customer_tongue=tongue_of(language, country),
        second_step_from=second_step_from,
    )
