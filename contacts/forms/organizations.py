"""What somebody writes about a firm or other body."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact
from contacts.services.organizations import OrganizationDetails, StaleOrganization
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

    def __init__(self, *args: Any, people: Sequence[Contact], gone: Contact | None = None, **kwargs: Any) -> None:
        """`gone` is the main contact who is off the list: they can stay it while nobody else is chosen."""
        super().__init__(*args, **kwargs)
        self.people = {str(person.pk): person for person in [*people, *([gone] if gone else [])]}
        choices = [(str(person.pk), person.display_name) for person in people]
        if gone is not None:
            choices.append((str(gone.pk), _("%(name)s, who is off your list") % {"name": gone.display_name}))
        self.fields["main_contact"].choices = [("", _("Nobody yet")), *choices]

    def chosen_contact(self) -> Contact | None:
        """Who was chosen."""
        return self.people.get(self.cleaned_data["main_contact"])


class EditOrganizationForm(OrganizationForm):
    """An organization as it stands, with what was read, so that nobody's work is lost when two type at once."""

    was = forms.CharField(widget=forms.HiddenInput, required=False)

    @staticmethod
    def initial_of(details: OrganizationDetails, version: int) -> dict[str, Any]:
        """The form's first values."""
        values = asdict(details)
        values["main_contact"] = str(values.pop("main_contact_id") or "")
        return {**values, "version": version, "was": _as_text(details)}

    def before(self) -> OrganizationDetails | None:
        """What was read when the page was made; None where that was tampered with."""
        try:
            read = json.loads(self.cleaned_data["was"])
            person = read["main_contact_id"]
            return OrganizationDetails(
                name=str(read["name"]),
                website=str(read["website"]),
                is_context=bool(read["is_context"]),
                main_contact_id=UUID(person) if person else None,
            )
        except (ValueError, TypeError, KeyError):
            return None

    def show_conflict(self, stale: StaleOrganization) -> None:
        """Keep what was typed, say beside each field what was saved meanwhile, and let the next save decide."""
        for difference in stale.differences:
            field = "main_contact" if difference.field == "main_contact_id" else difference.field
            sentence = _("Meanwhile somebody saved “%(theirs)s” here. Save again to keep yours.")
            self.add_error(field, sentence % {"theirs": self._shown(field, difference.theirs)})
        self.data = self.data.copy()
        self.data["version"] = str(stale.version)
        self.data["was"] = _as_text(stale.current)

    def _shown(self, field: str, value: str) -> str:
        if field == "main_contact":
            return str(dict(self.fields["main_contact"].choices).get(value, _("somebody else")))
        if field == "is_context":
            return str(_("yes") if value == "True" else _("no"))
        return value or str(_("nothing"))


class AffiliationForm(forms.Form):
    """Where a person belongs: an organization that is known, or the name of one that is new."""

    organization = forms.CharField(
        label=_("Organization"), max_length=170, error_messages={"required": _("Write its name.")}
    )
    title = forms.CharField(label=_("What they do there"), max_length=80, required=False)


def _as_text(details: OrganizationDetails) -> str:
    return json.dumps({**asdict(details), "main_contact_id": str(details.main_contact_id or "")})
