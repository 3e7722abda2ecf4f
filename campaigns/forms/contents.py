"""What the team sends about a letter."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import Content
from campaigns.rendering.texts import LONGEST
from campaigns.services.contents import LetterWords, words_of
from ecosystem.base.form_fields import NewIdField


class LetterForm(forms.Form):
    """A letter as it is written: plain text with a few marks, and at most one button."""

    # Needed before it is sent, though a draft may be kept without them.
    needed_later = ("subject", "body")

    key = NewIdField()
    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("For you; people do not see it."), strip=True)
    subject = forms.CharField(
        label=_("Subject"), max_length=200, required=False, help_text=_("What people see first. Short is better.")
    )
    preheader = forms.CharField(
        label=_("First line people see"),
        max_length=200,
        required=False,
        help_text=_("Stands beside the subject in the list of mails."),
    )
    body = forms.CharField(
        label=_("Letter"),
        max_length=50_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 18, "class": "tall"}),
        help_text=_("An empty line makes a paragraph. **bold**, *slanted*, [words](https://example.com) for a link."),
    )
    button_label = forms.CharField(label=_("Words on the button"), max_length=60, required=False)
    button_url = forms.CharField(
        label=_("Where the button leads"),
        max_length=1000,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "url", "placeholder": "https://"}),
    )
    text_body = forms.CharField(
        label=_("The same as a text"),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("For those who like texts better and said yes to them. Empty: everybody gets the letter."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, content: Content | None = None, **kwargs: Any) -> None:
        if content is not None:
            kwargs["initial"] = {**vars(words_of(content)), "version": content.version}
        super().__init__(*args, **kwargs)
        if content is not None:
            del self.fields["key"]

    def words(self) -> LetterWords:
        """What was written."""
        names = LetterWords.__dataclass_fields__
        return LetterWords(**{name: self.cleaned_data[name].replace("\r\n", "\n") for name in names})
