"""Firms, schools, associations, and who works there."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models.contacts import Contact
from contacts.models.sort_names import SortNameOfContact
from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import TenantModel


class Organization(TenantModel):
    """A firm or other body. It stands in the world by its main contact; context ones are never written to."""

    name = models.CharField(_("name"), max_length=170)
    sort_name = models.CharField(max_length=170)
    website = models.URLField(_("website"), max_length=300, blank=True)
    is_context = models.BooleanField(_("only context, never written to"), default=False)
    main_contact = TenantForeignKey(Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["business_id", "sort_name", "id"],
                name="organization_by_name",
                condition=models.Q(deleted_at__isnull=True),
            ),
            models.Index(fields=["business_id", "main_contact"], name="organization_of_contact"),
        ]

    def __str__(self) -> str:
        return self.name


class Affiliation(TenantModel):
    """A person's place in an organization, from a day until a day."""

    contact = TenantForeignKey(Contact, on_delete=models.CASCADE, related_name="affiliations")
    organization = TenantForeignKey(Organization, on_delete=models.CASCADE, related_name="affiliations")
    title = models.CharField(_("what they do there"), max_length=80, blank=True)
    started_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)
    sort_name = SortNameOfContact()

    class Meta:
        constraints = [
            TenantUniqueConstraint(
                fields=["business_id", "contact", "organization"],
                name="affiliation_open_once",
                condition=models.Q(ended_on__isnull=True),
            )
        ]
        indexes = [
            models.Index(fields=["business_id", "organization"], name="affiliation_of_organization"),
            models.Index(
                fields=["business_id", "organization", "sort_name", "contact"],
                name="affiliation_by_name",
                condition=models.Q(ended_on__isnull=True),
            ),
            models.Index(fields=["business_id", "contact"], name="affiliation_of_contact"),
        ]

    def __str__(self) -> str:
        return self.title
