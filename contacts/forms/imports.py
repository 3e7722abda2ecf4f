"""Forms of the four steps of bringing in a list."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from contacts.lists.columns import COLUMN_MEANINGS, IGNORE
from contacts.lists.csv_files import MAX_BYTES
from contacts.models import DIFFERING, Import, ImportProblem, Stage, Topic

LONGEST_CELL = 300


class ImportUploadForm(forms.Form):
    """The file."""

    file = forms.FileField(
        label=_("Your list"),
        help_text=_("A CSV file, an Excel workbook or the cards of a phone (vCard, .vcf), up to 25 MB."),
        error_messages={"empty": _("This file is empty. Choose the list once more.")},
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx,.xlsm,.vcf,.vcard,text/csv,text/vcard"}),
    )

    def clean_file(self) -> Any:
        """Refuse what is larger than we read, before reading it."""
        uploaded = self.cleaned_data["file"]
        if uploaded.size > MAX_BYTES:
            raise forms.ValidationError(_("This file is larger than 25 MB. Split it and bring in the parts."))
        return uploaded


class ImportSheetForm(forms.Form):
    """Which sheet of a workbook holds the list."""

    sheet = forms.ChoiceField(
        label=_("Which sheet is it?"),
        choices=[],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the sheet that holds your list.")},
    )

    def __init__(self, imported: Import, data: Any = None) -> None:
        super().__init__(data)
        self.fields["sheet"].choices = [(name, name) for name in imported.sheets]  # type: ignore[attr-defined]


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
    known = forms.ChoiceField(
        label=_("What of people you have already?"),
        choices=[
            (Import.Known.SKIP, _("Leave them as they are.")),
            (
                Import.Known.UPDATE,
                _(
                    "Take the list's word: first and last name, phone, postal address, and a rung that is higher. "
                    "An empty cell or half a name changes nothing."
                ),
            ),
            (Import.Known.ASK, _("Ask me: where name, phone, address or rung differ, show me both afterwards.")),
        ],
        initial=Import.Known.SKIP,
        required=False,
        widget=forms.RadioSelect,
        help_text=_("In each case they get the list's tags and firms. Nobody moves down, and a no stays a no."),
    )
    tags = forms.CharField(
        label=_("Tags for all of them"), max_length=200, required=False, help_text=_("Parted by commas.")
    )

    def __init__(self, data: Any = None, *, initial: dict[str, Any], labels: dict[str, str]) -> None:
        super().__init__(data, initial=initial)
        self.fields["topic"].queryset = Topic.objects.filter(archived_at__isnull=True).order_by("name")  # type: ignore[attr-defined]
        self.fields["stage"].choices = [  # type: ignore[attr-defined]
            (stage.value, labels.get(stage.value, stage.label)) for stage in Stage if stage.value in labels
        ]

    def clean_known(self) -> str:
        """What was chosen; nothing chosen leaves people as they are."""
        return str(self.cleaned_data["known"] or Import.Known.SKIP)

    def clean_tags(self) -> list[str]:
        """The tags as a list."""
        return [tag.strip() for tag in self.cleaned_data["tags"].split(",") if tag.strip()]


class ProblemForm(forms.Form):
    """One row to mend: a field for each column that means something, and the version of it that was read."""

    version = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, imported: Import, problem: ImportProblem, data: Any = None) -> None:
        super().__init__(data, prefix=str(problem.id), initial={"version": problem.version})
        self.problem = problem
        for index, meaning in sorted(imported.mapping.items(), key=lambda pair: int(pair[0])):
            place = int(index)
            self.fields[index] = forms.CharField(
                label=imported.header[place] or COLUMN_MEANINGS[meaning],
                required=False,
                max_length=LONGEST_CELL,
                initial=problem.row[place] if place < len(problem.row) else "",
            )

    def cells(self) -> dict[int, str]:
        """What was typed, by the column's place."""
        return {int(index): value for index, value in self.cleaned_data.items() if index != "version"}

    def seen(self) -> int:
        """The version that was read; 0, which no row has, where the form names none."""
        told = str(self.data.get(self.add_prefix("version"), ""))
        return int(told) if told.isdecimal() and len(told) < 10 else 0

    def read_anew(self) -> None:
        """Keep what was typed, so that the next sending puts it in place of how the row stands now."""
        self.data = self.data.copy()
        self.data[self.add_prefix("version")] = str(self.problem.version)

    def show_meanwhile(self, sentence: str) -> None:
        """Refuse it with a sentence, and say beside each field what somebody else wrote there."""
        self.full_clean()
        self.add_error(None, sentence)
        for index, field in self.fields.items():
            if index == "version" or str(self[index].value() or "").strip() == str(field.initial or "").strip():
                continue
            said = _("Meanwhile “%(theirs)s” stands here. Send it once more to put yours in its place.")
            empty = _("Meanwhile this is empty. Send it once more to put yours in its place.")
            self.add_error(index, said % {"theirs": field.initial} if field.initial else empty)
        self.read_anew()


def read_answers(posted: QueryDict) -> dict[UUID, set[str]]:
    """For each person on the page of differences the fields that are to be taken from the list."""
    answers: dict[UUID, set[str]] = {}
    for name, value in posted.items():
        change, _sign, field = name.partition(":")
        with suppress(ValueError):
            fields = answers.setdefault(UUID(change), set())
            if value == "theirs" and field in DIFFERING:
                fields.add(field)
    return answers
