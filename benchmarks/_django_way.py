"""The same letter sent as Django sends it: templates, EmailMultiAlternatives, one connection kept open."""

from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend
from django.core.signing import Signer
from django.template import Context, Engine

from benchmarks._letters import PUBLIC_URL, SENDER, Row
from campaigns.rendering.plan import FIELD, LEAVE, LINK, PREFERENCES, Parts, RenderPlan, Slot

PAGES = {LEAVE: "u", PREFERENCES: "prefs", LINK: "l"}


class DjangoSender:
    """Sends a render plan's words through Django's own machinery."""

    def __init__(self, plan: RenderPlan, port: int) -> None:
        engine = Engine()
        self._html = engine.from_string(_template(plan.html))
        self._text = engine.from_string("{% autoescape off %}" + _template(plan.text) + "{% endautoescape %}")
        self._subject = engine.from_string("{% autoescape off %}" + _template(plan.subject) + "{% endautoescape %}")
        self._connection = EmailBackend(host="127.0.0.1", port=port, username="", password="", use_tls=False)
        self._signer = Signer()

    def send(self, rows: list[Row]) -> int:
        """How many were sent."""
        self._connection.open()
        sent = sum(self._connection.send_messages([self.build(row)]) for row in rows)
        self._connection.close()
        return sent

    def build(self, row: Row) -> EmailMultiAlternatives:
        token = self._signer.sign(str(row.id))
        context = Context({"first_name": row.merge.get("contact.first_name", ""), "token": token})
        mail = EmailMultiAlternatives(
            subject=self._subject.render(context),
            body=self._text.render(context),
            from_email=f"{SENDER.from_name} <{SENDER.from_address}>",
            to=[row.address],
            reply_to=[SENDER.reply_to],
            headers=_headers(row, token),
        )
        mail.attach_alternative(self._html.render(context), "text/html")
        return mail


def _headers(row: Row, token: str) -> dict[str, Any]:
    return {
        "Message-ID": f"<{row.id}.{token[-12:]}@example.com>",
        "List-Unsubscribe": f"<{PUBLIC_URL}/u/{token}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "X-Lampwalk-Message": str(row.id),
    }


def _template(parts: Parts) -> str:
    """The parts as a Django template."""
    values = SENDER.values()

    def text(part: str | Slot) -> str:
        if not isinstance(part, Slot):
            return "{% verbatim %}" + part + "{% endverbatim %}"
        if part.kind == FIELD:
            return '{{ first_name|default:"' + part.fallback + '" }}'
        if part.kind in PAGES:
            number = f"/{part.name}" if part.name else ""
            return f"{PUBLIC_URL}/{PAGES[part.kind]}/" + "{{ token }}" + number
        return values.get(part.name, part.fallback)

    return "".join(text(part) for part in parts)
