"""Where providers tell what became of letters: no session and no cookie, only their own proof counts."""

from uuid import UUID

import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.db.models import Manager, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from campaigns.gateways.provider_events import BrokenEvent, ForgedEvent, ToldEvents, read_events
from campaigns.models import ProviderAccount
from campaigns.services.accounts import secrets_of
from campaigns.services.provider_events import take_in
from campaigns.services.refused_proofs import count_refused
from ecosystem.base.clock import now
from ecosystem.base.links import EVENTS, BadLink, read_link
from ecosystem.base.tenancy import business_scope

log = structlog.get_logger(__name__)

LARGEST_BODY = 256 * 1024
AMAZON, FORGED = "ses", 401


@csrf_exempt  # a provider has no session; its signature is checked instead
@never_cache
@transaction.non_atomic_requests
def provider_events(request: HttpRequest, token: str) -> HttpResponse:
    """Take in what a provider tells and answer at once. What is forged changes nothing.

    One short transaction. Of Amazon alone there are two, and nothing is open in the database while the proof is looked
    at: its certificate may have to be fetched for it.
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
        known = _account(ProviderAccount.objects, account_id)
        secrets = secrets_of(known, now=now())
        if known.provider != AMAZON:
            return _take(known, _said(known.provider, secrets, request))
    said = _said(known.provider, secrets, request)
    with business_scope(link.business_id):
        # As it is now: meanwhile another stream may have been confirmed, or the account been taken away.
        return _take(_account(ProviderAccount.objects.select_for_update(no_key=True), account_id), said)


def _account(accounts: QuerySet[ProviderAccount] | Manager[ProviderAccount], account_id: UUID) -> ProviderAccount:
    account = accounts.filter(id=account_id).first()
    if account is None:
        raise Http404
    return account


def _said(provider: str, secrets: list[str], request: HttpRequest) -> ToldEvents | int:
    """What a request says, or the status with which it is turned away."""
    try:
        return read_events(provider, secrets, request)
    except ForgedEvent:
        log.warning("event_without_proof", provider=provider)
        return FORGED
    except BrokenEvent:
        return 400


def _take(account: ProviderAccount, said: ToldEvents | int) -> HttpResponse:
    if isinstance(said, ToldEvents):
        take_in(account, said, now=now())
        return HttpResponse()
    if said == FORGED:
        count_refused(account.pk)
    return HttpResponse(status=said)
