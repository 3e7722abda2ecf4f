"""How often and at what hours a business writes."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import ChannelRule
from campaigns.queries.pressure import DEFAULT_MEASURES
from contacts.models import Channel
from ecosystem.places import zones

DAYS = [(1, _("a day")), (7, _("a week")), (14, _("two weeks")), (30, _("a month"))]


def _hour(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


class ChannelRuleForm(forms.Form):
    """At most so many letters in so many days, and the hours of the reader's day. One form for each channel."""

    channel = forms.ChoiceField(
        choices=[(Channel.EMAIL, Channel.EMAIL.label), (Channel.SMS, Channel.SMS.label)], widget=forms.HiddenInput
    )
    most_count = forms.IntegerField(label=_("At most"), min_value=1, max_value=100)
    most_days = forms.TypedChoiceField(label=_("in"), coerce=int, choices=DAYS)
    keeps_hours = forms.BooleanField(
        label=_("Only at certain hours"), required=False, help_text=_("Not ticked, the hours below do not count.")
    )
    opens_minute = forms.TypedChoiceField(
        label=_("From"), coerce=int, choices=[(minute, _hour(minute)) for minute in range(0, 1440, 30)], initial=540
    )
    closes_minute = forms.TypedChoiceField(
        label=_("Until"), coerce=int, choices=[(minute, _hour(minute)) for minute in range(30, 1441, 30)], initial=1080
    )
    at_weekends = forms.BooleanField(label=_("Also on Saturday and Sunday"), required=False)

    def clean(self) -> dict[str, Any]:
        """Hours begin before they end."""
        asked = super().clean() or {}
        opens, closes = asked.get("opens_minute"), asked.get("closes_minute")
        if asked.get("keeps_hours") and opens is not None and closes is not None and opens >= closes:
            self.add_error("closes_minute", _("The hours end before they begin. Choose a later end."))
        return asked

    def values(self) -> dict[str, Any]:
        """What was asked for, for the service; any hour where no hours are kept."""
        asked = dict(self.cleaned_data)
        del asked["channel"]
        if not asked.pop("keeps_hours"):
            asked["opens_minute"] = asked["closes_minute"] = None
        return asked

    @staticmethod
    def initial_of(channel: str, rule: ChannelRule | None) -> dict[str, Any]:
        """The form's first values: the rule, or the common measure."""
        common = DEFAULT_MEASURES[Channel(channel)]
        if rule is None:
            return {
                "channel": channel,
                "most_count": common.count,
                "most_days": common.days,
                "keeps_hours": False,
                "opens_minute": 540,
                "closes_minute": 1080,
                "at_weekends": True,
            }
        return {
            "channel": channel,
            "most_count": rule.most_count,
            "most_days": rule.most_days,
            "keeps_hours": rule.opens_minute is not None,
            "opens_minute": 540 if rule.opens_minute is None else rule.opens_minute,
            "closes_minute": 1080 if rule.closes_minute is None else rule.closes_minute,
            "at_weekends": rule.at_weekends,
        }


class ContactZoneForm(forms.Form):
    """By which clock somebody lives."""

    zone = forms.ChoiceField(
        label=_("Their time zone"),
        required=False,
        help_text=_("As they told you. Without it we go by their state or phone number, or by your own clock."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["zone"].choices = [("", _("Not known")), *zones()]  # type: ignore[attr-defined]
