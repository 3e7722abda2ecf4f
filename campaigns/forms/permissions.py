"""What the team writes down as proof of a yes."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.models import Basis
from contacts.queries.consent import SOURCES
from contacts.services.consent import STAFF_SOURCES


class ConsentProofForm(forms.Form):
    """Where somebody said yes, on which day, and what shows it."""

    source = forms.ChoiceField(
        label=_("Where did they say yes?"),
        choices=[(key, SOURCES[key]) for key in STAFF_SOURCES],
        widget=forms.RadioSelect,
        error_messages={"required": _("Say where they said yes.")},
    )
    said_on = forms.DateField(label=_("On which day?"), widget=forms.DateInput(attrs={"type": "date"}))
    note = forms.CharField(
        label=_("What shows it?"),
        max_length=300,
        help_text=_("“Card 14 in the blue box”, “told Sam on the phone, wants the season letters”."),
        error_messages={"required": _("Write a line of proof: where the paper lies, what was said.")},
    )

    def __init__(self, *args: Any, today: Any = None, is_for_texts: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_for_texts:
            # Texts need it in writing (47 CFR 64.1200(f)(9)).
            written = [key for key, basis in STAFF_SOURCES.items() if basis == Basis.EXPRESS_WRITTEN]
            self.fields["source"].choices = [(key, SOURCES[key]) for key in written]  # type: ignore[attr-defined]
        if today is not None:
            self.fields["said_on"].widget.attrs["max"] = today.isoformat()
