"""What is wrong with a field, in our words where the framework has only its own."""

from django import forms
from django.core import validators
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_CHOICES = (forms.ChoiceField, forms.ModelChoiceField)

# The framework's own sentence by code and, beside it, ours. A sentence that a form wrote itself is never replaced.
_PLAIN: tuple[tuple[object, Promise], ...] = (
    (forms.IntegerField.default_error_messages["invalid"], _("Write a whole number.")),
    (forms.DateField.default_error_messages["invalid"], _("Write a day, such as 2026-05-04.")),
    (validators.validate_email.message, _("That does not look like an address. One reads like nora@example.com.")),
    (validators.MaxLengthValidator.message, _("At most %(limit_value)d letters fit here. These are %(show_value)d.")),
    (validators.MinValueValidator.message, _("Write %(limit_value)s or more.")),
    (validators.MaxValueValidator.message, _("Write %(limit_value)s or less.")),
    (forms.ChoiceField.default_error_messages["invalid_choice"], _("Choose one of the list.")),
    (forms.MultipleChoiceField.default_error_messages["invalid_choice"], _("Choose from the list.")),
    (forms.ModelChoiceField.default_error_messages["invalid_choice"], _("Choose one of the list.")),
    (
        validators.ProhibitNullCharactersValidator.message,
        _("There is a sign in it that cannot be kept. Type it anew."),
    ),
)


def sentences_of(field: BoundField) -> list[str]:
    """Everything that is wrong with a field, one sentence each."""
    return [_sentence(field, error) for error in field.errors.as_data()]


def _needed(field: forms.Field) -> Promise:
    if isinstance(field, forms.DateField):
        return _("Choose a day.")
    if isinstance(field, forms.FileField):
        return _("Choose a file first.")
    return _("Choose one.") if isinstance(field, _CHOICES) else _("Write something here: it is needed.")


def _sentence(field: BoundField, error: ValidationError) -> str:
    if error.message is forms.Field.default_error_messages["required"]:
        return str(_needed(field.field))
    ours = next((words for theirs, words in _PLAIN if error.message is theirs), None)
    if ours is None:
        return " ".join(error.messages)
    return str(ours) % error.params if error.params else str(ours)
