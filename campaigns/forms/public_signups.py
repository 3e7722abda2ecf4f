"""What a visitor sends from an opt-in page."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import SignupFormTopic
from ecosystem.base.addresses import normalise_email
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
    token = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, boxes: Sequence[SignupFormTopic], asks_name: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.boxes = {str(box.topic_id): box for box in boxes}
        field = self.fields["topics"]
        field.widget = ConsentBoxes({key: box.topic.promise for key, box in self.boxes.items()})
        field.choices = [(key, box.wording) for key, box in self.boxes.items()]
        if self.is_bound:
            field.help_text = _("Boxes always start empty. Tick once more what you would like.")
        if not asks_name:
            del self.fields["given_name"]

    def clean_email(self) -> str:
        try:
            return normalise_email(self.cleaned_data["email"])
        except Invalid as problem:
            raise forms.ValidationError(str(problem.message), code=problem.code) from problem

    @property
    def was_filled_by_a_machine(self) -> bool:
        """True when the field that people do not see holds something."""
        return bool(self.data.get(self.add_prefix("company_website"), "").strip())

    def request(self) -> dict[str, Any]:
        """What was asked for: the address, the name, the ticked boxes."""
        return {
            "email": self.cleaned_data["email"],
            "given_name": self.cleaned_data.get("given_name", ""),
            "boxes": self.ticked(),
        }

    def ticked(self) -> list[SignupFormTopic]:
        """The boxes that were ticked."""
        return [self.boxes[key] for key in self.cleaned_data["topics"]]
