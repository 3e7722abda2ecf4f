"""A broken rule beside the field it is about."""

from django.forms import BaseForm

from ecosystem.base.errors import DomainError


def add_domain_error(form: BaseForm, error: DomainError) -> None:
    """Show the rule's sentence at its field, or on top of the form where it has none there."""
    form.add_error(error.field if error.field in form.fields else None, str(error.message))
