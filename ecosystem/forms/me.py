"""What somebody says of themselves, whatever business they are in."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecosystem.models import User
from ecosystem.places import zones


class MeForm(forms.ModelForm):
    """Name, time zone and colours of a login."""

    class Meta:
        model = User
        fields = ["name", "time_zone", "theme"]
        labels = {"name": _("Your name"), "theme": _("Colours")}
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True
        self.fields["name"].error_messages["required"] = _("Write your name: your team sees it.")
        self.fields["time_zone"] = forms.ChoiceField(
            label=_("Your time zone"),
            required=False,
            choices=[("", _("As the business")), *zones()],
            help_text=_("Times on your pages follow it. Quiet hours of people and of the business do not."),
        )
