"""What an owner is told where letters or texts wait for all of us: for the next day, or for a provider to let us in."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import AccountSuspension
from campaigns.queries.accounts import Account, account_for
from campaigns.queries.sending_days import FullDay, find_full_day
from contacts.models import Channel
from ecosystem.moments import moment_words

CHANNELS = (Channel.EMAIL, Channel.SMS)


def sending_notes(*, now: datetime, timezone: str) -> list[str]:
    """The sentences for the current business; mostly none."""
    accounts = {channel: account for channel in CHANNELS if (account := account_for(channel)).url}
    channels = {account.key: channel for channel, account in accounts.items()}
    suspended = AccountSuspension.objects.filter(account_key__in=channels).order_by("account_key")
    notes = [_suspended(channels[found.account_key], found.suspended_at, timezone) for found in suspended]
    return notes + list(_full_days(accounts, now, timezone))


def _suspended(channel: str, since: datetime, timezone: str) -> str:
    when = moment_words(since, zone=ZoneInfo(timezone))
    if channel == Channel.SMS:
        words = _("No text has gone since %(when)s: the provider does not accept our name and password.")
    else:
        words = _("No letter has gone since %(when)s: the mail server does not accept our name and password.")
    again = _("We try once an hour, and soon after they are changed. Nothing is lost.")
    return f"{words % {'when': when}} {again}"


def _full_days(accounts: Mapping[Channel, Account], now: datetime, timezone: str) -> Iterator[str]:
    for channel, account in accounts.items():
        day = find_full_day(account, now=now, timezone=timezone)
        if day is not None:
            yield full_day_sentence(channel, day)


def full_day_sentence(channel: str, day: FullDay) -> str:
    """What an owner is told of a day that is full."""
    return f"{_went(channel, day)} {_goes_on(day)}"


def _went(channel: str, day: FullDay) -> str:
    if channel == Channel.SMS:
        words = ngettext("%(count)d text went today", "%(count)d texts went today", day.count)
    else:
        words = ngettext("%(count)d letter went today", "%(count)d letters went today", day.count)
    words %= {"count": day.count}
    if day.is_step:
        return _("%(words)s, as many as go on this day while providers learn to trust a new sender.") % {"words": words}
    return _("%(words)s, the most that go in a day.") % {"words": words}


def _goes_on(day: FullDay) -> str:
    if day.most_tomorrow < 1_000_000_000:
        return _("What waits goes on tomorrow, up to %(count)d.") % {"count": day.most_tomorrow}
    return _("What waits goes on tomorrow.")
