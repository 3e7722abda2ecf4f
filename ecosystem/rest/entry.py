"""How a program comes in: by a key in the Authorization header, and by nothing else."""

import hashlib
from collections.abc import Callable
from typing import Any

import orjson
from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _

from ecosystem.base.clock import now
from ecosystem.base.errors import DomainError, Invalid, LimitReached, NotAllowed
from ecosystem.base.http import problem
from ecosystem.base.ratelimit import seconds_left, take_all
from ecosystem.base.tenancy import business_scope
from ecosystem.body_limits import MEGABYTE, file_megabytes
from ecosystem.models import ApiKey
from ecosystem.queries.api_keys import KeyEntry, find_working_key
from ecosystem.queries.quotas import limit_from
from ecosystem.rest.formats import TooLarge
from ecosystem.services.api_keys import PREFIX, find_key_entry, note_use
from ecosystem.services.idempotency import KeptAnswer, find_kept_answer, fingerprint, keep_answer

PATH = "/api/v1/"
PER_KEY, PER_BUSINESS, FAILURES = 300, 1_000, 20
MINUTE = 60
FORM = "multipart/form-data"
NO_LIMIT = 2_000_000_000
DONE_ONCE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# Refusals for something that may pass: a role, no room, somebody who was quicker, too many calls.
MAY_PASS = frozenset({401, 403, 409, 412, 429})
# A program goes on with these, after the first answer as after the same one again.
KEPT_HEADERS = ("ETag", "Location")


class NoKey(DomainError):
    """Who asks has not shown a key that works."""

    status = 401


class Broken(DomainError):
    """We failed."""

    status = 500


class KeyMiddleware:
    """Enters the business of a key for a whole request to the API, as TenantMiddleware does for a page.

    Limits are counted before the business is entered and committed at once: many calls of one key do not wait for each
    other. A key in the address is refused, since addresses are written into logs; a key beside a session too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PATH):
            return self.get_response(request)
        try:
            if settings.SECURE_SSL_REDIRECT and not request.is_secure():
                raise NotAllowed("https_only", _("Call this over https. The key you sent was readable on the way."))
            length = request.headers.get("Content-Length") or "0"
            if not length.isdigit() or int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
                _refuse_too_large(request, length)
            text = _key_text(request)
            response = self.get_response(request) if text is None else self._with_key(request, text)
            return _broken() if response.status_code == 500 else response
        except DomainError as error:
            return _refusal(error)

    def _with_key(self, request: Any, text: str) -> HttpResponseBase:
        ip = get_adapter(request).get_client_ip(request)
        entry = find_key_entry(text)
        if entry is not None:
            _count((("api_key", entry.key_id), PER_KEY), (("api_business", entry.business.pk), _calls_of(entry)))
            with business_scope(entry.business):
                key = find_working_key(entry, at=now())
                if key is not None:
                    request.business, request.api_key, request.membership = entry.business, key, key.made_by
                    note_use(key, ip=ip)
                    response = self._once(request, key)
                    if response.status_code >= 500:
                        transaction.set_rollback(True)
                    return response
        _count((("api_failures", ip), FAILURES))
        raise NoKey("bad_key", _("This key does not work. It may have been ended, or cut short when it was copied."))

    def _once(self, request: HttpRequest, key: ApiKey) -> HttpResponseBase:
        """The answer of the view; for a writing call that names an Idempotency-Key the same one again, for a day.

        A refusal for something that may pass (no room, something at work, somebody who was quicker) is not kept:
        it changed nothing, and the same call is judged anew, and has its one effect.
        """
        name = request.headers.get("Idempotency-Key")
        if request.method not in DONE_ONCE or name is None:
            return self.get_response(request)
        request_hash = fingerprint(request.method, request.get_full_path(), _sent_in(request))
        kept = find_kept_answer(key, name, request_hash=request_hash)
        if kept is not None:
            headers = {**kept.headers, "Idempotent-Replay": "true"}
            return HttpResponse(kept.body, status=kept.status, content_type=kept.content_type, headers=headers)
        response = self.get_response(request)
        if isinstance(response, HttpResponse) and _is_kept(response.status_code):
            headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
            content_type = response.headers.get("Content-Type", "")
            answer = KeptAnswer(response.status_code, content_type, response.content, headers)
            keep_answer(key, name, request_hash=request_hash, answer=answer)
        return response


def _refuse_too_large(request: HttpRequest, length: str) -> None:
    """Refuse what is larger than its address takes: a document of 1 MB, or a form with a file where one is taken."""
    most = file_megabytes(request.path_info) if request.content_type == FORM else 0
    if most and length.isdigit() and int(length) <= most * MEGABYTE + settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return
    raise TooLarge("too_large", _("Send at most %(most)d MB at a time.") % {"most": most or 1})


def _sent_in(request: HttpRequest) -> bytes:
    """What makes the body of a call the same: of a form its fields and files, whatever parts them this time."""
    if request.content_type != FORM:
        return request.body
    try:
        parts = sorted((name, "", value) for name, values in request.POST.lists() for value in values)
        for name, files in request.FILES.lists():
            parts += [(name, file.name, _digest(file)) for file in files]
    except MultiPartParserError as error:
        raise Invalid("bad_request", _("This form cannot be read.")) from error
    return orjson.dumps(parts)


def _digest(file: UploadedFile) -> str:
    kept = hashlib.sha256()
    for chunk in file.chunks():
        kept.update(chunk)
    file.seek(0)
    return kept.hexdigest()


def _is_kept(status: int) -> bool:
    return status < 500 and status not in MAY_PASS


def _key_text(request: HttpRequest) -> str | None:
    """The text of the key in the header; None where none was sent. Raises what must not be sent at all."""
    if any(value.startswith(PREFIX) for _name, values in request.GET.lists() for value in values):
        sentence = _("A key never stands in an address. End this one and make a new one.")
        raise Invalid("key_in_address", sentence)
    header = request.headers.get("Authorization", "")
    scheme, _space, text = header.partition(" ")
    if not header:
        return None
    if scheme.lower() != "bearer" or not text:
        raise NoKey("bad_header", _("Send the key as `Authorization: Bearer lw_...`."))
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        raise Invalid("key_and_session", _("Send a key or a session, never both."))
    return text.strip()


def _calls_of(entry: KeyEntry) -> int:
    """How many calls a minute the business of a key may make, all its keys together."""
    own = {} if entry.own_calls is None else {"api_calls": entry.own_calls}
    return limit_from(own, "api_calls") or NO_LIMIT


class _TooOften(LimitReached):
    def __init__(self, seconds: int) -> None:
        super().__init__("too_often", _("That was a lot of calls in a minute. Wait, then go on."))
        self.seconds = seconds


def _count(*limits: tuple[tuple[object, ...], int]) -> None:
    """Count a call against each limit, in one statement; TooOften where one is passed."""
    passed = take_all(limits, MINUTE)
    if passed is not None:
        raise _TooOften(seconds_left(passed))


def _broken() -> HttpResponseBase:
    """A fault of ours, told as every other failure; the log has the rest."""
    return problem(Broken("server_error", _("Something broke on our side. Nothing was changed; try again later.")))


def _refusal(error: DomainError) -> HttpResponseBase:
    response = problem(error)
    if isinstance(error, _TooOften):
        response["Retry-After"] = str(error.seconds)
    if isinstance(error, NoKey):
        response["WWW-Authenticate"] = 'Bearer realm="api"'
    return response
