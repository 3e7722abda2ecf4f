"""The seven kinds of people around a business, and how each business sees them."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from ecosystem.base.fields import TenantUniqueConstraint
from ecosystem.base.models import TenantModel


class Kind(models.TextChoices):
    """Fixed keys; the labels that people read are the business's own (KindSetting)."""

    SUSPECT = "suspect", _("Suspect")
    ONLINE_USER = "online_user", _("Online user")
    PROSPECT = "prospect", _("Prospect")
    CLIENT = "client", _("Client")
    ADVOCATE = "advocate", _("Advocate")
    ASSOCIATE = "associate", _("Associate")
    VENDOR = "vendor", _("Vendor")
    PARTNER = "partner", _("Partner")


LADDER: tuple[Kind, ...] = (Kind.SUSPECT, Kind.ONLINE_USER, Kind.PROSPECT, Kind.CLIENT, Kind.ADVOCATE)
SIDE_KINDS: tuple[Kind, ...] = (Kind.ASSOCIATE, Kind.VENDOR, Kind.PARTNER)


class KindSetting(TenantModel):
    """How one business names, defines and feeds one kind; made for all eight when a business is set up."""

    kind = models.CharField(max_length=12, choices=Kind.choices)
    label = models.CharField(_("one of them"), max_length=40)
    label_plural = models.CharField(_("all of them"), max_length=40)
    definition = models.CharField(_("who they are"), max_length=300, blank=True)
    is_on = models.BooleanField(default=True)
    cadence_days = models.PositiveSmallIntegerField(
        _("feed every so many days"), validators=[MinValueValidator(1), MaxValueValidator(730)]
    )

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "kind"], name="kind_setting_one_per_kind")]

    def __str__(self) -> str:
        return self.label_plural
