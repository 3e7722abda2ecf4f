"""Today, and how its numbers are counted."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from ecosystem.base.access import Action, may, member_required
from ecosystem.base.clock import now
from ecosystem.base.errors import LimitReached
from ecosystem.days import business_day
from ecosystem.drawing.icons import KIND_ICONS
from ecosystem.drawing.map import MapHub, MapNode, ecosystem_map
from ecosystem.gauges import GAUGES, SEASON_DAYS, GaugeQuestion, KindGauge
from ecosystem.health import DEPENDENCY, Band
from ecosystem.models import BusinessProfile
from ecosystem.queries import dashboard
from ecosystem.queries.businesses import get_profile
from ecosystem.queries.dashboard import KindToday, Today
from ecosystem.queries.health import gauge_question
from ecosystem.queries.stakeholders import words_by_kind
from ecosystem.services.health import ask_for_count
from ecosystem.templatetags.design import icon_url

PERIODS = {"7": 7, "30": 30, "season": SEASON_DAYS}
DEFAULT_PERIOD = "30"


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


@require_safe
@member_required(Action.SEE_TODAY)
def today(request: HttpRequest, slug: str) -> HttpResponse:
    """The living map, how each kind is doing, whom to feed first, who may be written to, what is left to settle."""
    moment = now()
    period = request.GET.get("period", DEFAULT_PERIOD)
    period = period if period in PERIODS else DEFAULT_PERIOD
    profile = request.business_profile = get_profile()
    words = request.kind_words = words_by_kind()
    question = gauge_question(profile, words, now=moment, days=PERIODS[period])
    found = dashboard.today(profile, words, question)
    gauge = next(iter(GAUGES))
    shown = {one.kind: _shown(one, slug, gauge) for one in found.kinds}
    context = {
        "today": found,
        "profile": profile,
        "greeting": _greeting(request.user.first_name, business_day(moment, profile.timezone).hour),
        "day": question.today,
        "kinds": list(shown.values()),
        "worst_first": [shown[one.kind] for one in found.worst_first],
        "map": _map(request, profile, found, list(shown.values())),
        "given_nothing": [one.words.plural for one in found.kinds if one.count.people and not one.feedings],
        "feed_first": [(person, gauge.person_url(slug, person)) for person in found.feed_first],
        "steps": [step for step in found.steps if may(request.membership, step.action)],
        "period": period,
        "periods": [("7", _("7 days")), ("30", _("30 days")), ("season", _("Season"))],
    }
    return render(request, "ecosystem/dashboard/today.html", context)


@require_safe
@member_required(Action.SEE_TODAY)
def health_explained(request: HttpRequest, slug: str) -> HttpResponse:
    """How health is counted, in plain words, with this business's own days between feedings."""
    words = request.kind_words = words_by_kind()
    on = [word for word in words.values() if word.is_on]
    leans = [
        (words[by], words[of], round(share * 100))
        for (by, of), share in DEPENDENCY.items()
        if by in words and of in words and words[by].is_on and words[of].is_on
    ]
    return render(request, "ecosystem/dashboard/health_explained.html", {"kinds": on, "leans": leans})


@require_POST
@member_required(Action.SEE_TODAY)
def health_recount(request: HttpRequest, slug: str) -> HttpResponse:
    """Have the stored figures of a large business counted again; at most once a minute."""
    try:
        ask_for_count(now())
        messages.success(request, _("We count again. New figures are here in a moment."))
    except LimitReached as error:
        messages.info(request, str(error))
    return redirect("ecosystem:today", slug=slug)


def _greeting(name: str, hour: int) -> str:
    greetings = {
        "morning": (_("Good morning, %(name)s"), _("Good morning")),
        "afternoon": (_("Good afternoon, %(name)s"), _("Good afternoon")),
        "evening": (_("Good evening, %(name)s"), _("Good evening")),
    }
    with_name, without = greetings["morning" if 4 <= hour < 12 else "afternoon" if 12 <= hour < 18 else "evening"]
    return with_name % {"name": name} if name else without


def _shown(one: KindToday, slug: str, gauge: KindGauge) -> ShownKind:
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


def _map(request: HttpRequest, profile: BusinessProfile, found: Today, shown: Sequence[ShownKind]) -> SafeString:
    starving = [one.today.words.plural for one in shown if one.today.band == Band.STARVING]
    title = _("Ecosystem map: the kinds of people around %(business)s, each with a ring that shows how fed it is.") % {
        "business": request.business.name
    }
    if starving:
        title += " " + _("Starving: %(kinds)s.") % {"kinds": ", ".join(starving)}
    return ecosystem_map(_hub(request, profile, found), [_node(one) for one in shown], title=title)


def _hub(request: HttpRequest, profile: BusinessProfile, found: Today) -> MapHub:
    text = _("Just starting") if found.whole is None else _("Health %(score)s") % {"score": f"{found.whole:.0f}"}
    return MapHub(
        name=request.business.name,
        text=text,
        icon_url=icon_url(profile.mark_icon),
        colour=profile.mark_colour,
        url=reverse("ecosystem:core_message", kwargs={"slug": request.business.slug}),
        description=_("%(business)s. %(health)s. Open the core message.")
        % {"business": request.business.name, "health": text},
    )


def _node(one: ShownKind) -> MapNode:
    today, count = one.today, one.today.count
    if today.score is None:
        description = _("%(kind)s: nobody yet. Add the first.") % {"kind": today.words.plural}
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
        url=one.url if count.people else one.adding_url,
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
        rises=dashboard.is_rung(today.kind),
    )
