"""Moving somebody on the ladder."""

from django import forms

from contacts.models import Stage


class StageForm(forms.Form):
    """The rung to stand on, and why, if somebody says so."""

    stage = forms.ChoiceField(choices=Stage.choices)
    reason = forms.CharField(required=False, max_length=200)
