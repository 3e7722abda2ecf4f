"""Fields of forms that every app uses."""

from typing import Any
from uuid import UUID

from django import forms

from ecosystem.base.ids import uuid7


class NewIdField(forms.Field):
    """The hidden id that a new row will have, so that a second click makes nothing twice.

    One that a browser made up or lost is replaced by another.
    """

    widget = forms.HiddenInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, initial=uuid7, **kwargs)

    def clean(self, value: Any) -> UUID:
        """The id as it was sent, where it is one of ours."""
        try:
            given = UUID(str(value))
        except ValueError:
            return uuid7()
        return given if given.version == 7 else uuid7()
