"""Everything that touched a person, one line each, and the facts kept from it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models.contacts import Contact
from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import LedgerModel, TenantModel
from ecosystem.models import Membership

# Something of value reached the person (what hunger is counted from). Everything else feeds nobody.
FEEDING_KINDS = frozenset(
    {
        "call",
        "visit",
        "meeting",
        "reply_from_us",
        "thanks",
        "reward",
        "content_clicked",
        "content_finished",
        "gathering_attended",
        "request_answered",
        "introduction",
        "answer_received",
    }
)


class Channel(models.TextChoices):
    """By which way something reached somebody."""

    EMAIL = "email", _("Email")
    SMS = "sms", _("Text")
    PHONE = "phone", _("Phone")
    IN_PERSON = "in_person", _("In person")
    POST = "post", _("Post")
    WEB = "web", _("Web")
    NONE = "none", _("None")


class Interaction(LedgerModel):
    """One line of the timeline. Append-only; idempotent by (business, source, external id).

    Holds no free text: what somebody wrote stands in a Note that can be deleted.
    """

    class Direction(models.TextChoices):
        IN = "in", _("From them")
        OUT = "out", _("From us")
        BOTH = "both", _("Both ways")
        NONE = "none", _("None")

    contact = TenantForeignKey(Contact, on_delete=models.DO_NOTHING, related_name="interactions")
    kind = models.CharField(max_length=32)
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.NONE)
    direction = models.CharField(max_length=4, choices=Direction.choices, default=Direction.NONE)
    occurred_at = models.DateTimeField()
    source = models.CharField(max_length=32)
    external_id = models.CharField(max_length=120, null=True)  # noqa: DJ001
    actor = TenantForeignKey(Membership, null=True, on_delete=models.DO_NOTHING, related_name="+")
    object_id = models.UUIDField(null=True, help_text="the row that this line tells of")
    value_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    params = models.JSONField(default=dict)

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "source", "external_id"], name="interaction_once")]
        indexes = [
            models.Index(fields=["business_id", "contact", "-occurred_at", "-id"], name="interaction_of_contact"),
            models.Index(fields=["business_id", "kind", "-occurred_at"], name="interaction_of_kind"),
        ]

    def __str__(self) -> str:
        return self.kind


class ContactStats(TenantModel):
    """Facts about one contact kept from their interactions, in the same transaction; book-keeping does not count."""

    contact = TenantForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    interactions_count = models.PositiveIntegerField(default=0)
    last_touch_at = models.DateTimeField(null=True)
    last_fed_at = models.DateTimeField(null=True)
    last_inbound_at = models.DateTimeField(null=True)
    last_click_at = models.DateTimeField(null=True)
    clicks_count = models.PositiveIntegerField(default=0)
    last_purchase_at = models.DateTimeField(null=True)
    purchases_count = models.PositiveIntegerField(default=0)
    purchases_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "contact"], name="contact_stats_one")]

    def __str__(self) -> str:
        return f"{self.interactions_count}"
