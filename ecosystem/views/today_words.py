"""What Today says of its figures: one sentence a kind, and the map with a description of every node."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ecosystem.drawing.icons import KIND_ICONS
from ecosystem.drawing.map import MapHub, ecosystem_map
from ecosystem.drawing.nodes import MapNode
from ecosystem.gauges import KindGauge
from ecosystem.health import Band
from ecosystem.models import Business, BusinessProfile
from ecosystem.queries.dashboard import KindToday, Today, is_rung
from ecosystem.templatetags.design import icon_url


@dataclass(frozen=True)
class ShownKind:
    """A kind with the words and links that a row and the table need."""

    today: KindToday
    icon: str
    sentence: str
    word: str
    url: str
    adding_url: str
    people_text: str


def greeting(name: str, hour: int) -> str:
    """Good morning, afternoon or evening, by the clock of the business."""
    greetings = {
        "morning": (_("Good morning, %(name)s"), _("Good morning")),
        "afternoon": (_("Good afternoon, %(name)s"), _("Good afternoon")),
        "evening": (_("Good evening, %(name)s"), _("Good evening")),
    }
    with_name, without = greetings["morning" if 4 <= hour < 12 else "afternoon" if 12 <= hour < 18 else "evening"]
    return with_name % {"name": name} if name else without


def show_kind(one: KindToday, slug: str, gauge: KindGauge) -> ShownKind:
    """A kind with its words and links."""
    number = one.count.people
    return ShownKind(
        today=one,
        icon=KIND_ICONS[one.kind],
        sentence=_sentence(one),
        word=_word(one.band),
        url=gauge.people_url(slug, one.kind),
        adding_url=gauge.adding_url(slug, one.kind),
        people_text=ngettext("%(number)s person", "%(number)s people", number) % {"number": f"{number:,}"}
        if number
        else _("nobody yet"),
    )


def _word(band: Band) -> str:
    words = {
        Band.THRIVING: _("Thriving"),
        Band.MANAGING: _("Managing"),
        Band.STARVING: _("Starving"),
        Band.EMPTY: _("Nobody yet"),
    }
    return words[band]


def _sentence(one: KindToday) -> str:
    """What a row says of a kind: the one fact that explains its number."""
    count = one.count
    if not count.people:
        return _("Nobody yet")
    if one.band == Band.STARVING and not one.feedings and one.quiet_days:
        return ngettext(
            "Last heard from you %(days)s day ago", "Last heard from you %(days)s days ago", one.quiet_days
        ) % {"days": one.quiet_days}
    if one.going_without:
        return ngettext(
            "%(without)s of %(people)s has waited too long",
            "%(without)s of %(people)s have waited too long",
            one.going_without,
        ) % {"without": f"{one.going_without:,}", "people": f"{count.people:,}"}
    if count.risen:
        return ngettext("%(number)s moved up", "%(number)s moved up", count.risen) % {"number": count.risen}
    return _("Everyone has heard from you in time")


def draw_map(
    business: Business, profile: BusinessProfile, found: Today, shown: Sequence[ShownKind], *, may_add: bool
) -> SafeString:
    """The ecosystem map; its title names who is starving. A kind of nobody leads to adding one, for who may."""
    starving = [one.today.words.plural for one in shown if one.today.band == Band.STARVING]
    title = _("Ecosystem map: the kinds of people around %(business)s, each with a ring that shows how fed it is.") % {
        "business": business.name
    }
    if starving:
        title += " " + _("Starving: %(kinds)s.") % {"kinds": ", ".join(starving)}
    return ecosystem_map(_hub(business, profile, found), [_node(one, may_add) for one in shown], title=title)


def _hub(business: Business, profile: BusinessProfile, found: Today) -> MapHub:
    text = (
        _("Just starting")
        if found.whole is None or found.is_new
        else _("Health %(score)s") % {"score": f"{found.whole:.0f}"}
    )
    return MapHub(
        name=business.name,
        text=text,
        icon_url=icon_url(profile.mark_icon),
        colour=profile.mark_colour,
        url=reverse("ecosystem:core_message", kwargs={"slug": business.slug}),
        description=_("%(business)s. %(health)s. Open the core message.") % {"business": business.name, "health": text},
    )


def _node(one: ShownKind, may_add: bool) -> MapNode:
    today, count = one.today, one.today.count
    if today.score is None:
        empty = _("%(kind)s: nobody yet. Add the first.") if may_add else _("%(kind)s: nobody yet.")
        description = empty % {"kind": today.words.plural}
    else:
        description = _("%(kind)s: %(people)s, health %(score)s of 100, %(word)s. %(sentence)s.") % {
            "kind": today.words.plural,
            "people": one.people_text,
            "score": f"{today.score:.0f}",
            "word": one.word.lower(),
            "sentence": one.sentence,
        }
    return MapNode(
        kind=today.kind,
        label=today.words.plural,
        icon_url=icon_url(one.icon),
        url=one.adding_url if may_add and not count.people else one.url,
        people=count.people,
        people_text=one.people_text,
        fed=count.fed_score,
        score=today.score,
        word=one.word,
        is_starving=today.band == Band.STARVING,
        feedings=today.feedings,
        description=description,
        rose=count.risen,
        rose_text=ngettext("%(number)s moved up", "%(number)s moved up", count.risen) % {"number": count.risen},
        rises=is_rung(today.kind),
    )
