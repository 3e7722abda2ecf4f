"""Which businesses there are for whom, and what the current one says of itself."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from ecosystem.base.access import Role
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope, current_business_id, own_rows, user_scope
from ecosystem.models import Business, BusinessProfile, Membership, User


@dataclass(frozen=True)
class OwnBusiness:
    """A business as somebody of its team sees it in a list."""

    id: int
    slug: str
    name: str
    role: Role
    membership_id: UUID

    @property
    def is_owned(self) -> bool:
        return self.role == Role.OWNER


def businesses_of(user: User, *, at: datetime | None = None) -> list[OwnBusiness]:
    """The businesses whose team the user belongs to, by name; also those that are closing.

    Answers without any business being entered: the user's own memberships are readable to the user.
    """
    moment = at or now()
    with user_scope(user.pk):
        memberships = {
            row.business_id: row for row in own_rows(Membership).filter(Q(expires_at=None) | Q(expires_at__gt=moment))
        }
    found = Business.objects.filter(pk__in=memberships).exclude(state=Business.State.CLOSED).order_by("name", "pk")
    return [
        OwnBusiness(row.pk, row.slug, row.name, Role(memberships[row.pk].role), memberships[row.pk].pk) for row in found
    ]


def setup_is_open(business: OwnBusiness) -> bool:
    """Whether the four steps of a business that the user owns still wait for their end."""
    if not business.is_owned:
        return False
    with business_scope(business.id):
        return not get_profile().setup_is_complete


def find_begun(user: User, name: str) -> OwnBusiness | None:
    """A business of that name which the user has begun to set up and not ended, so that it is not made twice."""
    same = [found for found in businesses_of(user) if found.name == name.strip()]
    return next((found for found in same if setup_is_open(found)), None)


def current_business() -> Business:
    """The business that is entered."""
    return Business.objects.get(pk=current_business_id())


def get_profile() -> BusinessProfile:
    """What the current business says of itself."""
    return BusinessProfile.objects.get()


def taken_slugs(slugs: Collection[str]) -> set[str]:
    """Which of these short names belong to some business already."""
    return set(Business.objects.filter(slug__in=slugs).values_list("slug", flat=True))


def end_of_day(day: date | None) -> datetime | None:
    """The moment a day is over for the business; what lasts until a day lasts all of it."""
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=ZoneInfo(get_profile().timezone))


def last_day(moment: datetime | None) -> date | None:
    """The last whole day, for the business, before a moment."""
    if moment is None:
        return None
    return (moment.astimezone(ZoneInfo(get_profile().timezone)) - timedelta(microseconds=1)).date()
