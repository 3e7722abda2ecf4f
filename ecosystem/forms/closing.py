"""Meaning it: the name of the business, typed once more."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class ClosingForm(forms.Form):
    """The name of the business that is closed."""

    name = forms.CharField(
        label=_("Type the name of your business"),
        max_length=120,
        error_messages={"required": _("Type the name. Nothing was closed.")},
    )

    def __init__(self, *args: Any, business_name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.business_name = business_name
        self.fields["name"].help_text = business_name

    def clean_name(self) -> str:
        """The very name, whatever its spaces and capitals."""
        typed = " ".join(self.cleaned_data["name"].split())
        if typed.casefold() != " ".join(self.business_name.split()).casefold():
            raise forms.ValidationError(_("That is not the name. Nothing was closed."))
        return typed
