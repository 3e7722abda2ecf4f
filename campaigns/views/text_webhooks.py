"""Where a provider of texts brings answers and reports to: one address for each business, signed by its account."""

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.views.decorators.csrf import csrf_exempt

from campaigns.gateways.sms_address import OWN, read_sms_url
from campaigns.gateways.sms_incoming import IncomingWords, NotUnderstood, is_signed, read_request
from campaigns.queries.accounts import account_for
from campaigns.services.incoming_texts import hear_text
from campaigns.services.provider_events import take_in_report
from campaigns.services.refused_proofs import TEXTS as TEXTS_DOOR
from campaigns.services.refused_proofs import count_refused
from contacts.models import Channel
from ecosystem.base import clock
from ecosystem.base.addresses import normalise_phone
from ecosystem.base.errors import Invalid
from ecosystem.base.links import TEXTS, BadLink, read_link
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business

log = structlog.get_logger(__name__)


@csrf_exempt  # programs come here; the token names the business and the signature its account
def receive(request: HttpRequest, token: str) -> HttpResponse:
    """Take one text or one report. The same one again changes nothing; what is not signed changes nothing either."""
    try:
        link = read_link(TEXTS, token)
    except BadLink:
        return HttpResponse(status=404)
    business = Business.objects.filter(id=link.business_id).first()
    if business is None:
        return HttpResponse(status=404)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    with business_scope(business):
        return _receive(request)


def _receive(request: HttpRequest) -> HttpResponse:
    url = account_for(Channel.SMS).url
    if not url:
        return HttpResponse(status=404)
    address, body = read_sms_url(url), request.body
    form = {} if address.dialect == OWN else request.POST.dict()
    public = settings.PUBLIC_URL.rstrip("/") + request.get_full_path()
    now = clock.now().timestamp()
    signed = {"headers": request.headers, "url": public, "body": body, "form": form, "now": now}
    if not is_signed(address, **signed, second_secret=settings.SMS_SECOND_SECRET):
        log.warning("text_without_proof")
        count_refused(TEXTS_DOOR)
        return HttpResponse(status=401)
    try:
        told = read_request(address, body=body, form=form, query=request.GET.dict())
        if isinstance(told, IncomingWords):
            number = normalise_phone(told.number, "")
            hear_text(number=number, body=told.body, provider_id=told.provider_id)
        else:
            take_in_report(told, now=clock.now())
    except (NotUnderstood, Invalid) as problem:
        # Signed, so not an attack: asked again it would be no clearer.
        log.warning("text_not_understood", problem=str(problem)[:60])
    return HttpResponse("<Response/>" if address.dialect != OWN else "{}", content_type=_type_of(address.dialect))


def _type_of(dialect: str) -> str:
    return "application/json" if dialect == OWN else "text/xml"
