"""The test letter that decides whether a mail provider works: sent by a worker, judged, told step by step."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.utils.translation import gettext as _

from campaigns.gateways.base import Outcome, OutgoingMessage, Trouble, Verdict
from campaigns.gateways.mail import open_mail_gateway
from campaigns.models import AccountSuspension, ProviderAccount
from campaigns.queries.accounts import OWN
from campaigns.queries.mail_accounts import CALL_WITH_PASSWORD
from campaigns.rendering.headers import check_address, mailbox
from campaigns.services.accounts import make_events_password
from campaigns.services.rendering import sender_identity
from contacts.models import Channel
from ecosystem.base.sealing import BrokenSeal, seal, unseal
from ecosystem.base.tenancy import business_scope
from ecosystem.models import BusinessProfile
from ecosystem.services.audit import record_act
from ecosystem.services.sending import find_sending_stop

log = structlog.get_logger(__name__)

ANSWER_SECONDS = 8.0
# A worker that has died with a test letter in its hand told nobody.
GIVEN_UP = timedelta(minutes=2)
# While the operator has stopped everything.
STOPPED = timedelta(minutes=1)
SAID = "The mail server said: "

Trial = ProviderAccount.Trial
_OPEN = (Trial.WAITING, Trial.CONNECTING, Trial.SENDING)


@dataclass(frozen=True)
class _Letter:
    """What is sent, by which way."""

    account_id: UUID
    asked_at: datetime
    url: str
    message: OutgoingMessage


def work_mail_trials(business_id: int, now: datetime) -> datetime | None:
    """Send one test letter of a business and write down what became of it; when to come again."""
    with business_scope(business_id):
        if find_sending_stop() is not None:
            return now + STOPPED
        account = ProviderAccount.objects.filter(trial__in=_OPEN).order_by("trial_at").select_for_update().first()
        if account is None:
            return None
        if account.trial != Trial.WAITING:
            return _given_up(account, account.trial_at or now, now)
        letter = _prepare(account, now)
    if letter is None:
        return now
    _judge(business_id, letter, _send(business_id, letter), now)
    return now


def _given_up(account: ProviderAccount, asked_at: datetime, now: datetime) -> datetime:
    over_at = asked_at + GIVEN_UP
    if over_at <= now:
        _refuse(account, Trouble.TOO_SLOW, "")
    return max(over_at, now)


def _prepare(account: ProviderAccount, now: datetime) -> _Letter | None:
    """The letter and its way; None where there is nobody to write to, or nothing to write by, any more."""
    sealed = account.sealed_candidate or account.sealed_address
    try:
        url = unseal(bytes(sealed)).decode() if sealed else ""
    except BrokenSeal:
        url = ""
    if not url or account.trial_by is None or account.trial_at is None:
        _refuse(account, "", "")
        return None
    account.trial = Trial.CONNECTING
    account.save(update_fields=["trial", "updated_at"])
    return _Letter(account.id, account.trial_at, url, _message(account.trial_by.user.email, now))


def _message(to: str, now: datetime) -> OutgoingMessage:
    profile = BusinessProfile.objects.get()
    sender = sender_identity(profile)
    from_address = check_address(profile.sender_email or to, place="sender_email")
    letter, key = EmailMessage(policy=SMTP), uuid4()
    letter["From"] = mailbox(sender.from_name, from_address).decode().replace("\r\n ", " ")
    letter["To"] = check_address(to, place="email")
    letter["Subject"] = _("It works: letters from %(business)s") % {"business": sender.business_name}
    letter["Date"] = format_datetime(now)
    letter["Message-ID"] = f"<{key}@{from_address.rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"
    sentence = _("This test letter went by the mail provider that you have just entered in %(product)s.")
    letter.set_content(sentence % {"product": settings.PRODUCT_NAME} + "\n")
    return OutgoingMessage(key, from_address, to, letter.as_bytes())


def _send(business_id: int, letter: _Letter) -> Outcome:
    def started(_message_id: UUID) -> bool:
        with business_scope(business_id):
            going_on = ProviderAccount.objects.filter(
                id=letter.account_id, trial=Trial.CONNECTING, trial_at=letter.asked_at
            )
            return bool(going_on.update(trial=Trial.SENDING))

    gateway = open_mail_gateway(letter.url, timeout=ANSWER_SECONDS)
    try:
        return gateway.send([letter.message], started=started)[0]
    finally:
        gateway.close()


def _judge(business_id: int, letter: _Letter, outcome: Outcome, now: datetime) -> None:
    """Write down the answer, unless something else is tried by now."""
    with business_scope(business_id):
        accounts = ProviderAccount.objects.select_for_update().filter(channel=Channel.EMAIL).order_by("id")
        account = next((one for one in accounts if one.id == letter.account_id), None)
        if account is None or account.trial not in _OPEN or account.trial_at != letter.asked_at:
            return
        if outcome.verdict == Verdict.ACCEPTED:
            _accept(account, now)
            return
        trouble = outcome.trouble or ""
        words = outcome.response.removeprefix(SAID)
        if outcome.code is None:
            words = ""
        elif not outcome.response.startswith(SAID):
            words = f"{outcome.code} {words}"
        _refuse(account, trouble, words)


def _accept(account: ProviderAccount, now: datetime) -> None:
    is_new = account.sealed_candidate is not None
    if is_new:
        ProviderAccount.objects.filter(channel=Channel.EMAIL, carries=True).exclude(id=account.id).update(
            carries=False, carries_since=None, sealed_address=None
        )
        account.sealed_address, account.sealed_candidate = account.sealed_candidate, None
        account.carries, account.carries_since = True, now
        if account.provider in CALL_WITH_PASSWORD and account.sealed_secret is None:
            account.sealed_secret = seal(make_events_password().encode())
    account.trial, account.trial_trouble, account.trial_words = Trial.PASSED, "", ""
    account.save()
    AccountSuspension.objects.filter(account_key=f"{OWN}:{account.id}").delete()
    if is_new:
        record_act("mail_account_connected", actor=account.trial_by, subject=account)


def _refuse(account: ProviderAccount, trouble: str, words: str) -> None:
    account.trial, account.trial_trouble = Trial.REFUSED, trouble
    account.trial_words = " ".join(words.split())[:300]
    account.save(update_fields=["trial", "trial_trouble", "trial_words", "updated_at"])
    log.info("mail_trial_refused", trouble=trouble)
