"""What letters tell of their readers."""

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.services.measuring import Measuring
from ecosystem.models import BusinessProfile


class MeasuringForm(forms.Form):
    """Two switches: links that lead through us, and a picture that tells of opening."""

    follows_links = forms.BooleanField(
        label=_("See which links are followed"),
        required=False,
        help_text=_("Links lead through us for a moment. Not ticked, they stand in letters as you wrote them."),
    )
    sees_opens = forms.BooleanField(
        label=_("See whether letters are opened"),
        required=False,
        help_text=_("Letters hold a picture that nobody sees and that tells when it is fetched."),
    )

    def chosen(self) -> Measuring:
        """The choice, for the service."""
        return Measuring(self.cleaned_data["follows_links"], self.cleaned_data["sees_opens"])

    @staticmethod
    def initial_of(profile: BusinessProfile) -> dict[str, bool]:
        """What counts now."""
        return {"follows_links": profile.follows_links, "sees_opens": profile.sees_opens}
