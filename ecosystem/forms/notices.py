"""How soon somebody wants to hear of what by mail."""

from collections.abc import Mapping
from typing import Any

from django import forms

from ecosystem.notices import NOTICES, Pace


class PaceForm(forms.Form):
    """One choice for each kind of notice."""

    def __init__(self, *args: Any, kept: Mapping[str, Pace], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key, kind in NOTICES.items():
            self.fields[key] = forms.ChoiceField(label=kind.label, choices=Pace.choices, initial=kept[key])
