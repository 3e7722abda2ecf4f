"""What the team sends about texts."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import Content, TextSender
from campaigns.rendering.texts import LONGEST
from campaigns.services.contents import LetterWords, words_of
from campaigns.services.text_senders import SenderWords
from ecosystem.base.form_fields import NewIdField


class TextForm(forms.Form):
    """A text as it is written: plain words, as few as will do."""

    # Needed before it is sent, though a draft may be kept without it.
    needed_later = ("text_body",)

    key = NewIdField()
    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("For you; people do not see it."))
    text_body = forms.CharField(
        label=_("Text"),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Your name is put in front by itself, and how to stop behind it where the law wants that."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, content: Content | None = None, **kwargs: Any) -> None:
        if content is not None:
            kept = words_of(content)
            kwargs["initial"] = {"name": kept.name, "text_body": kept.text_body, "version": content.version}
        super().__init__(*args, **kwargs)
        if content is not None:
            del self.fields["key"]

    def words(self) -> LetterWords:
        """What was written."""
        return LetterWords(self.cleaned_data["name"], text_body=self.cleaned_data["text_body"].replace("\r\n", "\n"))


class TextTestForm(forms.Form):
    """To which number a test goes."""

    number = forms.CharField(
        label=_("Your own number"), max_length=40, widget=forms.TextInput({"type": "tel", "autocomplete": "tel"})
    )
    person = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)


class TextSenderForm(forms.Form):
    """Who the business is in texts."""

    brand = forms.CharField(
        label=_("Name in each text"),
        max_length=30,
        required=False,
        help_text=_("Stands in front of every text. Short is cheaper. Empty: the name of your business."),
    )
    number = forms.CharField(
        label=_("Your number for texts"),
        max_length=40,
        required=False,
        widget=forms.TextInput({"type": "tel"}),
        help_text=_("The one that your provider gave you. Empty: the number of this installation."),
    )
    help_line = forms.CharField(
        label=_("Where people get help"),
        max_length=60,
        required=False,
        help_text=_("An address or a number; goes to whoever texts HELP."),
    )
    terms_url = forms.URLField(
        label=_("Your terms for texts"),
        max_length=300,
        required=False,
        assume_scheme="https",
        help_text=_("A link. Empty: the terms that you published here."),
    )
    privacy_url = forms.URLField(
        label=_("Your privacy notice"),
        max_length=300,
        required=False,
        assume_scheme="https",
        help_text=_("A link. Empty: the privacy notice that you published here."),
    )

    def __init__(self, *args: Any, sender: TextSender | None = None, **kwargs: Any) -> None:
        if sender is not None:
            kwargs["initial"] = {name: getattr(sender, name) for name in SenderWords.__dataclass_fields__}
        super().__init__(*args, **kwargs)

    def words(self) -> SenderWords:
        """What was said."""
        return SenderWords(**self.cleaned_data)
