"""The way out over HTTP for letters: Anymail words the request and reads the answer, the line is ours.

Ours, because the delivery contract needs to know whether a request was out when the line broke. What is a definite no
and what is "perhaps": no connection, a request that broke before its last byte was handed to the system, HTTP 4xx, and
429 or 503 with Retry-After are definite. Once the whole request is out, a timeout, a cut, HTTP 500, 502, 504 and a 503
without a word on when to come again leave it open whether the letter went. A provider that knows letters by a key is
asked again at once with the same key: it takes each letter once.
"""

from collections.abc import Iterable
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import requests
from anymail.backends.brevo import EmailBackend as BrevoBackend
from anymail.backends.mailgun import EmailBackend as MailgunBackend
from anymail.backends.postmark import EmailBackend as PostmarkBackend
from anymail.backends.resend import EmailBackend as ResendBackend
from anymail.exceptions import AnymailError, AnymailRequestsAPIError
from django.core.mail import EmailMultiAlternatives

from campaigns.gateways.base import Answered, Outcome, OutgoingMessage, Refusal, Started, Trouble, Verdict
from campaigns.gateways.http_line import HttpAnswer, HttpLine, LineCut, NoLine, be_quiet, read_json
from campaigns.gateways.http_sending import outcome_of_cut, send_in_order
from campaigns.gateways.mail_address import KeyAddress

# Providers that take a letter once however often it is handed over, for a day.
KEYED = frozenset({"resend"})
KEY_HEADER = "Idempotency-Key"
# So often a keyed provider that gave no answer is asked again before the letter counts as not known.
MORE_TRIES = 2
# The words of a provider by which it knows the key of a letter that it has taken already, in other words.
TAKEN_ALREADY = "invalid_idempotent_request"
IN_WORK = "concurrent_idempotent_requests"
# Postmark's own codes where the account is to blame, not the letter.
POSTMARK_ACCOUNT = frozenset({10, 400, 401, 402, 405, 412, 413})
ACCOUNT_TROUBLE = frozenset({401, 402, 403, 404})
NOT_CARRIED = frozenset({"date", "mime-version", "from", "to", "subject", "reply-to", "content-type"})


class KeyGateway:
    """Sends one letter after another over one connection, by the key of an account."""

    def __init__(self, address: KeyAddress, *, timeout: float = 30.0) -> None:
        self.address = address
        self._backend = _backend(address)
        place = urlsplit(address.base_url)
        is_safe = place.scheme == "https"
        port = place.port or (443 if is_safe else 80)
        self._line = HttpLine(place.hostname or "", port, is_safe=is_safe, timeout=timeout)
        self._account = f"{address.provider}:{hash(address.key)}"

    def send(
        self, messages: Iterable[OutgoingMessage], *, started: Started, answered: Answered | None = None
    ) -> list[Outcome]:
        """Hand the letters over in their order; see Gateway.send."""
        return send_in_order(
            messages,
            line=self._line,
            account=self._account,
            hand_over=self._hand_over,
            started=started,
            answered=answered,
        )

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def _hand_over(self, message: OutgoingMessage) -> Outcome:
        try:
            letter = _as_letter(message, self.address)
            payload = self._backend.build_message_payload(letter, self._backend.send_defaults)
            request = requests.Request(**payload.get_request_params(self._backend.api_url)).prepare()
        except (AnymailError, ValueError) as error:
            return Outcome(message.id, Verdict.REFUSED_PERMANENT, None, str(error)[:500], was_started=False)
        outcome = self._ask(message, letter, payload, request)
        for _try in range(MORE_TRIES if self.address.provider in KEYED else 0):
            if outcome.verdict != Verdict.PERHAPS:
                break
            outcome = self._ask_again(outcome, message, letter, payload, request)
        return outcome

    def _ask(self, message: OutgoingMessage, letter: Any, payload: Any, request: Any) -> Outcome:
        try:
            answer = self._line.post(request.path_url, self._headers(message, request), _bytes(request.body))
        except LineCut as cut:
            return outcome_of_cut(message, cut)
        return self._judge(message, letter, payload, answer)

    def _ask_again(self, before: Outcome, message: OutgoingMessage, letter: Any, payload: Any, request: Any) -> Outcome:
        """The next answer of a provider that knows the letter by its key; where it takes none, the doubt stays."""
        try:
            self._line.open()
        except NoLine:
            return before
        outcome = self._ask(message, letter, payload, request)
        return outcome if outcome.verdict in (Verdict.ACCEPTED, Verdict.REFUSED_PERMANENT) else before

    def _headers(self, message: OutgoingMessage, request: Any) -> dict[str, str]:
        headers = {name: str(value) for name, value in request.headers.items() if name.lower() != "content-length"}
        headers["Accept"] = "application/json"
        if self.address.provider in KEYED:
            headers[KEY_HEADER] = str(message.id)
        return headers

    def _judge(self, message: OutgoingMessage, letter: Any, payload: Any, answer: HttpAnswer) -> Outcome:
        """What an answer means for one letter."""
        status, words = answer.status, _words(answer.raw)
        if answer.asks_for_a_rest:
            wait = answer.wait_seconds or 1
            be_quiet(self._account, wait)
            return Outcome(message.id, Verdict.REFUSED_TEMPORARY, status, words, retry_after_seconds=wait)
        if status >= 500 or status < 200 or 300 <= status < 400:
            return Outcome(message.id, Verdict.PERHAPS, status, words, is_fault=True)
        told = read_json(answer.raw)
        if status == 409 and told.get("name") == TAKEN_ALREADY:
            # The letter lies with the provider, worded otherwise the first time: it is not handed over twice.
            return Outcome(message.id, Verdict.ACCEPTED, status, words)
        if status == 409 and told.get("name") == IN_WORK:
            return Outcome(message.id, Verdict.PERHAPS, status, words, is_fault=True)
        if status in ACCOUNT_TROUBLE or (self._is_postmark and told.get("ErrorCode") in POSTMARK_ACCOUNT):
            return self._account_trouble(message, status, words)
        return self._read(message, letter, payload, answer, words)

    def _account_trouble(self, message: OutgoingMessage, status: int, words: str) -> Outcome:
        """The account, its key or its domain are wrong: the trouble is not this letter's. Nothing was taken."""
        is_key = status == 401 or (status == 403 and "key" in words.lower())
        return Outcome(
            message.id,
            Verdict.REFUSED_TEMPORARY,
            status,
            words,
            is_fault=True,
            was_started=False,
            trouble=Trouble.SIGN_IN if is_key else None,
        )

    def _read(self, message: OutgoingMessage, letter: Any, payload: Any, answer: HttpAnswer, words: str) -> Outcome:
        """A yes or a no to this letter, read by Anymail."""
        response = requests.Response()
        response.status_code, response._content, response.encoding = answer.status, answer.raw, "utf-8"
        try:
            self._backend.raise_for_status(response, payload, letter)
            found = self._backend.parse_recipient_status(response, payload, letter)
        except AnymailRequestsAPIError:
            # A yes that cannot be read may be a yes.
            verdict = Verdict.PERHAPS if answer.status < 300 else Verdict.REFUSED_PERMANENT
            return Outcome(message.id, verdict, answer.status, words, is_fault=verdict == Verdict.PERHAPS)
        status = next(iter(found.values()), None)
        if status is not None and status.status in ("rejected", "invalid"):
            refusal = Refusal.NO_SUCH_ADDRESS
            return Outcome(message.id, Verdict.REFUSED_PERMANENT, answer.status, words, refusal=refusal)
        provider_id = str(status.message_id or "")[:200] if status is not None else ""
        return Outcome(message.id, Verdict.ACCEPTED, answer.status, "", provider_id)

    @property
    def _is_postmark(self) -> bool:
        return self.address.provider == "postmark"


def _backend(address: KeyAddress) -> Any:
    """Anymail's way to a provider, used without its own connection."""
    url = {"api_url": address.base_url}
    if address.provider == "postmark":
        return PostmarkBackend(server_token=address.key, message_stream=address.place or None, **url)
    if address.provider == "mailgun":
        return MailgunBackend(api_key=address.key, sender_domain=address.place, **url)
    if address.provider == "brevo":
        return BrevoBackend(api_key=address.key, **url)
    return ResendBackend(api_key=address.key, **url)


def _as_letter(message: OutgoingMessage, address: KeyAddress) -> EmailMultiAlternatives:
    """The prepared bytes as Django words a letter, with our id beside it for the provider's events."""
    mail: Any = message_from_bytes(message.body, _class=EmailMessage, policy=policy.default)
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    headers = {name: str(value) for name, value in mail.items() if name.lower() not in NOT_CARRIED}
    if address.provider == "postmark":
        headers["X-PM-KeepID"] = "true"  # otherwise its own Message-ID takes the place of ours
    letter = EmailMultiAlternatives(
        subject=str(mail["Subject"] or ""),
        body=plain.get_content() if plain is not None else "",
        from_email=str(mail["From"]),
        to=[message.recipient],
        reply_to=[str(mail["Reply-To"])] if mail["Reply-To"] else None,
        headers=headers,
    )
    if html is not None:
        letter.attach_alternative(html.get_content(), "text/html")
    letter.metadata = {"letter": str(message.id)}  # type: ignore[attr-defined]
    return letter


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body or b"")


def _words(raw: bytes) -> str:
    """What a provider says, in its own words, as plain text."""
    told = read_json(raw)
    found = next((told[name] for name in ("Message", "message", "error", "code") if told.get(name)), None)
    return " ".join(str(found if found is not None else raw.decode("utf-8", "replace")).split())[:500]
