"""The four short steps by which a business is set up."""

from django import forms
from django.utils.translation import gettext_lazy as _

from ecosystem.forms.choices import DescribedCheckboxes, DescribedRadio
from ecosystem.models import BusinessProfile
from ecosystem.places import ZONES
from ecosystem.trades import KIND_STARTS, TRADES, trade_of

KNOWN = {kind.value: start for kind, start in KIND_STARTS.items() if start.is_on}


class BusinessStepForm(forms.Form):
    """What it is called, what it does, who is in its world already."""

    name = forms.CharField(
        label=_("What is it called?"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )
    trade = forms.ChoiceField(
        label=_("What do you do?"),
        choices=[(trade.key, trade.label) for trade in TRADES.values()],
        widget=DescribedRadio(icons={trade.key: trade.icon for trade in TRADES.values()}),
        help_text=_("We set up words and examples that fit."),
    )
    known_kinds = forms.MultipleChoiceField(
        label=_("Who is already in your world?"),
        required=False,
        choices=[(kind, start.plural) for kind, start in KNOWN.items()],
        widget=DescribedCheckboxes(notes={kind: start.definition for kind, start in KNOWN.items()}),
    )
    timezone = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput(attrs={"data-timezone": ""}))

    def clean_timezone(self) -> str:
        """The browser's own time zone where it told one that we know; a hidden field never makes an error."""
        zone = self.cleaned_data["timezone"]
        return zone if zone in ZONES else ""


class MessageStepForm(forms.ModelForm):
    """The core message in one sentence."""

    class Meta:
        model = BusinessProfile
        fields = ["core_message"]
        labels = {"core_message": _("What do you do that nobody else does?")}
        help_texts = {"core_message": _("One sentence, at most 160 letters. Everybody in your world should know it.")}
        widgets = {"core_message": forms.Textarea(attrs={"rows": 3, "maxlength": 160})}

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["core_message"].required = True
        self.example = trade_of(self.instance.trade).example


class SenderStepForm(forms.ModelForm):
    """Who letters come from, and where the business can be found."""

    class Meta:
        model = BusinessProfile
        fields = ["sender_name", "sender_email", "postal_address", "town"]
        labels = {
            "sender_name": _("The name people see"),
            "sender_email": _("The address letters come from"),
            "postal_address": _("Your postal address"),
            "town": _("Your town, as people say it"),
        }
        help_texts = {
            "sender_name": _("Like Nora from Oat & Ember. A person's name is opened more often."),
            "sender_email": _("Answers go there too."),
            "postal_address": _("The law wants it under every letter. A post box will do."),
        }
        widgets = {
            "sender_name": forms.TextInput(attrs={"autocomplete": "name"}),
            "sender_email": forms.EmailInput(attrs={"autocomplete": "email"}),
            "postal_address": forms.Textarea(attrs={"rows": 3, "autocomplete": "street-address"}),
            "town": forms.TextInput(attrs={"autocomplete": "address-level2"}),
        }

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        for name in ("sender_name", "sender_email", "postal_address"):
            self.fields[name].required = True
