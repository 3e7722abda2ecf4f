"""Forms of sequences: what they are called and start by, and the steps of the line."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import Content, Sequence
from campaigns.queries.sequence_pages import UNITS
from campaigns.queries.sequences import rungs
from campaigns.triggers import TRIGGERS
from contacts.models import Topic
from ecosystem.base.form_fields import NewIdField


class SequenceForm(forms.Form):
    """Name, topic, trigger, and at which rung people leave."""

    key = NewIdField()
    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("For you; people do not see it."))
    topic = forms.ModelChoiceField(
        Topic.objects.none(),
        label=_("What people said yes to"),
        help_text=_("Only those who said yes to this get its letters."),
        empty_label=None,
    )
    trigger = forms.ChoiceField(label=_("Starts when"), widget=forms.RadioSelect)
    until_stage = forms.ChoiceField(
        label=_("Ends early when somebody becomes"),
        required=False,
        help_text=_("Who comes to that rung, or past it, gets no further letter of it."),
    )
    ends_on = forms.MultipleChoiceField(
        label=_("Ends early when somebody"),
        required=False,
        choices=Sequence.EndsOn.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Purchases are told by your till or shop. A text that a machine sent back is no answer."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until_stage"].choices = [("", _("Everybody stays to the end")), *rungs()]  # type: ignore[attr-defined]
        self.fields["topic"].queryset = Topic.objects.filter(archived_at__isnull=True).order_by("name")  # type: ignore[attr-defined]
        self.fields["trigger"].choices = [(key, trigger.label) for key, trigger in TRIGGERS.items()]  # type: ignore[attr-defined]


class LetterStepForm(forms.Form):
    """Which letter, and after which step."""

    content = forms.ModelChoiceField(Content.objects.none(), label=_("Letter or text"), empty_label=None)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        letters = Content.objects.filter(archived_at__isnull=True).order_by("-updated_at")
        self.letters = list(letters.only("id", "name"))
        self.fields["content"].queryset = letters  # type: ignore[attr-defined]
        # A page shows them twice, and asks for them once.
        self.fields["content"].choices = [(letter.pk, letter.name) for letter in self.letters]  # type: ignore[attr-defined]


class WaitForm(forms.Form):
    """How long to wait, as people say it."""

    amount = forms.IntegerField(label=_("Wait"), min_value=1, max_value=525_600)
    unit = forms.ChoiceField(
        label=_("Unit"),
        choices=[("minutes", _("minutes")), ("hours", _("hours")), ("days", _("days")), ("weeks", _("weeks"))],
        initial="days",
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    @property
    def seconds(self) -> int:
        """The wait in seconds."""
        return int(self.cleaned_data["amount"]) * UNITS[self.cleaned_data["unit"]]


class StepActionForm(forms.Form):
    """A click on a step: the version of the sequence that was on the screen."""

    version = forms.IntegerField(required=False)
