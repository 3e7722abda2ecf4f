"""Keys by which other programs reach a business over the API."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from ecosystem.base.fields import TenantForeignKey
from ecosystem.base.models import TenantModel
from ecosystem.models.memberships import Membership


class ApiKey(TenantModel):
    """A key with scopes. Only the SHA-256 of its secret is kept; the secret is shown once."""

    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(max_length=16)
    secret_hash = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=40))
    made_by = TenantForeignKey(Membership, null=True, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_ip = models.GenericIPAddressField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class ApiKeyIndex(models.Model):
    """Which business a key belongs to, known before any business is. Global; holds hashes alone."""

    secret_hash = models.CharField(max_length=64, primary_key=True)
    business_id = models.BigIntegerField()
    key_id = models.UUIDField()

    def __str__(self) -> str:
        return str(self.key_id)
