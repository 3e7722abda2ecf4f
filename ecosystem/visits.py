"""Which business somebody was in last, and that they went over to another one."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ecosystem.services.audit import record_act

LAST_BUSINESS = "business"


class VisitsMiddleware:
    """Remembers the business of a session; going over to another one stands in that one's audit trail.

    Stands behind TenantMiddleware, inside the business.
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
        return self.get_response(request)
