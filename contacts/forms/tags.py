"""Words put on a person."""

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.forms.contacts import split_tags


class TagForm(forms.Form):
    """One or more words, with commas."""

    names = forms.CharField(
        label=_("Add a tag"),
        max_length=400,
        error_messages={"required": _("Write a word first.")},
        widget=forms.TextInput(attrs={"class": "input s"}),
    )

    def clean_names(self) -> list[str]:
        """The words between the commas."""
        return split_tags(self.cleaned_data["names"])
