"""The form of a file of people."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.models import PeopleExport


class ExportForm(forms.Form):
    """Who stands in the file, and which kind of file it is."""

    who = forms.ChoiceField(
        label=_("Who"),
        choices=[("these", _("Those whom the list showed")), ("all", _("Everyone"))],
        widget=forms.RadioSelect,
    )
    format = forms.ChoiceField(
        label=_("As"), choices=PeopleExport.Format.choices, initial=PeopleExport.Format.CSV, widget=forms.RadioSelect
    )

    def __init__(self, data: Any = None, *, is_narrow: bool, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        if not is_narrow:
            self.fields["who"].choices = [("all", _("Everyone"))]  # type: ignore[attr-defined]
