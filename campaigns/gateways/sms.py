"""The way out over HTTP for texts: one request for each, on a line that is kept open between them.

Two dialects. Ours (`sms+https://`) posts JSON with the message's id as its idempotency key; Twilio's (`twilio://`)
posts a form. docs/texts.md describes both.

What is a definite no and what is "perhaps": no connection, a request that broke before its last byte was handed to the
system, HTTP 4xx, and 429 or 503 with Retry-After are definite. Once the whole request is out, a timeout, a cut, HTTP
500, 502, 504 and a 503 without a word on when to come again leave it open whether the text went.
"""

import json
from collections.abc import Iterable
from urllib.parse import urlencode

from campaigns.gateways.base import Answered, Outcome, OutgoingMessage, Refusal, Started, Verdict
from campaigns.gateways.http_line import HttpAnswer, HttpLine, LineCut, be_quiet, read_json
from campaigns.gateways.http_sending import outcome_of_cut, send_in_order
from campaigns.gateways.sms_address import OWN, SmsAddress, read_sms_url

# What the codes of a provider say about the number, whatever the words beside them.
OPTED_OUT = frozenset({"opted_out", "21610"})
NO_SUCH_NUMBER = frozenset({"no_such_number", "21211", "21214", "21217", "21614", "30004", "30005", "30006"})


class SmsGateway:
    """Sends over one connection at a time."""

    def __init__(self, address: SmsAddress, *, timeout: float = 20.0) -> None:
        self.address = address
        self._line = HttpLine(
            address.host, address.port, is_safe=address.is_safe, timeout=timeout, ca_file=address.ca_file
        )

    def send(
        self, messages: Iterable[OutgoingMessage], *, started: Started, answered: Answered | None = None
    ) -> list[Outcome]:
        """Hand the texts over in their order; see Gateway.send."""
        return send_in_order(
            messages,
            line=self._line,
            account=self.address.account,
            hand_over=self._post,
            started=started,
            answered=answered,
        )

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def _post(self, message: OutgoingMessage) -> Outcome:
        try:
            answer = self._line.post(self.address.path, self._headers(message), self._body(message))
        except LineCut as cut:
            return outcome_of_cut(message, cut)
        return self._judge(message, answer)

    def _judge(self, message: OutgoingMessage, answer: HttpAnswer) -> Outcome:
        """What an answer means for one text."""
        told = read_json(answer.raw)
        code, words = str(told.get("code", "")), f"{told.get('code', '')} {told.get('message', '')}".strip()[:500]
        status = answer.status
        if 200 <= status < 300:
            provider_id = str(told.get("id") or told.get("sid") or "")[:200]
            return Outcome(message.id, Verdict.ACCEPTED, status, words, provider_id)
        if answer.asks_for_a_rest:
            wait = answer.wait_seconds or 1
            be_quiet(self.address.account, wait)
            return Outcome(message.id, Verdict.REFUSED_TEMPORARY, status, words, retry_after_seconds=wait)
        if status >= 500:
            return Outcome(message.id, Verdict.PERHAPS, status, words, is_fault=True)
        if code in OPTED_OUT:
            return Outcome(message.id, Verdict.REFUSED_PERMANENT, status, words, refusal=Refusal.OPTED_OUT)
        if code in NO_SUCH_NUMBER:
            return Outcome(message.id, Verdict.REFUSED_PERMANENT, status, words, refusal=Refusal.NO_SUCH_ADDRESS)
        if status in (400, 409, 413, 422):
            return Outcome(message.id, Verdict.REFUSED_PERMANENT, status, words)
        # The account, its key or its address are wrong: the trouble is not this text's. Nothing was taken.
        return Outcome(message.id, Verdict.REFUSED_TEMPORARY, status, words, is_fault=True, was_started=False)

    def _headers(self, message: OutgoingMessage) -> dict[str, str]:
        kind = "application/json" if self.address.dialect == OWN else "application/x-www-form-urlencoded"
        return {
            "Authorization": self.address.authorization,
            "Content-Type": kind,
            "Accept": "application/json",
            "Idempotency-Key": str(message.id),
        }

    def _body(self, message: OutgoingMessage) -> bytes:
        sender, text = message.envelope_from or self.address.number, message.body.decode()
        if self.address.dialect == OWN:
            given = {"id": str(message.id), "from": sender, "to": message.recipient, "text": text}
            return json.dumps({**given, "reply_url": message.reply_url}, ensure_ascii=False).encode()
        given = {"To": message.recipient, "From": sender, "Body": text}
        if message.reply_url:
            given["StatusCallback"] = f"{message.reply_url}?m={message.id}"
        return urlencode(given).encode()


def open_sms_gateway(url: str) -> SmsGateway:
    """The gateway to the account that an address names. Connects when needed."""
    return SmsGateway(read_sms_url(url))
