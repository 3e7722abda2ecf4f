"""How often a person may be written to, at what hours, and what they were sent lately."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models import Channel
from ecosystem.base.fields import TenantUniqueConstraint
from ecosystem.base.models import TenantModel


class ChannelRule(TenantModel):
    """What a business sets itself for one channel: at most so many letters to a person, and the hours of the day.

    Without a row the common measure counts. Hours are minutes of the day where the reader is; none means any hour. The
    law's own hours for texts are no taste of the business and stand elsewhere.
    """

    channel = models.CharField(max_length=10, choices=Channel.choices)
    most_count = models.PositiveSmallIntegerField(
        _("at most"), validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    most_days = models.PositiveSmallIntegerField(
        _("in so many days"), validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    opens_minute = models.PositiveSmallIntegerField(null=True, blank=True)
    closes_minute = models.PositiveSmallIntegerField(null=True, blank=True)
    at_weekends = models.BooleanField(default=True, db_default=True)

    class Meta:
        constraints = [
            TenantUniqueConstraint(fields=["business_id", "channel"], name="channel_rule_once"),
            models.CheckConstraint(
                name="channel_rule_opens_before_it_closes",
                condition=models.Q(opens_minute__isnull=True, closes_minute__isnull=True)
                | models.Q(opens_minute__lt=models.F("closes_minute"), closes_minute__lte=1440),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.most_count} in {self.most_days}"


class Pressure(TenantModel):
    """When a person was written to lately, and when a letter that was held back will go: one ring of times.

    Has the id of its contact, and goes with it. The four lists go together, place by place. One row for all channels
    and topics: whoever wants to write to somebody waits for this row, so that no two letters take the last place.
    """

    taken_at = ArrayField(models.DateTimeField())
    channels = ArrayField(models.CharField(max_length=10))
    topic_ids = ArrayField(models.UUIDField())
    message_ids = ArrayField(models.UUIDField())

    def __str__(self) -> str:
        return f"{len(self.taken_at)} letters to {self.id}"
