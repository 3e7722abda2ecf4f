"""The words that a business puts on people."""

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from contacts.models import Tag
from ecosystem.base.addresses import fold
from ecosystem.base.errors import NotFound


def get_tag(tag_id: UUID) -> Tag:
    """A tag of the current business; NotFound for every other id."""
    found = Tag.objects.filter(pk=tag_id).first()
    if found is None:
        raise NotFound("tag_not_found", _("There is no such tag."))
    return found


def find_tag(name: str) -> Tag | None:
    """The tag of these words, whatever their capitals and accents, or None."""
    return Tag.objects.filter(name_norm=fold(" ".join(name.split()))).first()
