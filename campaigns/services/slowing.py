"""What slows a business's letters down just now, since when, and the one thing that can be done about it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from campaigns.models import SenderDomain
from campaigns.queries.accounts import Account
from campaigns.queries.mail_accounts import MailPage
from campaigns.queries.receiver_groups import GOOGLE, GROUPS, MICROSOFT, YAHOO
from campaigns.queries.sending import MOST_WITHOUT_ALL_RECORDS
from campaigns.queries.sending_days import find_full_day
from campaigns.queries.sending_notes import full_day_sentence
from campaigns.services.delivery_breaker import OPEN_SECONDS, breaker_of
from campaigns.services.delivery_limits_buckets import paces_of
from contacts.models import Channel
from ecosystem.models import BusinessProfile
from ecosystem.moments import clock_words
from ecosystem.services.sending import find_sending_stop

ALL_RECORDS = ("spf", "dkim", "dmarc")


@dataclass(frozen=True)
class Slowing:
    """One thing that holds letters up. `action` is a URL name with its words; empty where time alone helps."""

    words: str
    since: datetime | None = None
    action: str = ""
    label: str = ""
    argument: str = ""
    is_bad: bool = False


def slowings(
    account: Account, page: MailPage, profile: BusinessProfile, domain: SenderDomain | None, *, now: datetime
) -> list[Slowing]:
    """Everything that holds up the letters of the current business now, the gravest first."""
    found = [*_stops(profile), *_refusals(account, page, domain, now)]
    return [*found, *_paces(account, now), *_days(account, profile, domain, now)]


def _stops(profile: BusinessProfile) -> Iterator[Slowing]:
    stop = find_sending_stop()
    if stop is not None:
        yield Slowing(_("Nothing leaves this installation: %s") % stop.reason, stop.stopped_at, is_bad=True)
    if profile.sending_paused_at is not None:
        words = _("Sending is stopped for your business. %s") % profile.sending_paused_reason
        yield Slowing(words, profile.sending_paused_at, "ecosystem:sending", _("See why, and go on"), is_bad=True)


def _refusals(account: Account, page: MailPage, domain: SenderDomain | None, now: datetime) -> Iterator[Slowing]:
    if page.used is not None and page.suspended_since is not None:
        words = _("%s does not let us in any more. Nothing is lost; we try once an hour.") % page.used
        label = _("Replace the password or key")
        where = ("campaigns:mail_account_connect", label, page.used.provider)
        yield Slowing(words, page.suspended_since, *where, is_bad=True)
    if account.is_own and not (domain and domain.good_until and domain.good_until > now):
        words = _("Your domain is not proved, and your provider sends from no other.")
        since = domain.lost_at if domain else page.used.carries_since if page.used else None
        yield Slowing(words, since, "campaigns:sender_domain", _("Prove your domain"), is_bad=True)


def _paces(account: Account, now: datetime) -> Iterator[Slowing]:
    seconds = breaker_of(account.key).seconds_left()
    if seconds > OPEN_SECONDS:
        until = clock_words(now + timedelta(seconds=seconds), ZoneInfo("UTC"))
        yield Slowing(_("The provider asked for a rest until %s (UTC).") % until)
    elif seconds:
        words = _("The provider was in trouble or asked for a rest. We knock again in %d seconds.")
        yield Slowing(words % max(1, round(seconds)))
    names = {GOOGLE: "Gmail", MICROSOFT: "Outlook", YAHOO: "Yahoo"}
    for group, (share, since) in paces_of(account.key, GROUPS).items():
        words = _("%(who)s asked for fewer letters and gets %(share)d in 100 of the usual pace, more each minute.")
        given = {"who": names.get(group, _("Other mailboxes")), "share": max(1, round(share * 100))}
        yield Slowing(words % given, since, "ecosystem:sending", _("See how your letters were received"))


def _days(account: Account, profile: BusinessProfile, domain: SenderDomain | None, now: datetime) -> Iterator[Slowing]:
    is_complete = domain is not None and all(domain.found.get(name) == "yes" for name in ALL_RECORDS)
    held_by_records = account.is_own and not is_complete and (account.per_day or 1e9) > MOST_WITHOUT_ALL_RECORDS
    if held_by_records:
        account = replace(account, per_day=MOST_WITHOUT_ALL_RECORDS)
    day = find_full_day(account, now=now, timezone=profile.timezone)
    if day is None:
        return
    words = full_day_sentence(Channel.EMAIL, day)
    if held_by_records:
        yield Slowing(words, day.full_at, "campaigns:sender_domain", _("Set all records to send more"))
    elif account.is_own and account.per_day and not day.is_step:
        where = ("campaigns:mail_account_connect", _("Change the most of a day"), account.provider)
        yield Slowing(words, day.full_at, *where)
    else:
        yield Slowing(words, day.full_at)
