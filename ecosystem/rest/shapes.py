"""A JSON value is of the kind that the OpenAPI file says: a number is no text, and a text is no number."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

_WRITTEN_AS_TEXT = (
    serializers.CharField,
    serializers.UUIDField,
    serializers.ChoiceField,
    serializers.DateField,
    serializers.DateTimeField,
)


class NumberChoiceField(serializers.ChoiceField):
    """One of a few whole numbers, which the OpenAPI file names one by one."""

    def to_internal_value(self, data: Any) -> Any:
        """The number; 30.0 is 30, as JSON has it."""
        return super().to_internal_value(int(data) if _is_whole(data) else data)


def other_kind(field: serializers.Field, value: Any) -> Any:
    """Sentences about a value that is of another kind than its field, by item of a list; None where it is right.

    The framework reads 0 as the text "0" and "yes" as true. In an address there is nothing but text; in a document a
    program that sends another kind has mixed something up, and hears so.
    """
    if value is None or isinstance(field, serializers.BaseSerializer):
        return None
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        found = {number: wrong for number, one in enumerate(value) if (wrong := other_kind(field.child, one))}
        return found or None
    if isinstance(field, serializers.BooleanField) and not isinstance(value, bool):
        return [_("Send true or false.")]
    if isinstance(field, serializers.IntegerField | NumberChoiceField):
        return None if _is_whole(value) else [_("Send a whole number.")]
    if isinstance(field, _WRITTEN_AS_TEXT) and not isinstance(value, str):
        return [_("Send this as text, in quotes.")]
    if isinstance(field, serializers.CharField) and field.max_length and len(value) > field.max_length:
        # Measured as it was sent: what is trimmed off its ends counts, as the file says.
        return [field.error_messages["max_length"].format(max_length=field.max_length)]
    return None


def other_kinds(fields: Mapping[str, serializers.Field], document: Mapping[str, Any]) -> dict[str, Any]:
    """The same for every field of a document."""
    found = {name: other_kind(field, document[name]) for name, field in fields.items() if name in document}
    return {name: wrong for name, wrong in found.items() if wrong}


def _is_whole(value: Any) -> bool:
    """Whether JSON means a whole number: 5.0 is one, true is none."""
    return not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
