"""Where a person or an organization can be reached."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models.contacts import Contact
from contacts.models.organizations import Organization
from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import TenantModel


class ContactPoint(TenantModel):
    """An address as typed and as compared (`value_norm`). A shared one (info@, a couple's phone) matches nobody."""

    class Kind(models.TextChoices):
        EMAIL = "email", _("Email")
        PHONE = "phone", _("Phone")
        POSTAL = "postal", _("Post")
        HANDLE = "handle", _("Handle")

    contact = TenantForeignKey(Contact, null=True, on_delete=models.CASCADE, related_name="points")
    organization = TenantForeignKey(Organization, null=True, on_delete=models.CASCADE, related_name="points")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    value = models.CharField(max_length=300)
    value_norm = models.CharField(max_length=300)
    label = models.CharField(max_length=40, blank=True)
    is_primary = models.BooleanField(default=False)
    is_shared = models.BooleanField(default=False)
    verified_at = models.DateTimeField(null=True, blank=True)
    bounced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            TenantUniqueConstraint(
                fields=["business_id", "kind", "value_norm"],
                name="contact_point_email_once",
                condition=models.Q(kind="email", is_shared=False),
            ),
            TenantUniqueConstraint(
                fields=["business_id", "contact", "kind"],
                name="contact_point_one_primary",
                condition=models.Q(is_primary=True, contact__isnull=False),
            ),
            models.CheckConstraint(
                name="contact_point_one_holder",
                condition=models.Q(contact__isnull=False, organization__isnull=True)
                | models.Q(contact__isnull=True, organization__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["business_id", "kind", "value_norm"], name="contact_point_value"),
            models.Index(fields=["business_id", "contact"], name="contact_point_of_contact"),
            models.Index(
                fields=["business_id", "organization"],
                name="contact_point_of_org",
                condition=models.Q(organization__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.value
