"""Words that a business puts on people."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models.contacts import Contact
from contacts.models.sort_names import SortNameOfContact
from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import TenantModel


class Tag(TenantModel):
    """A word; compared folded, shown as typed."""

    name = models.CharField(_("name"), max_length=40)
    name_norm = models.CharField(max_length=40)

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "name_norm"], name="tag_name_once")]

    def __str__(self) -> str:
        return self.name


class ContactTag(TenantModel):
    """A tag on a contact."""

    tag = TenantForeignKey(Tag, on_delete=models.CASCADE, related_name="+")
    contact = TenantForeignKey(Contact, on_delete=models.CASCADE, related_name="contact_tags")
    sort_name = SortNameOfContact()

    class Meta:
        constraints = [
            TenantUniqueConstraint(fields=["business_id", "tag", "contact"], name="contact_tag_once"),
        ]
        indexes = [
            models.Index(fields=["business_id", "contact"], name="contact_tag_of_contact"),
            models.Index(fields=["business_id", "tag", "sort_name", "contact"], name="contact_tag_by_name"),
        ]

    def __str__(self) -> str:
        return str(self.tag_id)
