"""What a person can say yes to."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from ecosystem.base.fields import TenantUniqueConstraint
from ecosystem.base.models import TenantModel


class Topic(TenantModel):
    """A thing to say yes to, with the promise that comes with it: how often, and what."""

    class MessageClass(models.TextChoices):
        MARKETING = "marketing", _("News and offers")
        RELATIONSHIP = "relationship", _("What was promised")

    name = models.CharField(_("name"), max_length=80)
    key = models.SlugField(max_length=60)
    promise = models.CharField(_("promise"), max_length=200)
    promised_count = models.PositiveSmallIntegerField(
        _("at most"), default=2, validators=[MinValueValidator(1), MaxValueValidator(31)]
    )
    promised_days = models.PositiveSmallIntegerField(
        _("in so many days"), default=30, validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    message_class = models.CharField(max_length=12, choices=MessageClass.choices, default=MessageClass.MARKETING)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "key"], name="topic_key_once")]

    def __str__(self) -> str:
        return self.name
