"""Which business somebody was in last, when they were seen there, and that they went over to another one."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ecosystem.base.clock import now
from ecosystem.services.audit import record_act
from ecosystem.services.memberships import note_seen

LAST_BUSINESS = "business"
SEEN_THERE_AT = "seen_there_at"
# Written at most so often, so that reading pages does not write each time.
SEEN_EVERY = 5 * 60


class VisitsMiddleware:
    """Remembers the business of a session; going over to another one stands in that one's audit trail.

    When a member was seen last is written at most once in five minutes. Stands behind TenantMiddleware, inside the
    business.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        membership = getattr(request, "membership", None)
        if membership is not None:
            former = request.session.get(LAST_BUSINESS)
            if former != membership.business_id:
                request.session[LAST_BUSINESS] = membership.business_id
                if former is not None:
                    record_act("business_switched", actor=membership)
            moment = int(now().timestamp())
            if former != membership.business_id or moment - request.session.get(SEEN_THERE_AT, 0) >= SEEN_EVERY:
                request.session[SEEN_THERE_AT] = moment
                note_seen(membership)
        return self.get_response(request)
