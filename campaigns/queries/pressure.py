"""How much one person may be sent: the measures that count for a letter, and when the next place is free."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from campaigns.models import ChannelRule, Message, Pressure
from campaigns.queries.own_hours import quiet_words
from contacts.models import Channel, Contact, Topic


@dataclass(frozen=True, slots=True)
class Measure:
    """At most so many letters in any so many days; of one topic, or (None) of all; on one channel, or ("") on all."""

    count: int
    days: int
    topic_id: UUID | None = None
    channel: str = ""

    @property
    def span(self) -> timedelta:
        return timedelta(days=self.days)

    @property
    def words(self) -> str:
        """`3 a week`, `2 in 10 days`: the measure as it is said."""
        return measure_words(self.count, self.days)


@dataclass(frozen=True, slots=True)
class Place:
    """A letter that somebody was sent, or will be, in their ring of times."""

    at: datetime
    topic_id: UUID
    message_id: UUID
    channel: str = Channel.EMAIL


# How often somebody may ask to hear from us at most: once in so many days.
RHYTHM_WORDS: dict[int, Promise] = {
    7: _("at most one a week"),
    14: _("at most one in two weeks"),
    30: _("at most one a month"),
}
RHYTHMS = tuple(RHYTHM_WORDS)

# What counts where a business has set nothing itself.
DEFAULT_MEASURES = {Channel.EMAIL: Measure(3, 7), Channel.SMS: Measure(2, 7)}

HELD_SENTENCES: dict[str, Promise] = {
    Message.HeldBy.RULE: _("They have had as many letters as your rule allows."),
    Message.HeldBy.PROMISE: _("They have had as many letters of this topic as you promised."),
    Message.HeldBy.RHYTHM: _("They asked to hear from you less often."),
}


def measure_of(channel: str) -> Measure:
    """What the current business allows one person on a channel, all topics together."""
    rule = ChannelRule.objects.filter(channel=channel).only("most_count", "most_days").first()
    return Measure(rule.most_count, rule.most_days) if rule else DEFAULT_MEASURES[Channel(channel)]


def promise_of(topic: Topic) -> Measure:
    """What a topic promises."""
    return Measure(topic.promised_count, topic.promised_days, topic.id)


def measure_words(count: int, days: int) -> str:
    """`3 a week`: a measure as it is said."""
    names = {1: _("%(n)s a day"), 7: _("%(n)s a week"), 30: _("%(n)s a month"), 365: _("%(n)s a year")}
    if days in names:
        return str(names[days]) % {"n": count}
    words = ngettext("%(n)s in %(days)s day", "%(n)s in %(days)s days", days)
    return words % {"n": count, "days": days}


def has_room(places: Iterable[Place], measures: Iterable[Measure], at: datetime) -> bool:
    """Whether one more letter at a moment keeps every measure, with what was sent before and will be sent after."""
    kept = list(places)
    return all(
        sum(
            at - measure.span < place.at < at + measure.span
            for place in kept
            if measure.topic_id in (None, place.topic_id) and measure.channel in ("", place.channel)
        )
        < measure.count
        for measure in measures
    )


def first_room(
    places: Sequence[Place], measures: Sequence[Measure], now: datetime, opens: Callable[[datetime], datetime]
) -> datetime:
    """The first moment from `now` on at which one more letter keeps every measure; `opens` moves it out of quiet hours.

    A place is free exactly when a letter before it leaves its window.
    """
    frees = {place.at + measure.span for place in places for measure in measures}
    moments = [now, *sorted(moment for moment in frees if moment > now)]
    for moment in moments:
        opened = opens(moment)
        if has_room(places, measures, opened):
            return opened
    return opens(moments[-1])


@dataclass(frozen=True)
class HeldLetter:
    """A letter that waits for its place, and why."""

    message: Message
    sentence: Promise


@dataclass(frozen=True)
class Pace:
    """How often one person was written to lately by letter, out of how many, and what waits for its turn.

    `rhythm_days`: they asked for at most one in so many days; `quiet`: for quiet at these hours.
    """

    sent: int
    measure: Measure
    rhythm_days: int | None
    held: Sequence[HeldLetter]
    quiet: str = ""

    @property
    def rhythm(self) -> str:
        """`at most one a week`, or nothing."""
        return str(RHYTHM_WORDS.get(self.rhythm_days or 0, ""))


def pace_of(contact: Contact, *, now: datetime) -> Pace:
    """A person's pace by email, in three statements."""
    measure = measure_of(Channel.EMAIL)
    ring = Pressure.objects.filter(id=contact.id).first()
    together = zip(ring.taken_at, ring.channels, ring.message_ids, strict=True) if ring else ()
    places = [(at, message_id) for at, channel, message_id in together if channel == Channel.EMAIL]
    waiting = [message_id for at, message_id in places if at > now]
    letters = Message.objects.select_related("content_version", "topic").defer("content_version__plan")
    held = sorted(letters.in_bulk(waiting[:50]).values(), key=lambda message: message.due_at)
    return Pace(
        sent=sum(now - measure.span < at <= now for at, _message_id in places),
        measure=measure,
        rhythm_days=contact.rhythm_days,
        held=[HeldLetter(one, HELD_SENTENCES[one.held_by]) for one in held if one.state == "deferred" and one.held_by],
        quiet=quiet_words(contact),
    )


def channel_rules_kept() -> dict[str, ChannelRule]:
    """What the current business has set itself, by channel."""
    return {rule.channel: rule for rule in ChannelRule.objects.all()}
