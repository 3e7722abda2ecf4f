"""What the team sends about an opt-in page."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import SignupForm, SignupFormTopic
from campaigns.queries.signups import usual_words
from campaigns.services.frame_sites import read_sites
from campaigns.services.signup_forms import FormWords
from contacts.models import Topic
from ecosystem.base.errors import Invalid
from ecosystem.base.form_fields import NewIdField

_BOX, _WORDS = "offer_", "words_"


class SignupPageForm(forms.Form):
    """The words of an opt-in page, and which topics have a box on it."""

    # Needed before the page goes live, though a draft may be kept without them.
    needed_later = ("intro", "promise_how_often", "promise_no_abuse", "promise_how_to_leave")

    key = NewIdField()
    headline = forms.CharField(
        label=_("Headline"),
        max_length=120,
        help_text=_("What they gain: “Keep your starter alive. We will walk you home.”"),
    )
    intro = forms.CharField(
        label=_("What they get"),
        max_length=600,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Two or three sentences: what comes, from whom, what it is good for."),
    )
    promise_how_often = forms.CharField(
        label=_("How often you write"),
        max_length=200,
        required=False,
        help_text=_("“Five letters in two weeks, then nothing.”"),
    )
    promise_no_abuse = forms.CharField(
        label=_("What you will never do"), max_length=200, required=False, help_text=_("“We never share your address.”")
    )
    promise_how_to_leave = forms.CharField(
        label=_("How they leave"),
        max_length=200,
        required=False,
        help_text=_("“Leave with one tap, and we stop at once.”"),
    )
    thank_you = forms.CharField(
        label=_("Thank you"), max_length=300, required=False, help_text=_("Shown after they have confirmed.")
    )
    asks_name = forms.BooleanField(label=_("Ask for a first name"), required=False, initial=True)
    offers_texts = forms.BooleanField(
        label=_("Also offer each as texts"),
        required=False,
        help_text=_("A box of its own with the words that the law wants, and a field for the number."),
    )
    frame_sites = forms.CharField(
        label=_("Your sites that show it"),
        max_length=3000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One a line, like www.example.com. No other site can show this page inside of its own."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args: Any,
        topics: Sequence[Topic],
        form: SignupForm | None = None,
        boxes: Sequence[SignupFormTopic] = (),
        **kwargs: Any,
    ) -> None:
        if form is not None:
            kwargs["initial"] = {name: getattr(form, name) for name in (*FormWords.__dataclass_fields__, "version")}
        super().__init__(*args, **kwargs)
        if form is not None:
            del self.fields["key"]
        self.topics = list(topics)
        words = {box.topic_id: box.wording for box in boxes}
        for topic in self.topics:
            self.fields[f"{_BOX}{topic.id}"] = forms.BooleanField(
                label=topic.name, help_text=topic.promise, required=False, initial=topic.id in words
            )
            self.fields[f"{_WORDS}{topic.id}"] = forms.CharField(
                label=_("Words beside the box"),
                max_length=300,
                required=False,
                initial=words.get(topic.id) or usual_words(topic.name),
            )

    @property
    def box_fields(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """For each topic its box and the words beside it."""
        return [(self[f"{_BOX}{topic.id}"], self[f"{_WORDS}{topic.id}"]) for topic in self.topics]

    def clean_frame_sites(self) -> str:
        try:
            return read_sites(self.cleaned_data["frame_sites"])
        except Invalid as problem:
            raise forms.ValidationError(str(problem.message)) from problem

    def words(self) -> FormWords:
        """What stands on the page."""
        return FormWords(**{name: self.cleaned_data[name] for name in FormWords.__dataclass_fields__})

    def offered(self) -> dict[UUID, str]:
        """The words beside each box that is offered, by topic."""
        offered = {}
        for topic in self.topics:
            if self.cleaned_data[f"{_BOX}{topic.id}"]:
                words = self.cleaned_data[f"{_WORDS}{topic.id}"].strip()
                offered[topic.id] = words or usual_words(topic.name)
        return offered
