"""The words that a business puts on people."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, ContactTag, Tag
from ecosystem.base.addresses import fold
from ecosystem.base.errors import NotFound

MOST_WORN = 50


def get_tag(tag_id: UUID) -> Tag:
    """A tag of the current business; NotFound for every other id."""
    found = Tag.objects.filter(pk=tag_id).first()
    if found is None:
        raise NotFound("tag_not_found", _("There is no such tag."))
    return found


def find_tag(name: str) -> Tag | None:
    """The tag of these words, whatever their capitals and accents, or None."""
    return Tag.objects.filter(name_norm=fold(" ".join(name.split()))).first()


def tags() -> QuerySet[Tag]:
    """The tags of the business."""
    return Tag.objects.all()


def tags_of(contact: Contact) -> list[Tag]:
    """The tags on a person, by name; there are never many."""
    worn = ContactTag.objects.filter(contact=contact).select_related("tag").order_by("tag__name_norm")
    return [one.tag for one in worn[:MOST_WORN]]
