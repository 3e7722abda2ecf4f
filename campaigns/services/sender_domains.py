"""Proving a domain by DNS, and looking again four times a day whether it still holds."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min

from campaigns.gateways.dns import Found, find_dkim, find_dmarc, find_owner, find_spf
from campaigns.models import SenderDomain
from campaigns.queries.accounts import account_for
from campaigns.queries.sender_domains import SELECTORS, domain_of, include_for
from contacts.models import Channel
from ecosystem.base.tenancy import business_scope
from ecosystem.models import BusinessProfile, Membership
from ecosystem.services.agenda import note_work
from ecosystem.services.audit import record_act

SENDER_DOMAINS_QUEUE = "sender_domains"
# A good look holds for a day at most: what is lost meanwhile stops sending within that day, mostly within six hours.
HOLDS = timedelta(hours=24)
LOOK_AGAIN = timedelta(hours=6)
# Where DNS gave no answer, which says nothing, and where something is still missing.
LOOK_SOON = timedelta(minutes=15)


@transaction.atomic
def ask_for_domain(*, actor: Membership | None, now: datetime, selector: str | None = None) -> SenderDomain | None:
    """Have DNS asked now for the domain of the business's address, and begin with it where it is new.

    None where the business names no address yet.
    """
    domain = domain_of(BusinessProfile.objects.get())
    if not domain:
        return None
    usual = SELECTORS.get(account_for(Channel.EMAIL).provider, "")
    kept, is_new = SenderDomain.objects.get_or_create(
        domain=domain, defaults={"token": secrets.token_hex(16), "selector": usual, "look_at": now}
    )
    if selector is not None:
        kept.selector = selector
    kept.look_at, kept.checked_at = now, None
    kept.save(update_fields=["selector", "look_at", "checked_at", "updated_at"])
    if is_new:
        record_act("sender_domain_added", actor=actor, subject=kept)
    note_work(SENDER_DOMAINS_QUEUE)
    return kept


def work_sender_domains(business_id: int, now: datetime) -> datetime | None:
    """Look up one domain of a business that is due, and when to look again. Nothing is open meanwhile."""
    with business_scope(business_id):
        due = SenderDomain.objects.filter(look_at__lte=now).order_by("look_at").first()
        provider = account_for(Channel.EMAIL).provider
    if due is not None:
        found = look_up(due, include=include_for(provider))
        with business_scope(business_id):
            kept = SenderDomain.objects.select_for_update().filter(id=due.id).first()
            if kept is not None and kept.selector == due.selector:
                judge_domain(kept, found, now=now)
    with business_scope(business_id):
        next_look: datetime | None = SenderDomain.objects.aggregate(at=Min("look_at"))["at"]
    return next_look


def look_up(kept: SenderDomain, *, include: str) -> dict[str, str]:
    """What DNS says to a domain, by record. Takes up to three seconds for each."""
    return {
        "owner": find_owner(kept.domain, kept.token).value,
        "spf": find_spf(kept.domain, include).value,
        "dkim": find_dkim(kept.domain, kept.selector).value,
        "dmarc": find_dmarc(kept.domain).value,
    }


def judge_domain(kept: SenderDomain, found: dict[str, str], *, now: datetime) -> None:
    """Write down what DNS said: good for another day, not good any more, or nothing new where it gave no answer."""
    verdict = _verdict(found)
    was_good = kept.good_until is not None and kept.good_until > now
    kept.found, kept.checked_at = found, now
    kept.look_at = now + (LOOK_AGAIN if verdict == Found.YES else LOOK_SOON)
    if verdict == Found.YES:
        kept.good_until, kept.lost_at = now + HOLDS, None
        if not was_good:
            record_act("sender_domain_proved", actor=None, subject=kept)
    elif verdict == Found.NO and kept.good_until is not None:
        kept.good_until, kept.lost_at = None, now
        record_act("sender_domain_lost", actor=None, subject=kept)
    if verdict == Found.NO:
        kept.look_at = now + LOOK_AGAIN
    kept.save()


def _verdict(found: dict[str, str]) -> Found:
    """The proof of ownership, and SPF or DKIM: that is what a sender needs below 5,000 letters a day."""
    states = {found["spf"], found["dkim"]}
    way = Found.YES if Found.YES in states else Found.UNKNOWN if Found.UNKNOWN in states else Found.NO
    both = {Found(found["owner"]), way}
    if Found.NO in both:
        return Found.NO
    return Found.UNKNOWN if Found.UNKNOWN in both else Found.YES
