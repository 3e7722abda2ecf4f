"""What somebody decides about letters that were due while we were away."""

from django import forms
from django.utils.translation import gettext_lazy as _


class HeldDecisionForm(forms.Form):
    """Send or drop what was held of a sequence (none: of no sequence) up to the absence that they saw."""

    decision = forms.ChoiceField(choices=[("send", _("Send them")), ("drop", _("Drop them"))])
    sequence = forms.UUIDField(required=False)
    absence = forms.IntegerField(min_value=1)
