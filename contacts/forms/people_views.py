"""The name under which a filter is kept."""

from django import forms
from django.utils.translation import gettext_lazy as _

from ecosystem.base.form_fields import NewIdField


class KeepViewForm(forms.Form):
    """A name for the filter that the list shows; `key` is the id of the new view."""

    key = NewIdField()
    name = forms.CharField(
        label=_("Name"),
        max_length=40,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
        error_messages={"required": _("Give it a name, such as “Regulars gone quiet”.")},
    )
    for_team = forms.BooleanField(label=_("Show it to the whole team"), required=False)


class EditViewForm(KeepViewForm):
    """Another name for a view that is there."""

    key = None  # type: ignore[assignment]
    version = forms.IntegerField(widget=forms.HiddenInput)
