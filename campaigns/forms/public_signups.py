"""What a visitor sends from an opt-in page."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import SignupFormTopic
from ecosystem.base.addresses import normalise_email, normalise_phone
from ecosystem.base.errors import Invalid


class ConsentBoxes(forms.CheckboxSelectMultiple):
    """Boxes that always start empty: whatever the form knows, `checked` is never written (a ticked box is no yes)."""

    option_template_name = "campaigns/public/_box.html"

    def create_option(
        self, name: str, value: Any, label: Any, selected: Any, index: int, **extra: Any
    ) -> dict[str, Any]:
        option = super().create_option(name, value, label, False, index, **extra)
        option["attrs"].pop("checked", None)
        option["promise"] = self.promises.get(str(value), "")
        return option

    def __init__(self, promises: dict[str, str]) -> None:
        super().__init__()
        self.promises = promises


class PublicSignupForm(forms.Form):
    """First name, email, one box per purpose; a field that only machines fill, and the time token."""

    given_name = forms.CharField(
        label=_("First name"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    email = forms.CharField(
        label=_("Email"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"required": _("Write an email address.")},
    )
    topics = forms.MultipleChoiceField(
        label=_("How may we follow you home?"),
        error_messages={"required": _("Tick what you would like. Nothing comes that you did not tick.")},
    )
    company_website = forms.CharField(
        label=_("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )
    phone = forms.CharField(
        label=_("Phone, for texts"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    texts = forms.MultipleChoiceField(label=_("May we text you?"), required=False)
    token = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args: Any,
        boxes: Sequence[SignupFormTopic],
        asks_name: bool,
        texts: Mapping[str, str] | None = None,
        country: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._offer_texts(texts or {}, country)
        self.boxes = {str(box.topic_id): box for box in boxes}
        field = self.fields["topics"]
        field.widget = ConsentBoxes({key: box.topic.promise for key, box in self.boxes.items()})
        field.choices = [(key, box.wording) for key, box in self.boxes.items()]
        if self.is_bound:
            field.help_text = _("Boxes always start empty. Tick once more what you would like.")
        if not asks_name:
            del self.fields["given_name"]

    def clean_email(self) -> str:
        if not self.fields["email"].required and not self.cleaned_data["email"].strip():
            return ""
        try:
            return normalise_email(self.cleaned_data["email"])
        except Invalid as problem:
            raise forms.ValidationError(str(problem.message), code=problem.code) from problem

    def clean(self) -> dict[str, Any]:
        """Where texts are offered, a number alone is enough; each box needs what it is for."""
        cleaned = super().clean() or {}
        if "texts" not in self.fields:
            return cleaned
        if not cleaned.get("topics") and not cleaned.get("texts") and "topics" not in self.errors:
            self.add_error("topics", self.fields["topics"].error_messages["required"])
        if cleaned.get("topics") and not cleaned.get("email") and "email" not in self.errors:
            self.add_error("email", self.fields["email"].error_messages["required"])
        if cleaned.get("texts") and not cleaned.get("phone") and "phone" not in self.errors:
            self.add_error("phone", _("Write the number that texts should go to."))
        return cleaned

    def clean_phone(self) -> str:
        typed = self.cleaned_data["phone"].strip()
        try:
            return normalise_phone(typed, self.country) if typed else ""
        except Invalid as problem:
            raise forms.ValidationError(str(problem.message), code=problem.code) from problem

    def _offer_texts(self, texts: Mapping[str, str], country: str) -> None:
        self.country = country
        if not texts:
            del self.fields["phone"], self.fields["texts"]
            return
        self.fields["email"].required = self.fields["topics"].required = False
        halves = {key: words.partition("\n") for key, words in texts.items()}
        self.fields["texts"].widget = ConsentBoxes({key: rest for key, (_head, _line, rest) in halves.items()})
        self.fields["texts"].choices = [(key, head) for key, (head, _line, _rest) in halves.items()]  # type: ignore[attr-defined]

    def ticked_texts(self) -> list[SignupFormTopic]:
        """The boxes for texts that were ticked."""
        return [self.boxes[key] for key in self.cleaned_data.get("texts", [])]

    @property
    def was_filled_by_a_machine(self) -> bool:
        """True when the field that people do not see holds something."""
        return bool(self.data.get(self.add_prefix("company_website"), "").strip())

    def request(self) -> dict[str, Any]:
        """What was asked for: the addresses, the name, the ticked boxes."""
        return {
            "email": self.cleaned_data["email"],
            "given_name": self.cleaned_data.get("given_name", ""),
            "boxes": self.ticked(),
            "number": self.cleaned_data.get("phone", ""),
            "text_boxes": self.ticked_texts(),
        }

    def ticked(self) -> list[SignupFormTopic]:
        """The boxes that were ticked."""
        return [self.boxes[key] for key in self.cleaned_data["topics"]]
