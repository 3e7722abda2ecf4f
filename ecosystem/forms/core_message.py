"""What is unique about the business, as its owner types it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from ecosystem.models import BusinessProfile


class CoreMessageForm(forms.ModelForm):
    """The one sentence, what stands behind it, and who should care."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    class Meta:
        model = BusinessProfile
        fields = ["core_message", "core_unique", "core_audience"]
        labels = {
            "core_message": _("What do you do that nobody else does?"),
            "core_unique": _("What stands behind it?"),
            "core_audience": _("Who should care?"),
        }
        help_texts = {
            "core_message": _("One sentence, at most 160 letters. Everybody in your world should know it by heart."),
            "core_unique": _("The facts that make it true, in two or three sentences."),
            "core_audience": _("The people you want more of, and those you would rather send to somebody else."),
        }
        widgets = {
            "core_message": forms.Textarea(attrs={"rows": 2, "maxlength": 160}),
            "core_unique": forms.Textarea(attrs={"rows": 4}),
            "core_audience": forms.Textarea(attrs={"rows": 4}),
        }

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["core_message"].required = True
