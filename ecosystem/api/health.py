"""How each kind of people is doing, whom to feed first and what is due: Today, for programs."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ecosystem.base.clock import now
from ecosystem.gauges import DueStep, HungryPerson, PermissionCounts
from ecosystem.health import Band
from ecosystem.models import Kind
from ecosystem.queries.businesses import get_profile
from ecosystem.queries.dashboard import DEFAULT_PERIOD, PERIODS, KindToday, today
from ecosystem.queries.health import gauge_question
from ecosystem.queries.stakeholders import words_by_kind
from ecosystem.rest.base import ApiView, In, Out, answer, example
from ecosystem.scopes import Scope

KINDS = [(str(kind), str(kind)) for kind in Kind]
ANA = "0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e10"


class Period(In):
    """How far to look back."""

    period = serializers.ChoiceField(
        choices=[(one, one) for one in PERIODS],
        required=False,
        default=DEFAULT_PERIOD,
        help_text="Days, or a season of 91, in which feedings are counted, and who rose.",
    )


class LostOut(Out):
    """Points that a kind loses because another one goes without."""

    by = serializers.ChoiceField(choices=KINDS)
    points = serializers.FloatField()


class GaugeOut(Out):
    """How one kind is doing."""

    kind = serializers.ChoiceField(choices=KINDS)
    label = serializers.CharField(help_text="What the business calls all of them.")
    people = serializers.IntegerField()
    fed = serializers.IntegerField(help_text="Who had something of value in time.")
    hungry = serializers.IntegerField(help_text="Who waits for longer than the days between feedings.")
    starving = serializers.IntegerField(help_text="Who waits for twice as long.")
    score = serializers.FloatField(allow_null=True, help_text="0 to 100, after what others take; null for nobody.")
    band = serializers.ChoiceField(choices=[(str(band), str(band)) for band in Band])
    lost = LostOut(many=True, help_text="Which kinds take points from it, the most first.")
    feedings = serializers.IntegerField(help_text="How often somebody was fed in the period.")
    weeks = serializers.ListField(child=serializers.IntegerField(), help_text="The same by week, the newest last.")
    risen = serializers.IntegerField(help_text="How many rose from it in the period.")
    trend = serializers.CharField(help_text="up, down or same against four weeks ago; empty where nothing was stored.")
    quiet_days = serializers.IntegerField(allow_null=True, help_text="Days since anybody of it was fed.")


class FeedOut(Out):
    """Somebody who has waited too long for a word."""

    contact_id = serializers.UUIDField()
    name = serializers.CharField(help_text="A firm's where they stand for one.")
    person = serializers.CharField(help_text="Whom to talk to.")
    kind = serializers.ChoiceField(choices=KINDS)
    days = serializers.IntegerField(help_text="Since they were fed, or since they are known where they never were.")
    was_ever_fed = serializers.BooleanField()


class DueOut(Out):
    """Something that was to be done by today."""

    step_id = serializers.UUIDField()
    contact_id = serializers.UUIDField()
    name = serializers.CharField()
    what = serializers.CharField()
    due_on = serializers.DateField()
    days_late = serializers.IntegerField()
    is_yours = serializers.BooleanField(help_text="Of the member who made the key.")
    is_for_anybody = serializers.BooleanField(help_text="Whoever has time.")


class ReachOut(Out):
    """How many people may be written to on a channel."""

    channel = serializers.CharField()
    people = serializers.IntegerField()
    gained = serializers.IntegerField(help_text="More than 30 days ago.")
    weeks = serializers.ListField(child=serializers.IntegerField(), help_text="Week by week, the newest last.")


@example(
    {
        "today": "2026-02-03",
        "health": 61.4,
        "held_back_by": "associate",
        "going_without": 4,
        "kinds": [
            {
                "kind": "client",
                "label": "Regulars",
                "people": 25,
                "fed": 21,
                "hungry": 3,
                "starving": 1,
                "score": 74.5,
                "band": "thriving",
                "lost": [{"by": "associate", "points": 5.4}],
                "feedings": 31,
                "weeks": [2, 4, 6, 5, 8, 7, 6, 9],
                "risen": 2,
                "trend": "up",
                "quiet_days": 0,
            }
        ],
        "feed_first": [
            {
                "contact_id": ANA,
                "name": "Ana Ruiz",
                "person": "Ana",
                "kind": "client",
                "days": 140,
                "was_ever_fed": True,
            }
        ],
        "due": [
            {
                "step_id": "0199f3a2-b3f8-7a41-8b22-1f5e7d9c0a44",
                "contact_id": ANA,
                "name": "Ana Ruiz",
                "what": "Call about the rye",
                "due_on": "2026-02-02",
                "days_late": 1,
                "is_yours": True,
                "is_for_anybody": False,
            }
        ],
        "reach": [{"channel": "email", "people": 18, "gained": 3, "weeks": [10, 11, 12, 13, 14, 15, 16, 18]}],
        "left": 1,
        "complained": 0,
        "is_stored": False,
        "as_of": None,
    }
)
class HealthOut(Out):
    """The business as Today shows it."""

    today = serializers.DateField(help_text="By the clock of the business.")
    health = serializers.FloatField(allow_null=True, help_text="Of the whole, 0 to 100; null where nobody counts.")
    held_back_by = serializers.ChoiceField(
        choices=KINDS, allow_null=True, help_text="The kind that takes most points from the others."
    )
    going_without = serializers.IntegerField(help_text="How many people wait too long.")
    kinds = GaugeOut(many=True, help_text="The kinds that are on, in their order.")
    feed_first = FeedOut(many=True, help_text="Whom to feed first, at most three.")
    due = DueOut(many=True, help_text="The first of what is due today or late.")
    reach = ReachOut(many=True)
    left = serializers.IntegerField(help_text="Who took a yes back in 30 days.")
    complained = serializers.IntegerField(help_text="Who complained in 30 days.")
    is_stored = serializers.BooleanField(help_text="Whether the kinds were counted earlier, as of very many people.")
    as_of = serializers.DateTimeField(allow_null=True, help_text="When that was.")


class HealthView(ApiView):
    """Today."""

    scopes = {"get": Scope.HEALTH_READ}

    @extend_schema(operation_id="health_read", parameters=[Period], responses=HealthOut, tags=["Business"])
    def get(self, request: Request) -> Response:
        """How each kind of people is doing, whom to feed first, what is due, and who may be written to."""
        days = PERIODS[self.asked(Period)["period"]]
        profile, words = get_profile(), words_by_kind()
        question = gauge_question(profile, words, now=now(), days=days)
        found = today(profile, words, question)
        shown = {
            "today": question.today,
            "health": _rounded(found.whole),
            "held_back_by": found.held_back_by.kind if found.held_back_by else None,
            "going_without": found.going_without,
            "kinds": [_gauge(one) for one in found.kinds],
            "feed_first": [_hungry(one) for one in found.feed_first],
            "due": [_due(one, self.member.user_id) for one in found.due],
            **_reach(found.permission),
            "is_stored": found.is_stored,
            "as_of": found.as_of,
        }
        return answer(HealthOut, shown)


def _gauge(one: KindToday) -> dict[str, Any]:
    count = one.count
    return {
        "kind": one.kind,
        "label": one.words.plural,
        "people": count.people,
        "fed": count.fed,
        "hungry": count.hungry,
        "starving": count.starving,
        "score": _rounded(one.score),
        "band": one.band,
        "lost": [{"by": lost.by, "points": _rounded(lost.points)} for lost in one.lost],
        "feedings": one.feedings,
        "weeks": one.weeks,
        "risen": count.risen,
        "trend": one.trend,
        "quiet_days": one.quiet_days,
    }


def _hungry(one: HungryPerson) -> dict[str, Any]:
    # Whether anything may be done about it would tell what they allow, which not everybody may see.
    return {
        "contact_id": one.contact_id,
        "name": one.name,
        "person": one.person,
        "kind": one.kind,
        "days": one.days,
        "was_ever_fed": one.was_ever_fed,
    }


def _due(one: DueStep, user_id: int) -> dict[str, Any]:
    return {
        "step_id": one.id,
        "contact_id": one.contact_id,
        "name": one.name,
        "what": one.what,
        "due_on": one.due_on,
        "days_late": one.days_late,
        "is_yours": one.user_id == user_id,
        "is_for_anybody": one.user_id is None,
    }


def _reach(found: Sequence[PermissionCounts]) -> dict[str, Any]:
    channels = [channel for counts in found for channel in counts.channels]
    return {
        "reach": [
            {"channel": one.channel, "people": one.people, "gained": one.gained, "weeks": one.weeks} for one in channels
        ],
        "left": sum(counts.left for counts in found),
        "complained": sum(counts.complained for counts in found),
    }


def _rounded(points: float | None) -> float | None:
    return None if points is None else round(points, 1)
