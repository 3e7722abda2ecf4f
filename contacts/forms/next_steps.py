"""What is to be done next for a person."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecosystem.models import Membership

LATER = {"tomorrow": 1, "week": 7, "month": 30}
LATEST_YEARS = 10


class NextStepForm(forms.Form):
    """What, on which day, by whom; `version` is that of the step that was read, 0 where there was none."""

    what = forms.CharField(
        label=_("What is to be done"),
        max_length=200,
        error_messages={"required": _("Write what is to be done.")},
        widget=forms.TextInput({"placeholder": _("Such as: ring about the wedding cake"), "autocomplete": "off"}),
    )
    due_on = forms.DateField(
        label=_("On"),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={
            "required": _("Choose a day."),
            "invalid": _("Write the day, such as 2026-05-04."),
        },
    )
    assignee = forms.ChoiceField(label=_("By"), required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, team: Sequence[Membership], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.team = {str(member.pk): member for member in team}
        self.fields["assignee"].choices = [
            ("", _("Whoever has time")),
            *((key, str(member.user)) for key, member in self.team.items()),
        ]

    def clean_due_on(self) -> date:
        """A day from today on, within what one can plan."""
        return read_day(self.cleaned_data["due_on"], self.today)

    def chosen(self) -> Membership | None:
        """Who is to do it."""
        return self.team.get(self.cleaned_data["assignee"])

    def read_anew(self, version: int) -> None:
        """Keep what was typed, so that the next save puts it in place of what somebody else wrote."""
        self.data = self.data.copy()
        self.data["version"] = str(version)


def read_day(day: date, today: date) -> date:
    """A day that something can be put on; raises ValidationError for one in the past or beyond planning."""
    if day < today:
        raise forms.ValidationError(_("That day is over. Choose today or a later one."))
    if day > today + timedelta(days=365 * LATEST_YEARS):
        raise forms.ValidationError(_("Choose a day within the next ten years."))
    return day


def later_day(wanted: str, today: date) -> date | None:
    """The day that “tomorrow”, “week”, “month” or a written date stands for; None for anything else."""
    if wanted in LATER:
        return today + timedelta(days=LATER[wanted])
    try:
        return read_day(date.fromisoformat(wanted), today)
    except (ValueError, forms.ValidationError):
        return None
