"""Connecting a business's own mail provider: tried by a test letter first, then used; changed, and let go."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.models import AccountSuspension, ProviderAccount
from campaigns.queries.accounts import OWN
from campaigns.queries.mail_accounts import account_of
from contacts.models import Channel
from ecosystem.base.errors import Conflict, LimitReached, NotAllowed
from ecosystem.base.ratelimit import take
from ecosystem.base.sealing import seal
from ecosystem.base.tenancy import current_business_id
from ecosystem.models import Membership
from ecosystem.queries.users import has_verified_address
from ecosystem.services.agenda import note_work
from ecosystem.services.audit import record_act

MAIL_TRIALS_QUEUE = "mail_trials"
TRIALS_AN_HOUR = 12

Trial = ProviderAccount.Trial


@transaction.atomic
def try_mail_account(
    provider: str,
    address: str,
    *,
    actor: Membership,
    now: datetime,
    per_second: int | None = None,
    per_day: int | None = None,
) -> ProviderAccount:
    """Keep how to reach a provider, and send a test letter by it to the actor's own address.

    Letters go by it once that letter was taken; until then everything stays as it is. A second candidate takes the
    place of the first. Raises NotAllowed where the actor's address is not confirmed, LimitReached after twelve an hour.
    """
    _may_try(actor)
    accounts = ProviderAccount.objects.select_for_update(no_key=True).filter(channel=Channel.EMAIL)
    list(accounts.order_by("id").values_list("id"))
    accounts.exclude(sealed_candidate=None).update(sealed_candidate=None, trial=Trial.NONE)
    account = account_of(provider) or _new_account(provider)
    account.sealed_candidate = seal(address.encode())
    account.per_second, account.per_day = per_second, per_day
    _begin(account, actor, now)
    account.save()
    record_act("mail_account_tried", actor=actor, subject=account)
    return account


@transaction.atomic
def try_again(account: ProviderAccount, *, actor: Membership, now: datetime) -> None:
    """Send one more test letter by what is written down; while one is on its way nothing happens."""
    _may_try(actor)
    account = ProviderAccount.objects.select_for_update(no_key=True).get(id=account.id)
    if account.is_tried_now:
        return
    if account.sealed_candidate is None and not account.carries:
        raise Conflict("account_gone", _("That account is not connected any more."))
    _begin(account, actor, now)
    account.save()
    record_act("mail_account_tested", actor=actor, subject=account)


@transaction.atomic
def disconnect_mail_account(account: ProviderAccount, *, actor: Membership | None) -> None:
    """Forget how to sign in: letters go by the account of the installation from now on.

    What the provider still tells of letters that it has is believed as before. Doing it twice changes nothing.
    """
    account = ProviderAccount.objects.select_for_update(no_key=True).get(id=account.id)
    if not account.carries and account.sealed_candidate is None:
        return
    account.sealed_address = account.sealed_candidate = None
    account.carries, account.carries_since = False, None
    account.trial, account.trial_trouble, account.trial_words = Trial.NONE, "", ""
    account.save()
    AccountSuspension.objects.filter(account_key=f"{OWN}:{account.id}").delete()
    record_act("mail_account_disconnected", actor=actor, subject=account)


@transaction.atomic
def forget_candidate(account: ProviderAccount, *, actor: Membership) -> None:
    """Drop what was tried and did not work; an account that is in use stays in use."""
    account = ProviderAccount.objects.select_for_update(no_key=True).get(id=account.id)
    account.sealed_candidate = None
    account.trial, account.trial_trouble, account.trial_words = Trial.NONE, "", ""
    account.save()
    record_act("mail_account_dropped", actor=actor, subject=account)


def _begin(account: ProviderAccount, actor: Membership, now: datetime) -> None:
    account.trial, account.trial_at, account.trial_by = Trial.WAITING, now, actor
    account.trial_trouble = account.trial_words = ""
    note_work(MAIL_TRIALS_QUEUE)


def _may_try(actor: Membership) -> None:
    if not has_verified_address(actor.user, actor.user.email):
        sentence = _("The test letter goes to your own address. Confirm it first: the link is in your welcome mail.")
        raise NotAllowed("address_unconfirmed", sentence)
    if not take(("mail_trial", current_business_id()), TRIALS_AN_HOUR, 3600):
        raise LimitReached("too_many_trials", _("That was a lot of tries. Wait an hour, then try again."))


def _new_account(provider: str) -> ProviderAccount:
    label = str(ProviderAccount.Provider(provider).label)
    names = set(ProviderAccount.objects.filter(name__startswith=label).values_list("name", flat=True))
    number = next(number for number in range(1, len(names) + 2) if _numbered(label, number) not in names)
    return ProviderAccount(channel=Channel.EMAIL, provider=provider, name=_numbered(label, number))


def _numbered(label: str, number: int) -> str:
    return label if number == 1 else f"{label} {number}"
