"""Where providers tell what became of letters: no session and no cookie, only their own proof counts."""

import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from campaigns.gateways.provider_events import BrokenEvent, ForgedEvent, read_events
from campaigns.models import ProviderAccount
from campaigns.services.accounts import secrets_of
from campaigns.services.provider_events import take_in
from campaigns.services.refused_proofs import count_refused
from ecosystem.base.clock import now
from ecosystem.base.links import EVENTS, BadLink, read_link
from ecosystem.base.tenancy import business_scope

log = structlog.get_logger(__name__)

LARGEST_BODY = 256 * 1024


@csrf_exempt  # a provider has no session; its signature is checked instead
@never_cache
@transaction.non_atomic_requests
def provider_events(request: HttpRequest, token: str) -> HttpResponse:
    """Take in what a provider tells and answer at once. What is forged changes nothing.

    Nothing is open in the database while the proof is looked at: Amazon's certificate may have to be fetched for it.
    """
    try:
        link = read_link(EVENTS, token)
        account_id = link.uuid
    except BadLink as error:
        raise Http404 from error
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        if len(request.body) > LARGEST_BODY:
            return HttpResponse(status=413)
    except RequestDataTooBig:
        return HttpResponse(status=413)
    with business_scope(link.business_id):
        known = ProviderAccount.objects.filter(id=account_id).first()
        secrets = secrets_of(known, now=now()) if known is not None else []
    if known is None:
        raise Http404
    try:
        told = read_events(known.provider, secrets, request)
    except ForgedEvent:
        log.warning("event_without_proof", provider=known.provider)
        with business_scope(link.business_id):
            count_refused(known.pk)
        return HttpResponse(status=401)
    except BrokenEvent:
        return HttpResponse(status=400)
    with business_scope(link.business_id):
        # As it is now: meanwhile another stream may have been confirmed, or the account been taken away.
        account = ProviderAccount.objects.select_for_update(no_key=True).filter(id=account_id).first()
        if account is None:
            raise Http404
        take_in(account, told, now=now())
    return HttpResponse()
