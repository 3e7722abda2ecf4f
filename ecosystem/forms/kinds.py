"""How a business calls and feeds a kind of people."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecosystem.models import KindSetting
from ecosystem.trades import ALWAYS_ON


class KindForm(forms.ModelForm):
    """Its words, what they mean, how often it is fed, whether it is used."""

    class Meta:
        model = KindSetting
        fields = ["label", "label_plural", "definition", "cadence_days", "is_on"]
        labels = {
            "label": _("What do you call one of them?"),
            "label_plural": _("And all of them?"),
            "definition": _("Who are they?"),
            "cadence_days": _("Feed each of them every so many days"),
            "is_on": _("Use this kind"),
        }
        help_texts = {
            "definition": _("One line that everybody in the team understands."),
            "cadence_days": _("Something of value should reach each of them that often, or they count as hungry."),
        }
        widgets = {"definition": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.kind in ALWAYS_ON:
            del self.fields["is_on"]
