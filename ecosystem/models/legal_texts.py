"""What a business promises about data, and its terms: every version that was ever shown."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ecosystem.base.fields import TenantUniqueConstraint
from ecosystem.base.models import LedgerModel


class LegalText(LedgerModel):
    """One version of a text, as it was published. Never changed: the proof of a yes names the version shown."""

    class Kind(models.TextChoices):
        PRIVACY = "privacy", _("Privacy notice")
        TERMS = "terms", _("Terms")

    kind = models.CharField(max_length=8, choices=Kind.choices)
    number = models.PositiveIntegerField()
    body = models.TextField(max_length=40_000)

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "kind", "number"], name="legal_text_number_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"
