"""The pictures by which customers know a business."""

from django.db import models

from ecosystem.base.fields import TenantUniqueConstraint
from ecosystem.base.models import TenantModel


class BrandImage(TenantModel):
    """A picture that we drew anew from what was uploaded; `key` is its address, which nobody can guess."""

    key = models.CharField(max_length=43)
    content = models.BinaryField(help_text="always a PNG of ours, never the bytes that came in")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "key"], name="brand_image_key_once")]

    def __str__(self) -> str:
        return f"{self.width} x {self.height}"
