"""The name of a person beside what is said of them, so that a list of those of whom it is said is read in its order."""

from typing import Any

from django.db import models

LONGEST_NAME = 170


class SortNameOfContact(models.CharField):  # type: ignore[type-arg]
    """A copy of the contact's `sort_name`, which the database writes and keeps; nobody else needs to.

    An index of (what is said, sort_name, contact) gives a page of the list anywhere in it for the price of its lines.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs.update(max_length=LONGEST_NAME, default="", db_default="", editable=False)
        super().__init__(**kwargs)

    def deconstruct(self) -> Any:
        name, path, args, _kwargs = super().deconstruct()
        return name, path, args, {}
