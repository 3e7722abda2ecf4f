"""Forms of the four steps of bringing in a list."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.lists.columns import COLUMN_MEANINGS, IGNORE
from contacts.lists.csv_files import MAX_BYTES
from contacts.models import Import, Stage, Topic


class ImportUploadForm(forms.Form):
    """The file."""

    file = forms.FileField(
        label=_("Your list"),
        help_text=_("A CSV file up to 25 MB. Excel, Google and most shop systems can save one."),
        error_messages={"empty": _("This file is empty. Choose the list once more.")},
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
    )

    def clean_file(self) -> Any:
        """Refuse what is larger than we read, before reading it."""
        uploaded = self.cleaned_data["file"]
        if uploaded.size > MAX_BYTES:
            raise forms.ValidationError(_("This file is larger than 25 MB. Split it and bring in the parts."))
        return uploaded


class ImportColumnsForm(forms.Form):
    """One choice per column: what it means, or that it is left out."""

    def __init__(self, imported: Import, data: Any = None) -> None:
        super().__init__(data)
        self.imported = imported
        choices = [(IGNORE, _("Leave out")), *COLUMN_MEANINGS.items()]
        for index, name in enumerate(imported.header):
            self.fields[f"column_{index}"] = forms.ChoiceField(
                label=name or _("Column %(number)s") % {"number": index + 1},
                choices=choices,
                required=False,
                initial=imported.mapping.get(str(index), IGNORE),
            )

    def rows(self) -> list[tuple[forms.BoundField, list[str]]]:
        """Each column's choice with its first values, for the page."""
        return [
            (self[f"column_{index}"], [row[index] for row in self.imported.sample if index < len(row)][:3])
            for index in range(len(self.imported.header))
        ]

    def mapping(self) -> dict[str, str]:
        """The choices by column index."""
        return {str(index): self.cleaned_data[f"column_{index}"] for index in range(len(self.imported.header))}


class ImportPermissionForm(forms.Form):
    """What these people said, and where they stand."""

    # Needed with a yes; without one they count for nothing.
    needed_later = ("topic", "source", "said_on")

    rule = forms.ChoiceField(
        label=_("Did these people say yes to hearing from you by email?"),
        choices=[
            ("none", _("No, or I am not sure. Bring them in and write to nobody.")),
            ("column", _("Some did. A column of the list says who.")),
            ("all", _("Yes, each of them, and I can show where and when.")),
        ],
        initial="none",
        widget=forms.RadioSelect,
    )
    topic = forms.ModelChoiceField(
        Topic.objects.none(), label=_("What they said yes to"), required=False, empty_label=_("Choose one")
    )
    source = forms.CharField(
        label=_("Where they said it"),
        max_length=160,
        required=False,
        help_text=_("For example: paper form at the counter, checkout of the old shop."),
    )
    said_on = forms.DateField(
        label=_("On which day"),
        required=False,
        help_text=_("Not needed when the list has a column of days."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    stage = forms.ChoiceField(label=_("Where they stand, if the list does not say"), choices=[])
    tags = forms.CharField(
        label=_("Tags for all of them"), max_length=200, required=False, help_text=_("Parted by commas.")
    )

    def __init__(self, data: Any = None, *, initial: dict[str, Any], labels: dict[str, str]) -> None:
        super().__init__(data, initial=initial)
        self.fields["topic"].queryset = Topic.objects.filter(archived_at__isnull=True).order_by("name")  # type: ignore[attr-defined]
        self.fields["stage"].choices = [  # type: ignore[attr-defined]
            (stage.value, labels.get(stage.value, stage.label)) for stage in Stage if stage.value in labels
        ]

    def clean_tags(self) -> list[str]:
        """The tags as a list."""
        return [tag.strip() for tag in self.cleaned_data["tags"].split(",") if tag.strip()]
