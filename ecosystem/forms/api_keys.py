"""Making a key for another program."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecosystem.base.ids import uuid7
from ecosystem.forms.choices import DescribedCheckboxes
from ecosystem.scopes import SCOPE_LABELS, Scope


class ApiKeyForm(forms.Form):
    """Its name, what it may do, and its last day."""

    name = forms.CharField(
        label=_("What is it for?"), max_length=80, help_text=_("Like: till in the shop, newsletter of the web site.")
    )
    expires_on = forms.DateField(
        label=_("Its last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Leave it empty for a key that works until you end it."),
    )
    # The id that the key will have: a page that is loaded anew asks for the same key, not for another one.
    key_id = forms.UUIDField(required=False, widget=forms.HiddenInput, initial=uuid7)
    field_order = ["name", "scopes", "expires_on"]

    def __init__(self, *args: Any, scopes: Sequence[Scope], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"] = forms.MultipleChoiceField(
            label=_("What may it do?"),
            choices=[(scope.value, SCOPE_LABELS[scope]) for scope in scopes],
            widget=DescribedCheckboxes(notes={scope.value: scope.value for scope in scopes}),
            error_messages={"required": _("Choose at least one thing that the key may do.")},
        )
        self.order_fields(self.field_order)
