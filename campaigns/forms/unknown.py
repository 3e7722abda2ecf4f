"""What somebody decides about letters of which nobody knows whether they arrived."""

from django import forms
from django.utils.translation import gettext_lazy as _


class DecisionForm(forms.Form):
    """Send again or give up; for all of them as they were seen at a moment, or for one."""

    decision = forms.ChoiceField(choices=[("again", _("Send again")), ("give_up", _("Give up"))])
    message = forms.UUIDField(required=False)
    seen_at = forms.DateTimeField(required=False)

    @property
    def sends_again(self) -> bool:
        """Whether they are to go once more."""
        return bool(self.cleaned_data["decision"] == "again")


class UndoForm(forms.Form):
    """Which decision is taken back: the one of that moment."""

    at = forms.DateTimeField()
