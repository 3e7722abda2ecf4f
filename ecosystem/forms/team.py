"""Asking somebody into the team, and changing what they may do."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecosystem.base.access import Role
from ecosystem.forms.choices import DescribedRadio
from ecosystem.models import Membership

ROLE_NOTES = {
    Role.OWNER: _("May do everything, keys and team too."),
    Role.MANAGER: _("May do everything but make keys."),
    Role.STAFF: _("Keeps people up to date, moves them, starts sequences."),
    Role.HELPER: _("Looks people up and notes what happened."),
    Role.ADVISER: _("Reads along, changes nothing."),
}


def _role_field(roles: Sequence[Role]) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("What will they be?"),
        choices=[(role.value, role.label) for role in roles],
        widget=DescribedRadio(notes={role.value: ROLE_NOTES[role] for role in roles}),
    )


class InvitationForm(forms.Form):
    """An address and a role."""

    email = forms.EmailField(
        label=_("Their email address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, roles: Sequence[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = _role_field(roles)
        self.fields["role"].initial = Role.STAFF if Role.STAFF in roles else None


class MemberForm(forms.Form):
    """A role, and for helpers from outside a last day."""

    until = forms.DateField(
        label=_("Their last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Useful for an adviser or a seasonal helper. Leave it empty if there is none."),
    )
    field_order = ["role", "until"]

    def __init__(self, *args: Any, roles: Sequence[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = _role_field(roles)
        self.order_fields(self.field_order)


class LeavingForm(forms.Form):
    """Who takes over the people that somebody looked after."""

    def __init__(self, *args: Any, heirs: Sequence[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["heir"] = forms.ChoiceField(
            label=_("Who looks after their people from now on?"),
            required=False,
            choices=[(str(member.pk), str(member.user)) for member in heirs],
            error_messages={"invalid_choice": _("That person is not in your team any more. Choose somebody else.")},
        )
        self._heirs = {str(member.pk): member for member in heirs}

    def clean_heir(self) -> Membership | None:
        """The member who was chosen; None leaves it to the rule."""
        return self._heirs.get(self.cleaned_data["heir"])


class SecondStepForm(forms.Form):
    """Whether nobody gets in with a password alone, and how long the team has to get ready."""

    days = forms.ChoiceField(
        label=_("From when on?"),
        choices=[
            ("off", _("Not at all")),
            ("0", _("At once")),
            ("7", _("In a week")),
            ("14", _("In two weeks")),
            ("30", _("In thirty days")),
        ],
        initial="14",
        widget=forms.RadioSelect,
    )

    @property
    def wanted_days(self) -> int | None:
        """How many days from now; None for not at all."""
        said: str = self.cleaned_data["days"]
        return None if said == "off" else int(said)
