"""Putting words on people and taking them off."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from contacts.events import ContactTagged, ContactUntagged
from contacts.models import Contact, ContactTag, Tag
from ecosystem.base.addresses import fold
from ecosystem.base.errors import Invalid
from ecosystem.base.events import publish
from ecosystem.base.tenancy import current_business_id

LONGEST_TAG = 40
MOST_TAGS = 20


@transaction.atomic
def tag_contact(contact: Contact, names: Iterable[str]) -> list[Tag]:
    """Put words on a person; a word that is new to the business is made. Twice the same word is once.

    Publishes ContactTagged for the words that they did not have.
    """
    tags = ensure_tags(names)
    if not tags:
        return []
    Contact.objects.select_for_update(no_key=True).filter(pk=contact.pk).values_list("pk").first()
    had = set(ContactTag.objects.filter(contact=contact).values_list("tag_id", flat=True))
    new = [tag for tag in tags if tag.pk not in had]
    if len(had) + len(new) > MOST_TAGS:
        sentence = _("%(count)d tags are enough for one person. Take one off first.") % {"count": MOST_TAGS}
        raise Invalid("too_many_tags", sentence, field="tags")
    if new:
        ContactTag.objects.bulk_create([ContactTag(contact=contact, tag=tag) for tag in new])
        publish(
            ContactTagged(
                business_id=current_business_id(), contact_id=contact.pk, tag_ids=tuple(tag.pk for tag in new)
            )
        )
    return tags


@transaction.atomic
def untag_contact(contact: Contact, tag: Tag) -> None:
    """Take a word off a person; nothing happens where they do not have it. Publishes ContactUntagged."""
    Contact.objects.select_for_update(no_key=True).filter(pk=contact.pk).values_list("pk").first()
    removed, _by_model = ContactTag.objects.filter(contact=contact, tag=tag).delete()
    if removed:
        publish(ContactUntagged(business_id=current_business_id(), contact_id=contact.pk, tag_id=tag.pk))


def ensure_tags(names: Iterable[str]) -> list[Tag]:
    """The business's tags of these names, made where they are missing. Capitals and accents make no difference."""
    wanted: dict[str, str] = {}
    for name in names:
        typed = " ".join(name.split())
        if len(typed) > LONGEST_TAG:
            sentence = _("“%(name)s” is too long for a tag. %(count)d letters are enough.")
            raise Invalid("tag_too_long", sentence % {"name": typed[:LONGEST_TAG], "count": LONGEST_TAG}, field="tags")
        if fold(typed):
            wanted.setdefault(fold(typed)[:LONGEST_TAG], typed)
    if not wanted:
        return []
    new = [Tag(name=typed, name_norm=norm) for norm, typed in wanted.items()]
    Tag.objects.bulk_create(new, ignore_conflicts=True)
    return list(Tag.objects.filter(name_norm__in=wanted).order_by("name_norm"))
