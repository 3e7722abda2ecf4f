"""What somebody is to the business beside the ladder."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contacts.models.contacts import Contact
from contacts.models.organizations import Organization
from contacts.models.sort_names import SortNameOfContact
from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import TenantModel
from ecosystem.models import Membership


class RoleAssignment(TenantModel):
    """An associate, vendor or partner, from a date to a date. `contact` is the person that is fed for it.

    An organization's role names its main contact, so that each kind counts people.
    """

    class Kind(models.TextChoices):
        ASSOCIATE = "associate", _("Associate")
        VENDOR = "vendor", _("Vendor")
        PARTNER = "partner", _("Partner")

    kind = models.CharField(max_length=9, choices=Kind.choices)
    contact = TenantForeignKey(Contact, on_delete=models.CASCADE, related_name="roles")
    organization = TenantForeignKey(Organization, null=True, blank=True, on_delete=models.CASCADE, related_name="roles")
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    fed_at = models.DateTimeField(default=timezone.now)
    started_by = TenantForeignKey(Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    note = models.CharField(max_length=200, blank=True)
    sort_name = SortNameOfContact()

    class Meta:
        constraints = [
            TenantUniqueConstraint(
                fields=["business_id", "contact", "kind"],
                name="role_open_once",
                condition=models.Q(ended_at__isnull=True),
            )
        ]
        indexes = [
            models.Index(
                fields=["business_id", "kind", "-contact"],
                name="role_newest",
                condition=models.Q(ended_at__isnull=True),
            ),
            models.Index(
                fields=["business_id", "kind", "sort_name", "contact"],
                name="role_by_name",
                condition=models.Q(ended_at__isnull=True),
            ),
            models.Index(
                fields=["business_id", "kind", "fed_at", "contact"],
                name="role_hunger",
                condition=models.Q(ended_at__isnull=True),
            ),
            models.Index(fields=["business_id", "organization"], name="role_of_organization"),
            models.Index(fields=["business_id", "contact", "-id"], name="role_of_contact"),
        ]

    def __str__(self) -> str:
        return self.kind
