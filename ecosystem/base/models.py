"""The abstract models that every tenant table is made of."""

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from ecosystem.base.fields import BusinessField
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import TenantManager


class TenantModel(models.Model):
    """A row of one business. `version` rises with every edit, so that a stale one is noticed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    business_id = BusinessField()
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_default=Now())
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    objects = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"


class LedgerModel(models.Model):
    """A row of one business that is written once: the application may neither change nor delete it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    business_id = BusinessField(append_only=True)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)

    objects = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
