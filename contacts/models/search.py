"""The words by which people and organizations are found, kept by the database while what they come from changes."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models.contacts import Contact
from contacts.models.organizations import Organization
from ecosystem.base.fields import TenantForeignKey
from ecosystem.base.models import TenantModel


class SearchToken(TenantModel):
    """A word of a name, a part of an email address, or `#` and the digits of a phone number from the last one on.

    Folded, compared by its beginning. Whoever is deleted has none. Triggers write them (see migration 0017).
    """

    class Source(models.TextChoices):
        NAME = "name", _("Name")
        EMAIL = "email", _("Email")
        PHONE = "phone", _("Phone")
        HANDLE = "handle", _("Handle")

    token = models.CharField(max_length=64, db_collation="C")
    source = models.CharField(max_length=6, choices=Source.choices)
    contact = TenantForeignKey(Contact, null=True, on_delete=models.CASCADE, related_name="+")
    organization = TenantForeignKey(Organization, null=True, on_delete=models.CASCADE, related_name="+")

    class Meta:
        indexes = [
            models.Index(
                fields=["business_id", "token", "contact"],
                name="search_token_people",
                condition=models.Q(contact__isnull=False),
            ),
            models.Index(
                fields=["business_id", "token", "organization"],
                name="search_token_firms",
                condition=models.Q(organization__isnull=False),
            ),
            models.Index(
                fields=["business_id", "contact", "token"],
                name="search_token_of_person",
                condition=models.Q(contact__isnull=False),
            ),
            models.Index(
                fields=["business_id", "organization", "token"],
                name="search_token_of_firm",
                condition=models.Q(organization__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.token
