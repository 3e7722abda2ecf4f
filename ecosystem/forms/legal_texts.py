"""The words of a privacy notice or of terms."""

from django import forms
from django.utils.translation import gettext_lazy as _


class LegalTextForm(forms.Form):
    """The text, and after which version it was written."""

    body = forms.CharField(
        label=_("Text"),
        max_length=40_000,
        widget=forms.Textarea(attrs={"rows": 24, "class": "tall"}),
        help_text=_("# begins a heading, - a line of a list, **two stars** make bold. Anything else is plain text."),
        error_messages={"required": _("Write something: the text is still empty.")},
    )
    after = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
