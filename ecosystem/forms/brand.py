"""How a business looks to its customers."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecosystem.contrast import contrast
from ecosystem.forms.choices import DescribedRadio
from ecosystem.models import BusinessProfile
from ecosystem.services.brand import Brand
from ecosystem.trades import TRADES

MARK_INK = "#ffe3b0"
LEAST_CONTRAST = 4.5


class BrandForm(forms.Form):
    """The mark, its colour, and the one sentence under it."""

    mark = forms.FileField(
        label=_("Your own picture"),
        required=False,
        help_text=_("PNG, JPEG or WebP, up to 5 MB; best a square. We draw it anew and keep nothing else of it."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"}),
    )
    without_mark = forms.BooleanField(
        label=_("Take the picture away"), required=False, help_text=_("The sign below stands there again.")
    )
    mark_colour = forms.CharField(
        label=_("The colour behind the sign"),
        max_length=7,
        widget=forms.TextInput(attrs={"type": "color"}),
        help_text=_("It must be dark enough for the sign on it."),
    )
    core_message = forms.CharField(
        label=_("Your headline"),
        max_length=160,
        required=False,
        help_text=_("The sentence that says what is special about you. It stands beside your name on your pages."),
    )
    kept_key = forms.CharField(max_length=43, required=False, widget=forms.HiddenInput)
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, profile: BusinessProfile, **kwargs: Any) -> None:
        signs = {trade.icon: trade.label for trade in TRADES.values()}
        signs.setdefault(profile.mark_icon, _("As it is now"))
        kwargs["initial"] = {
            "mark_icon": profile.mark_icon,
            "mark_colour": profile.mark_colour,
            "core_message": profile.core_message,
            "kept_key": profile.mark_key,
            "version": profile.version,
        }
        super().__init__(*args, **kwargs)
        self.fields["mark_icon"] = forms.ChoiceField(
            label=_("The sign, where there is no picture"),
            choices=list(signs.items()),
            widget=DescribedRadio(icons={icon: icon for icon in signs}),
        )

    def clean_mark_colour(self) -> str:
        """A colour on which the sign of the mark can be read."""
        colour: str = self.cleaned_data["mark_colour"].lower()
        try:
            ratio = contrast(colour, MARK_INK)
        except ValueError as error:
            raise forms.ValidationError(_("Write the colour as # and six letters or digits, like #7a3b12.")) from error
        if ratio < LEAST_CONTRAST:
            sentence = _("That is too light: the sign on it could not be read (%(ratio)s to 1, it needs 4.5 to 1).")
            raise forms.ValidationError(sentence % {"ratio": f"{ratio:.1f}"})
        return colour

    def brand(self, *, new_key: str = "") -> Brand:
        """What was asked for; `new_key` is the picture that came with it."""
        asked = self.cleaned_data
        key = "" if asked["without_mark"] else new_key or asked["kept_key"]
        return Brand(key, asked["mark_icon"], asked["mark_colour"], asked["core_message"])
