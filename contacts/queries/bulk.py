"""Reading changes to many people."""

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from contacts.models import BulkEdit
from ecosystem.base.errors import NotFound


def get_bulk_edit(edit_id: UUID) -> BulkEdit:
    """A change to many people of the current business, with its job; NotFound for every other id."""
    found = BulkEdit.objects.select_related("job").filter(pk=edit_id).first()
    if found is None:
        raise NotFound("bulk_edit_not_found", _("There is no such change."))
    return found
