"""Today, and how its numbers are counted."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from ecosystem.attention import ATTENTION
from ecosystem.base.access import Action, may, member_required
from ecosystem.base.clock import now
from ecosystem.base.errors import LimitReached
from ecosystem.days import business_day
from ecosystem.gauges import GAUGES
from ecosystem.health import DEPENDENCY
from ecosystem.queries import dashboard
from ecosystem.queries.businesses import get_profile
from ecosystem.queries.dashboard import DEFAULT_PERIOD, PERIODS
from ecosystem.queries.health import gauge_question
from ecosystem.queries.stakeholders import words_by_kind
from ecosystem.services.health import ask_for_count
from ecosystem.views.today_words import draw_map, greeting, show_kind


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
    shown = {one.kind: show_kind(one, slug, gauge) for one in found.kinds}
    may_add = may(request.membership, Action.EDIT_PEOPLE)
    context = {
        "today": found,
        "profile": profile,
        "greeting": greeting(request.user.first_name, business_day(moment, profile.timezone).hour),
        "day": question.today,
        "moment": found.as_of or moment,
        "kinds": list(shown.values()),
        "worst_first": [shown[one.kind] for one in found.worst_first],
        "map": draw_map(request.business, profile, found, list(shown.values()), may_add=may_add),
        "given_nothing": [one.words.plural for one in found.kinds if one.count.people and not one.feedings],
        "feed_first": [(person, gauge.person_url(slug, person)) for person in found.feed_first],
        "quiet_url": gauge.quiet_url(slug),
        "others_wait": found.going_without - len(found.feed_first) if found.feed_first else 0,
        "due_template": gauge.steps_template,
        "notices": [
            notice
            for key, number in profile.attention.items()
            if key in ATTENTION and may(request.membership, (notice := ATTENTION.get(key)(slug, number)).action)
        ],
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
