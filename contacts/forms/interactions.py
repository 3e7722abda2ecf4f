"""What staff write down about a talk, and notes."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.services.interactions import TALK_KINDS
from ecosystem.base.form_fields import NewIdField

TALK_LABELS = {
    "call": _("A call"),
    "visit": _("A talk at the counter"),
    "meeting": _("A meeting"),
    "reply_from_us": _("We answered them"),
    "thanks": _("We said thank you"),
    "introduction": _("We introduced them to somebody"),
}
LONGEST_NOTE = 10_000


class TalkForm(forms.Form):
    """One talk: what it was, when, and what was said. The key makes a second click harmless."""

    kind = forms.ChoiceField(label=_("What it was"), choices=[(kind, TALK_LABELS[kind]) for kind in TALK_KINDS])
    occurred_at = forms.DateTimeField(
        label=_("When"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": _("Write day and time, such as 2026-05-04 09:30.")},
    )
    said = forms.CharField(
        label=_("What was said"), required=False, max_length=LONGEST_NOTE, widget=forms.Textarea(attrs={"rows": 3})
    )
    key = NewIdField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["occurred_at"].input_formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]

    def said_and_done(self) -> dict[str, Any]:
        """What was typed, for the service."""
        return {**self.cleaned_data, "key": str(self.cleaned_data["key"])}


class EditNoteForm(forms.Form):
    """A note as it stands; `version` is the one that was read."""

    body = forms.CharField(
        label=_("The note"),
        max_length=LONGEST_NOTE,
        error_messages={"required": _("Write a word or two first.")},
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def read_anew(self, version: int) -> None:
        """Keep what was typed, so that the next save puts it in place of what somebody else wrote."""
        self.data = self.data.copy()
        self.data["version"] = str(version)


class NoteForm(forms.Form):
    """A note that only the team sees."""

    body = forms.CharField(
        label=_("Write a note"),
        max_length=LONGEST_NOTE,
        error_messages={"required": _("Write a word or two first.")},
        widget=forms.TextInput(attrs={"class": "input", "placeholder": _("A note for your team alone")}),
    )
    key = NewIdField()
