"""The domains that a business's letters may come from."""

from django.db import models

from ecosystem.base.fields import TenantUniqueConstraint
from ecosystem.base.models import TenantModel


class SenderDomain(TenantModel):
    """A domain that a business says is its own, and what DNS says to it.

    Letters come from it while `good_until` lies ahead: each good look prolongs it by a day, a bad one ends it at once.
    """

    domain = models.CharField(max_length=253)
    token = models.CharField(max_length=40, help_text="stands in DNS and proves that the domain is theirs")
    selector = models.CharField(max_length=63, blank=True, help_text="where the key of its signatures stands (DKIM)")
    found = models.JSONField(default=dict, help_text="by record: yes, no, or unknown where DNS gave no answer")
    look_at = models.DateTimeField(help_text="when DNS is asked again")
    checked_at = models.DateTimeField(null=True)
    good_until = models.DateTimeField(null=True)
    lost_at = models.DateTimeField(null=True, help_text="when a domain that was good turned out not to be any more")

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "domain"], name="sender_domain_once")]

    def __str__(self) -> str:
        return self.domain
