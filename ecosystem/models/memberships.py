"""Who may enter a business, as what, and who has been asked to."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ecosystem.base.access import Role
from ecosystem.base.fields import BusinessField, TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import TenantModel


class Membership(TenantModel):
    """A user's role in a business. The user reads their own rows also before any business is entered."""

    business_id = BusinessField(also_readable_by="user_id")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False, related_name="+")
    role = models.CharField(max_length=8, choices=Role.choices)
    expires_at = models.DateTimeField(_("until"), null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    unread_notices = models.IntegerField(default=0, db_default=0)

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "user"], name="membership_one_per_user")]
        indexes = [models.Index(fields=["user", "business_id"], name="membership_of_user")]

    def __str__(self) -> str:
        return f"{self.role}"

    def has_ended(self, at: datetime) -> bool:
        """Whether the last day of this membership was over at that moment."""
        return self.expires_at is not None and self.expires_at <= at


class Invitation(TenantModel):
    """An asking of somebody to join the team: bound to the address, used once, for seven days."""

    email = models.EmailField(_("email"), max_length=254)
    role = models.CharField(max_length=8, choices=Role.choices)
    invited_by = TenantForeignKey(Membership, null=True, on_delete=models.SET_NULL, related_name="+")
    secret_hash = models.CharField(max_length=64)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["business_id", "email"], name="invitation_by_email")]

    def __str__(self) -> str:
        return f"{self.role}"
