"""One model for every case that the wall must know."""

from django.db import models

from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import LedgerModel, TenantModel


class Shelf(TenantModel):
    """A parent; shelves may stand on shelves."""

    name = models.CharField(max_length=40)
    stands_on = TenantForeignKey("self", null=True, on_delete=models.CASCADE, related_name="carries")

    class Meta:
        app_label = "tenantapp"
        constraints = [TenantUniqueConstraint(fields=["business_id", "name"], name="shelf_name_once")]


class Jar(TenantModel):
    """A child: goes with its shelf, outlives its label."""

    name = models.CharField(max_length=40)
    size = models.IntegerField(default=1)
    shelf = TenantForeignKey(Shelf, on_delete=models.CASCADE, related_name="jars")
    label = TenantForeignKey("Label", null=True, on_delete=models.SET_NULL, related_name="jars")

    class Meta:
        app_label = "tenantapp"


class Label(TenantModel):
    """Points back at a jar: a true cycle."""

    text = models.CharField(max_length=40)
    first_jar = TenantForeignKey(Jar, null=True, on_delete=models.CASCADE, related_name="+")

    class Meta:
        app_label = "tenantapp"


class Tasting(LedgerModel):
    """A ledger line about a jar."""

    jar = TenantForeignKey(Jar, on_delete=models.DO_NOTHING, related_name="tastings")
    verdict = models.CharField(max_length=40)

    class Meta:
        app_label = "tenantapp"
