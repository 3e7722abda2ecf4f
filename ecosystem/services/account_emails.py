"""Mails about accounts: queued with their contents sealed, sent by a worker of the transactional lane."""

import json
import smtplib
from dataclasses import dataclass
from datetime import timedelta
from email.utils import make_msgid
from typing import Any
from urllib.parse import urlsplit

import environ
import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction

from ecosystem.base.clock import now as clock_now
from ecosystem.base.sealing import BrokenSeal, seal, unseal
from ecosystem.base.sql import execute, rows
from ecosystem.models import AccountEmail
from ecosystem.services.agenda import wake

log = structlog.get_logger(__name__)

LANE = "transactional"
BATCH = 10
LEASE_SECONDS = 60
MOST_ATTEMPTS = 6
WAITS_SECONDS = (20, 60, 300, 900, 3600)
WORTH_SENDING = timedelta(hours=1)

# A mail that is too old, or that took its worker down too often, is forgotten: the person asks again.
_FORGET = """
DELETE FROM ecosystem_accountemail
 WHERE expires_at < statement_timestamp()
    OR (attempts >= %(most)s AND (lease_until IS NULL OR lease_until < statement_timestamp()))"""

_CLAIM = """
UPDATE ecosystem_accountemail AS mail
   SET attempts = attempts + 1, lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
  FROM (SELECT id FROM ecosystem_accountemail
         WHERE due_at <= statement_timestamp() AND (lease_until IS NULL OR lease_until < clock_timestamp())
         ORDER BY due_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED) AS due
 WHERE mail.id = due.id
RETURNING mail.id, mail.sealed, mail.message_id, mail.attempts"""

_AGAIN = """
UPDATE ecosystem_accountemail
   SET lease_until = NULL, due_at = clock_timestamp() + make_interval(secs => %(wait)s)
 WHERE id = %(id)s AND attempts = %(attempts)s"""


@dataclass(frozen=True)
class _Mail:
    id: int
    sealed: bytes
    message_id: str
    attempts: int


def queue_account_email(
    to: str, subject: str, text: str, html: str = "", *, worth_sending: timedelta = WORTH_SENDING
) -> AccountEmail:
    """Queue a mail about an account in this transaction. Nothing of it is readable in the table.

    It leaves at least once, and with one Message-ID, as long as it is worth sending.
    """
    sealed = seal(json.dumps({"to": to, "subject": subject, "text": text, "html": html}).encode())
    domain = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    mail = AccountEmail.objects.create(
        sealed=sealed, expires_at=clock_now() + worth_sending, message_id=make_msgid(domain=domain)
    )
    transaction.on_commit(_wake_lane, robust=True)
    return mail


def send_account_emails() -> int:
    """Send the mails that are due and forget them; how many left."""
    execute(_FORGET, {"most": MOST_ATTEMPTS})
    mails = [_Mail(**row) for row in rows(_CLAIM, {"batch": BATCH, "lease": LEASE_SECONDS})]
    if not mails:
        return 0
    smtp = _connection()
    try:
        smtp.open()
        return sum([_send(mail, smtp) for mail in mails])
    except (smtplib.SMTPException, OSError) as error:
        for mail in mails:
            _try_later(mail, error)
        return 0
    finally:
        smtp.close()


def _connection() -> Any:
    """Django's own SMTP client to the server of EMAIL_URL, whatever the default backend is at the moment."""
    given = environ.Env.email_url_config(settings.EMAIL_URL)
    return get_connection(
        "django.core.mail.backends.smtp.EmailBackend",
        host=given["EMAIL_HOST"],
        port=given["EMAIL_PORT"],
        username=given["EMAIL_HOST_USER"],
        password=given["EMAIL_HOST_PASSWORD"],
        use_tls=given.get("EMAIL_USE_TLS", False),
        use_ssl=given.get("EMAIL_USE_SSL", False),
        timeout=settings.EMAIL_TIMEOUT,
    )


def _send(mail: _Mail, smtp: Any) -> bool:
    """Send one mail and forget it; a refused one is tried again later. A server that is gone concerns the caller."""
    try:
        message = _message_of(mail)
        message.connection = smtp
        message.send()
    except BrokenSeal:
        log.error("account_email_unreadable")
    except smtplib.SMTPServerDisconnected:
        raise
    except smtplib.SMTPException as error:
        _try_later(mail, error)
        return False
    AccountEmail.objects.filter(id=mail.id).delete()
    return True


def _try_later(mail: _Mail, error: Exception) -> None:
    """Put a mail back, for longer each time. One that was sent meanwhile is gone, and nothing happens."""
    log.warning("account_email_failed", error=type(error).__name__, attempts=mail.attempts)
    wait = WAITS_SECONDS[min(mail.attempts, len(WAITS_SECONDS)) - 1]
    execute(_AGAIN, {"id": mail.id, "attempts": mail.attempts, "wait": wait})


def _message_of(mail: _Mail) -> EmailMultiAlternatives:
    parts = json.loads(unseal(mail.sealed))
    message = EmailMultiAlternatives(
        subject=" ".join(parts["subject"].split()),
        body=parts["text"],
        to=[parts["to"]],
        headers={"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated"},
    )
    if parts["html"]:
        message.attach_alternative(parts["html"], "text/html")
    return message


def _wake_lane() -> None:
    wake(LANE)
