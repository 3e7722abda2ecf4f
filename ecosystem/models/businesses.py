"""The tenant and what it says of itself."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ecosystem.base.fields import TenantUniqueConstraint
from ecosystem.base.models import TenantModel


class Business(models.Model):
    """One small business. Global, so that a slug can be resolved before anybody is let in."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        CLOSING = "closing", _("Closing")
        CLOSED = "closed", _("Closed")

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=120)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now())
    closes_at = models.DateTimeField(null=True, blank=True, help_text="when all of it is deleted, once it is closing")
    paused_by_closing = models.BooleanField(default=False, db_default=False)
    quotas = models.JSONField(
        default=dict,
        blank=True,
        db_default=models.Value({}, models.JSONField()),
        help_text="by quota, the figures of its own: 0 is no limit. What is not named is as usual",
    )

    def __str__(self) -> str:
        return self.name

    @property
    def is_closing(self) -> bool:
        """Whether it is on its way out: nothing is sent, and an owner can still change their mind."""
        return self.state == self.State.CLOSING


class BusinessProfile(TenantModel):
    """Everything a business tells of itself: trade, place, core message, sender."""

    trade = models.CharField(_("trade"), max_length=80, blank=True)
    town = models.CharField(_("town"), max_length=120, blank=True)
    country = models.CharField(_("country"), max_length=2, default="US")
    timezone = models.CharField(_("time zone"), max_length=64, default="America/New_York")
    language = models.CharField(_("language"), max_length=12, default="en")
    currency = models.CharField(_("currency"), max_length=3, default="USD")
    core_message = models.CharField(_("core message"), max_length=160, blank=True)
    core_unique = models.TextField(_("what is unique about you"), max_length=1000, blank=True)
    core_audience = models.TextField(_("who should care"), max_length=1000, blank=True)
    mark_icon = models.CharField(max_length=40, default="croissant")
    mark_colour = models.CharField(max_length=7, default="#7a3b12")
    mark_key = models.CharField(max_length=43, blank=True, help_text="their own picture in place of the drawn mark")
    privacy_number = models.PositiveIntegerField(default=0, help_text="the newest version of the privacy notice")
    terms_number = models.PositiveIntegerField(default=0, help_text="the newest version of the terms")
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    sender_name = models.CharField(_("sender name"), max_length=80, blank=True)
    sender_email = models.EmailField(_("sender address"), max_length=254, blank=True)
    reply_to_email = models.EmailField(_("answers go to"), max_length=254, blank=True)
    postal_address = models.TextField(_("postal address"), max_length=400, blank=True)
    known_kinds = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    setup_step = models.PositiveSmallIntegerField(default=1)
    second_step_from = models.DateTimeField(null=True, blank=True)
    sending_paused_at = models.DateTimeField(null=True, blank=True)
    sending_paused_reason = models.CharField(max_length=200, blank=True)
    sending_resumed_at = models.DateTimeField(null=True, blank=True)
    absence_held = models.BigIntegerField(default=0, db_default=0, help_text="the last absence whose letters are held")
    follows_links = models.BooleanField(
        default=True,
        db_default=True,
        help_text="links of letters lead through us, so that it is known what was read on",
    )
    sees_opens = models.BooleanField(
        default=False, db_default=False, help_text="letters hold a picture that tells when they are opened"
    )
    attention = models.JSONField(
        default=dict, blank=True, help_text="how many things of each kind Today points out until they are taken note of"
    )

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id"], name="business_profile_one")]

    def __str__(self) -> str:
        return f"{self.trade}, {self.town}"

    @property
    def postal_line(self) -> str:
        """The postal address on one line."""
        return ", ".join(line.strip() for line in self.postal_address.splitlines() if line.strip())

    @property
    def setup_is_complete(self) -> bool:
        """True once all four steps of the set-up were walked through."""
        return self.setup_step > 4
