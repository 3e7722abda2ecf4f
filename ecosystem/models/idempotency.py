"""What a call of the API was answered, so that the same call again changes nothing."""

from django.db import models

from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import TenantModel
from ecosystem.models.api_keys import ApiKey


class IdempotencyKey(TenantModel):
    """One `Idempotency-Key` of one API key with the answer that its first call got, sealed, for a day."""

    api_key = TenantForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    content_type = models.CharField(max_length=80)
    headers = models.JSONField(default=dict, help_text="what else of the answer a program goes on with")
    sealed = models.BinaryField()

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "api_key", "key"], name="idempotency_key_one")]
        indexes = [models.Index(fields=["business_id", "created_at"], name="idempotency_key_old")]

    def __str__(self) -> str:
        return self.key
