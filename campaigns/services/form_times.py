"""The signed time token of public forms: it says when a page was shown, and works once.

What comes back faster than a person can read, or a second time, was sent by a machine.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from ecosystem.base import clock
from ecosystem.base.ids import uuid7
from ecosystem.base.links import FORM_TIME, BadLink, read_link, sign_link
from ecosystem.base.ratelimit import take
from ecosystem.base.tenancy import current_business_id

SHORTEST = timedelta(seconds=2)
LONGEST = timedelta(hours=4)


class Freshness(StrEnum):
    """What a time token says of the one who sent it."""

    GOOD = "good"
    HASTY = "hasty"
    STALE = "stale"
    FORGED = "forged"


@dataclass(frozen=True)
class FormTime:
    """A time token, read: how it stands, the id of what the form makes, and what else it carries."""

    freshness: Freshness
    made_id: UUID
    about: bytes = b""


def stamp_form(about: bytes) -> str:
    """A token for a page that is shown now; `about` (an id) binds it to one form."""
    shown_at = int(clock.now().timestamp() * 1000).to_bytes(6)
    return sign_link(FORM_TIME, current_business_id(), shown_at + uuid7().bytes + about)


def read_form_time(token: str, *, now: float) -> FormTime:
    """What a token says; one of another business is forged here."""
    try:
        link = read_link(FORM_TIME, token, now=now)
    except BadLink as error:
        return FormTime(Freshness.STALE if error.is_expired else Freshness.FORGED, UUID(int=0))
    if link.business_id != current_business_id() or len(link.payload) < 22:
        return FormTime(Freshness.FORGED, UUID(int=0))
    # The token's own time is in whole seconds only.
    shown_at = int.from_bytes(link.payload[:6]) / 1000
    freshness = Freshness.HASTY if now - shown_at < SHORTEST.total_seconds() else Freshness.GOOD
    return FormTime(freshness, UUID(bytes=link.payload[6:22]), link.payload[22:])


def use_form_time(token: FormTime) -> bool:
    """Use a token up; False when it was used before. Remembered for longer than it could work."""
    return take(("form_time", token.made_id), 1, int(LONGEST.total_seconds()) + 3600)
