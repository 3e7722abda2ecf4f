"""A list sent as the file that it is, with what its columns mean."""

from drf_spectacular.utils import OpenApiExample, OpenApiRequest, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.import_checks import need_scopes_of
from contacts.api.imports import ImportOut, ListIn, told_of
from contacts.lists.columns import COLUMN_MEANINGS
from contacts.lists.csv_files import MAX_COLUMNS
from contacts.queries.topics import get_open_topic
from contacts.services.row_lists import begin_import, import_file
from ecosystem.rest.base import ApiView, In
from ecosystem.scopes import Scope

FILE = "Name,E-mail,Since\nBea Ruiz,bea@example.com,2024\nCleo Marsh,cleo@@example,2025\n"
EXAMPLE = OpenApiExample(
    "Example", {"file": FILE, "about": {"mapping": {"Name": "full_name", "E-mail": "email"}, "tags": ["Fair"]}}
)


class MappingField(serializers.DictField):
    """Names of columns, each with its meaning."""

    child = serializers.ChoiceField(choices=[(name, name) for name in COLUMN_MEANINGS])

    def to_internal_value(self, data: object) -> dict[str, str]:
        found: dict[str, str] = super().to_internal_value(data)
        if len(found) > MAX_COLUMNS:
            raise serializers.ValidationError([f"Name at most {MAX_COLUMNS} columns."])
        return found


class AboutFileIn(ListIn):
    """What the columns of the file mean, and what holds for all of its people."""

    name = serializers.CharField(
        required=False, max_length=200, help_text="What the list is called; otherwise as its file."
    )
    sheet = serializers.CharField(
        required=False, allow_blank=True, max_length=200, default="", help_text="Of a workbook with several."
    )
    mapping = MappingField(
        required=False,
        help_text="What a column means, by its name in the first line; the others are left out. Without a mapping the "
        "columns are read as the page would guess.",
    )


class ImportFileIn(In):
    """A file, and a JSON document about it."""

    file = serializers.FileField(
        help_text="CSV, an Excel workbook, or cards (vCard); at most 25 MB, 200,000 rows or cards, and 200 columns."
    )
    about = AboutFileIn()


class ImportFileView(ApiView):
    """Lists from files."""

    scopes = {"post": Scope.IMPORTS_WRITE}
    parser_classes = (MultiPartParser,)
    most_megabytes = 25

    @extend_schema(
        operation_id="import_file_add",
        request={"multipart/form-data": OpenApiRequest(ImportFileIn, examples=[EXAMPLE])},
        responses={202: ImportOut},
        tags=["Imports"],
    )
    def post(self, request: Request) -> Response:
        """Bring in a file with what its columns mean, in the background: what the pages ask for, in one call.

        The limits are those of the page, and so are the scopes of a list of rows. `about` is a JSON document; with
        `check_first` in it nobody comes in before you `start` the list.
        """
        given = self.read_form(ImportFileIn)
        file, about = given["file"], given["about"]
        check_first, topic_id = about.pop("check_first"), about.pop("topic_id", None)
        imported = import_file(
            file.read(),
            file_name=about.pop("name", file.name),
            topic=get_open_topic(topic_id) if topic_id else None,
            actor=self.member,
            **about,
        )
        need_scopes_of(self, imported, imported.mapping.values())
        return told_of(begin_import(imported.pk, check_first=check_first, actor=self.member))
