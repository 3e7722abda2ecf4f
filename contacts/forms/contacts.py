"""What somebody writes about a person."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.services.contacts import ContactDetails, StaleEdit
from contacts.services.tags import LONGEST_TAG, MOST_TAGS
from ecosystem.base.form_fields import NewIdField
from ecosystem.models import LADDER, SIDE_KINDS, Kind, Membership
from ecosystem.queries.stakeholders import KindWords


class DetailsForm(forms.Form):
    """The fields that adding and editing share. A name, an email or a phone number is enough."""

    given_name = forms.CharField(label=_("First name"), max_length=80, required=False)
    family_name = forms.CharField(label=_("Last name"), max_length=80, required=False)
    display_name = forms.CharField(
        label=_("Shown as"),
        max_length=170,
        required=False,
        help_text=_("Only where first and last name do not do, as for a nickname."),
    )
    email = forms.CharField(label=_("Email"), max_length=254, required=False, widget=forms.EmailInput())
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False, widget=forms.TextInput({"type": "tel"}))
    postal = forms.CharField(
        label=_("Postal address"), max_length=200, required=False, widget=forms.Textarea({"rows": 3})
    )
    source_detail = forms.CharField(
        label=_("How you know them"),
        max_length=120,
        required=False,
        help_text=_("Such as: spring fair, Grace's friend."),
    )
    owner = forms.ChoiceField(label=_("Looked after by"), required=False)
    do_not_contact = forms.BooleanField(
        label=_("Never write to them"),
        required=False,
        help_text=_("Whatever they said yes to: nothing goes out while this is ticked."),
    )

    def __init__(self, *args: Any, team: Sequence[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = [("", _("Nobody in particular"))] + [
            (str(member.pk), str(member.user)) for member in team
        ]

    def clean_postal(self) -> str:
        """Its lines, as a browser and the database both end them."""
        return "\n".join(line.strip() for line in self.cleaned_data["postal"].splitlines() if line.strip())

    def details(self) -> ContactDetails:
        """What was typed, for the service."""
        values = dict(self.cleaned_data)
        owner = values.pop("owner")
        names = set(ContactDetails.__dataclass_fields__) - {"owner_id"}
        return ContactDetails(**{name: values[name] for name in names}, owner_id=UUID(owner) if owner else None)


class AddContactForm(DetailsForm):
    """A person who is new. The hidden key is the id they will have, so that a second click adds nobody."""

    key = NewIdField()
    stage = forms.ChoiceField(label=_("Where they stand"), required=False)
    roles = forms.MultipleChoiceField(
        label=_("And beside the ladder"), required=False, widget=forms.CheckboxSelectMultiple
    )
    tags = forms.CharField(
        label=_("Tags"), max_length=400, required=False, help_text=_("Words of your own, with commas.")
    )

    field_order = ["given_name", "family_name", "email", "phone", "stage", "roles", "tags", "source_detail", "postal"]

    def __init__(
        self,
        *args: Any,
        team: Sequence[Membership],
        rungs: Sequence[KindWords],
        sides: Sequence[KindWords],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, team=team, **kwargs)
        self.fields["stage"].choices = [
            *((str(words.kind), words.label) for words in rungs),
            ("", _("Not on the ladder")),
        ]
        self.fields["roles"].choices = [(str(words.kind), words.label) for words in sides]

    @staticmethod
    def initial_for(kind: str) -> dict[str, Any]:
        """The form's first values where somebody of a kind is to be added."""
        if kind in SIDE_KINDS:
            return {"stage": "", "roles": [kind]}
        return {"stage": kind if kind in LADDER else Kind.PROSPECT}

    def clean_tags(self) -> list[str]:
        """The words between the commas."""
        return split_tags(self.cleaned_data["tags"])


class EditContactForm(DetailsForm):
    """A person as they stand, with what was read, so that nobody's work is lost when two type at once."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    was = forms.CharField(widget=forms.HiddenInput, required=False)

    @staticmethod
    def initial_of(details: ContactDetails, version: int) -> dict[str, Any]:
        """The form's first values."""
        values = asdict(details)
        values["owner"] = str(values.pop("owner_id") or "")
        return {**values, "version": version, "was": _as_text(details)}

    def before(self) -> ContactDetails | None:
        """What was read when the page was made; None where that was tampered with."""
        try:
            return _from_mapping(json.loads(self.cleaned_data["was"]))
        except (ValueError, TypeError):
            return None

    def show_conflict(self, stale: StaleEdit) -> None:
        """Keep what was typed, say beside each field what was saved meanwhile, and let the next save decide."""
        for difference in stale.differences:
            field = "owner" if difference.field == "owner_id" else difference.field
            shown = self._shown(field, difference.theirs)
            sentence = _("Meanwhile somebody saved “%(theirs)s” here. Save again to keep yours.")
            self.add_error(field, sentence % {"theirs": shown})
        self.data = self.data.copy()
        self.data["version"] = str(stale.version)
        self.data["was"] = _as_text(stale.current)

    def _shown(self, field: str, value: str) -> str:
        if field == "owner":
            return str(dict(self.fields["owner"].choices).get(value, value))
        if field == "do_not_contact":
            return str(_("yes") if value == "True" else _("no"))
        return value or str(_("nothing"))


def split_tags(text: str) -> list[str]:
    """The words between commas; raises ValidationError where they are too many or too long."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if len(names) > MOST_TAGS:
        raise forms.ValidationError(_("%(count)d tags are enough for one person."), params={"count": MOST_TAGS})
    if any(len(name) > LONGEST_TAG for name in names):
        raise forms.ValidationError(_("A tag has at most %(count)d letters."), params={"count": LONGEST_TAG})
    return names


def _as_text(details: ContactDetails) -> str:
    return json.dumps({**asdict(details), "owner_id": str(details.owner_id or "")})


def _from_mapping(values: Mapping[str, Any]) -> ContactDetails:
    owner = values.get("owner_id")
    texts = {name: str(values.get(name, "")) for name in ContactDetails.__dataclass_fields__}
    texts.pop("owner_id")
    texts.pop("do_not_contact")
    return ContactDetails(
        **texts, do_not_contact=bool(values.get("do_not_contact")), owner_id=UUID(owner) if owner else None
    )
