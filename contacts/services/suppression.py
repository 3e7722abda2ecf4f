"""Addresses that must not be written to. A stop outlives the person's row and comes off by their own yes alone."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contacts.events import SuppressionLifted
from contacts.models import Act, Consent, Suppression, Topic
from contacts.queries.consent import OWN_SOURCES, channel_hashes, live_suppressions
from ecosystem.base import clock
from ecosystem.base.errors import NotAllowed
from ecosystem.base.events import publish

_GRAVEST_LAST = (
    Suppression.Reason.HELD,
    Suppression.Reason.UNSUBSCRIBED,
    Suppression.Reason.MANUAL,
    Suppression.Reason.ERASED,
    Suppression.Reason.COMPLAINED,
    Suppression.Reason.BOUNCED,
)

_THEIRS_TO_OPEN = _GRAVEST_LAST[: _GRAVEST_LAST.index(Suppression.Reason.COMPLAINED)]


@transaction.atomic
def suppress_address(
    *, channel: str, hashes: Iterable[str], topic: Topic | None, reason: str, now: datetime | None = None
) -> bool:
    """Stop an address, for a topic or (None) for everything, and say whether that is new.

    `hashes` are those of the address under every kept key, newest first. A stop that stands already keeps its
    day; a graver reason takes the place of a lighter one. Who complained once has said no: that is kept beside whatever
    reason comes before or after it.
    """
    known, moment = list(hashes), now or clock.now()
    complained_at = moment if reason == Suppression.Reason.COMPLAINED else None
    stops = [stop for stop in live_suppressions(channel, known) if stop.topic_id == (topic.id if topic else None)]
    if not stops:
        Suppression.objects.bulk_create(
            [
                Suppression(
                    channel=channel,
                    address_hash=known[0],
                    topic=topic,
                    reason=reason,
                    complained_at=complained_at,
                    created_at=moment,
                )
            ],
            ignore_conflicts=True,
        )
        return True
    lighter = _GRAVEST_LAST[: _GRAVEST_LAST.index(Suppression.Reason(reason))]
    Suppression.objects.filter(id__in=[stop.id for stop in stops], reason__in=lighter).update(
        reason=reason, updated_at=clock.now()
    )
    if complained_at is not None:
        standing = Suppression.objects.filter(id__in=[stop.id for stop in stops], complained_at=None)
        standing.update(complained_at=complained_at, updated_at=clock.now())
    return False


@transaction.atomic
def lift_suppression(consent: Consent, *, address: str) -> int:
    """Open an address again for the topic of a new yes, and say how many stops that took off.

    Only a yes that the person gave themselves does it: confirmed from their mailbox, or given on their own page.
    NotAllowed for everybody else: staff, a list, a program, an undo of the team. A stop of everything becomes a
    stop of every other topic, since the yes was to one thing. Publishes SuppressionLifted.
    """
    hashes = channel_hashes(consent.channel, [address])
    is_their_own = consent.actor_id is None and consent.source in OWN_SOURCES
    if not is_their_own or consent.act not in (Act.CONFIRMED, Act.GRANTED) or consent.address_hash not in hashes:
        raise NotAllowed("only_their_own_yes", _("They said stop. Only their own new yes opens this again."))
    stops = Suppression.objects.filter(channel=consent.channel, address_hash__in=hashes, lifted_at__isnull=True)
    of_everything = list(stops.filter(topic__isnull=True))
    lifted = stops.filter(Q(topic__isnull=True) | Q(topic_id=consent.topic_id)).update(
        lifted_at=consent.occurred_at, updated_at=clock.now()
    )
    if of_everything:
        complained = any(stop.complained_at for stop in of_everything)
        reason = Suppression.Reason.COMPLAINED if complained else of_everything[0].reason
        _stop_other_topics(consent, reason=reason)
    if lifted and consent.contact_id and consent.topic_id:
        publish(
            SuppressionLifted(
                business_id=consent.business_id,
                contact_id=consent.contact_id,
                channel=consent.channel,
                topic_id=consent.topic_id,
            )
        )
    return lifted


@transaction.atomic
def open_own_address(consent: Consent, *, hashes: Collection[str]) -> int:
    """Take off what stops an address, by its own word that it may be asked again; how many stops that were.

    It is a yes to nothing. What does not work, or called us unwanted, stays closed. NotAllowed for any other row.
    """
    is_own_word = consent.act == Act.GRANTED and consent.source in OWN_SOURCES and consent.actor_id is None
    if not is_own_word or consent.topic_id is not None or consent.address_hash not in hashes:
        raise NotAllowed("only_their_own_yes", _("They said stop. Only their own new yes opens this again."))
    stops = Suppression.objects.filter(
        channel=consent.channel, address_hash__in=hashes, lifted_at__isnull=True, reason__in=_THEIRS_TO_OPEN
    )
    return stops.update(lifted_at=consent.occurred_at, updated_at=clock.now())


@transaction.atomic
def release_hold(*, channel: str, hashes: Iterable[str]) -> int:
    """Take off a stop that was only put on until somebody looked; how many. What the person said stays as it is."""
    held = Suppression.objects.filter(
        channel=channel, address_hash__in=list(hashes), reason=Suppression.Reason.HELD, lifted_at__isnull=True
    )
    return held.update(lifted_at=clock.now(), updated_at=clock.now())


@transaction.atomic
def release_bounce(*, channel: str, hashes: Iterable[str]) -> int:
    """Take off a stop for a mailbox that turned out to work; how many. Who complained stays stopped for that."""
    stops = Suppression.objects.filter(
        channel=channel,
        address_hash__in=list(hashes),
        topic=None,
        reason=Suppression.Reason.BOUNCED,
        lifted_at__isnull=True,
    )
    stops.exclude(complained_at=None).update(reason=Suppression.Reason.COMPLAINED, updated_at=clock.now())
    return stops.update(lifted_at=clock.now(), updated_at=clock.now())


def _stop_other_topics(consent: Consent, *, reason: str) -> None:
    """Keep the no to everything else. A bounce says nothing about wishes: a mailbox that works again is open."""
    if reason == Suppression.Reason.BOUNCED:
        return
    Suppression.objects.bulk_create(
        [
            Suppression(
                channel=consent.channel,
                address_hash=consent.address_hash,
                topic=topic,
                reason=reason,
                complained_at=consent.occurred_at if reason == Suppression.Reason.COMPLAINED else None,
            )
            for topic in Topic.objects.all()
            if topic.id != consent.topic_id
        ],
        ignore_conflicts=True,
    )
