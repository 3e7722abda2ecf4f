"""Choices that look like cards: an icon and a line of explanation beside the word."""

from collections.abc import Mapping
from typing import Any

from django import forms


class _Described:
    """Adds to every option what the card shows beside its label."""

    option_template_name = "ecosystem/setup/_choice.html"

    def __init__(
        self, *, icons: Mapping[str, str] | None = None, notes: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.icons, self.notes = icons or {}, notes or {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)  # type: ignore[misc]
        return option | {"icon": self.icons.get(str(value), ""), "note": self.notes.get(str(value), "")}


class DescribedRadio(_Described, forms.RadioSelect):
    """One of several cards."""


class DescribedCheckboxes(_Described, forms.CheckboxSelectMultiple):
    """Any of several cards."""
