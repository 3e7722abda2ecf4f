"""Counts that are kept while rows change, so that no page ever counts a table."""

from django.db import models

from ecosystem.base.models import TenantModel


class Tally(TenantModel):
    """One change of one count. The count is the sum; rows are folded now and then.

    Changes are appended, never updated, so that counting locks nobody.
    """

    name = models.CharField(max_length=40)
    key = models.CharField(max_length=120, blank=True)
    amount = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["business_id", "name", "key"], include=["amount"], name="tally_by_name")]

    def __str__(self) -> str:
        return f"{self.name} {self.key} {self.amount:+d}"
