"""What somebody writes about a firm or other body."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact
from ecosystem.base.form_fields import NewIdField


class OrganizationForm(forms.Form):
    """An organization. Its main contact is one of its people, or found by email while it has none."""

    key = NewIdField()
    version = forms.IntegerField(widget=forms.HiddenInput, initial=1)
    name = forms.CharField(label=_("Name"), max_length=170, error_messages={"required": _("Write its name.")})
    website = forms.URLField(
        label=_("Website"),
        max_length=300,
        required=False,
        assume_scheme="https",
        error_messages={"invalid": _("That does not look like a web address. It begins like www.example.com.")},
    )
    main_contact = forms.ChoiceField(label=_("Main contact"), required=False, help_text=_("Whom you talk to there."))
    is_context = forms.BooleanField(
        label=_("Only context"),
        required=False,
        help_text=_("Such as a competitor: shown on the map, never written to."),
    )

    def __init__(self, *args: Any, people: Sequence[Contact], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(person.pk): person for person in people}
        self.fields["main_contact"].choices = [
            ("", _("Nobody yet")),
            *((key, person.display_name) for key, person in self.people.items()),
        ]

    def read_anew(self, version: int) -> None:
        """Keep what was typed, so that the next save puts it in place of what somebody else saved."""
        self.data = self.data.copy()
        self.data["version"] = str(version)

    def chosen_contact(self) -> Contact | None:
        """Who was chosen."""
        return self.people.get(self.cleaned_data["main_contact"])


class AffiliationForm(forms.Form):
    """Where a person belongs: an organization that is known, or the name of one that is new."""

    organization = forms.CharField(
        label=_("Organization"), max_length=170, error_messages={"required": _("Write its name.")}
    )
    title = forms.CharField(label=_("What they do there"), max_length=80, required=False)
