"""What a business says of itself."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from ecosystem.forms.choices import DescribedRadio
from ecosystem.models import BusinessProfile
from ecosystem.places import countries, currencies, zones
from ecosystem.trades import TRADES


class ProfileForm(forms.ModelForm):
    """Name, trade and place; who letters come from."""

    # Needed before the first letter goes out.
    needed_later = ("sender_name", "sender_email", "postal_address")

    name = forms.CharField(
        label=_("What is it called?"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    class Meta:
        model = BusinessProfile
        fields = [
            "trade",
            "town",
            "country",
            "timezone",
            "language",
            "currency",
            "sender_name",
            "sender_email",
            "reply_to_email",
            "postal_address",
            "phone",
        ]
        labels = {
            "town": _("Your town, as people say it"),
            "timezone": _("Time zone"),
            "language": _("The language your customers read"),
            "currency": _("Currency"),
            "country": _("Country"),
            "sender_name": _("The name people see"),
            "sender_email": _("The address letters come from"),
            "reply_to_email": _("Where answers go"),
            "postal_address": _("Your postal address"),
            "phone": _("Your phone"),
        }
        help_texts = {
            "timezone": _("Quiet hours and sending times follow it."),
            "language": _(
                "Opt-in pages, preferences, confirmations and what stands around each letter. What you write yourself "
                "stays as you wrote it; your team's pages are in English."
            ),
            "postal_address": _("The law wants it under every letter. A post box will do."),
            "phone": _("Customers see it at the foot of your pages."),
        }
        widgets = {
            "postal_address": forms.Textarea(attrs={"rows": 3, "autocomplete": "street-address"}),
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["trade"] = forms.ChoiceField(
            label=_("What do you do?"),
            choices=[(trade.key, trade.label) for trade in TRADES.values()],
            widget=DescribedRadio(icons={trade.key: trade.icon for trade in TRADES.values()}),
        )
        if self.initial.get("trade") not in TRADES:
            self.initial["trade"] = "other"
        for name, choices in (
            ("country", countries),
            ("timezone", zones),
            ("language", settings.LANGUAGES),
            ("currency", currencies),
        ):
            self.fields[name] = forms.ChoiceField(
                label=self.fields[name].label, help_text=self.fields[name].help_text, choices=choices
            )
        self.order_fields(["name", *self.Meta.fields, "version"])
