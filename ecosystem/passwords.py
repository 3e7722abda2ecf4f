"""Which passwords are too easy to guess, beside those that are too short or stand in the list of common ones."""

from itertools import pairwise
from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

FEWEST_CHARACTERS = 3
_ROWS = ("01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_ENDS = "0123456789!?.@#$_- "


class GuessablePasswordValidator:
    """Refuses one thing again and again, a run over the keyboard, and a common password with something stuck to it.

    Asks for no mixture of characters: words alone are fine.
    """

    def __init__(self) -> None:
        self._common = CommonPasswordValidator().passwords

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError for a password that a program guesses among its first."""
        typed = password.lower().strip()
        if len(set(typed)) < FEWEST_CHARACTERS or _is_run(typed) or self._is_common_inside(typed):
            raise ValidationError(self.get_help_text(), code="password_too_common")

    def get_help_text(self) -> str:
        return _("That one is common and guessed first. A few words in a row that do not belong together are better.")

    def _is_common_inside(self, typed: str) -> bool:
        half = typed[: len(typed) // 2]
        return typed.strip(_ENDS) in self._common or (half * 2 == typed and half in self._common)


def _is_run(typed: str) -> bool:
    """Whether every character follows the one before it on the keyboard, in the alphabet or in counting."""
    pairs = {pair for row in _ROWS for pair in pairwise(row)}
    pairs |= {(after, before) for before, after in pairs}
    follows = sum(pair in pairs for pair in pairwise(typed))
    return follows >= len(typed) - 2
