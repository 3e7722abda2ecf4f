"""The queue of record: one row per intended delivery to one address."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from campaigns.models.contents import ContentVersion
from campaigns.models.enrollments import Enrollment
from campaigns.models.sequences import Sequence
from campaigns.models.signups import Signup
from contacts.models import Channel, Contact, Topic
from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import TenantModel


class Message(TenantModel):
    """One intended delivery. Written before anything leaves; `idem_key` makes it one for ever.

    Keys: sequence `s:<enrollment>:<step_key>:<visit_no>`, opt-in `o:<signup>`, transactional `t:<caller's key>`.
    """

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        QUEUED = "queued", _("Waiting")
        CLAIMED = "claimed", _("In hand")
        HANDED = "handed", _("On its way")
        ACCEPTED = "accepted", _("Sent")
        DELIVERED = "delivered", _("Arrived")
        BOUNCED = "bounced", _("Came back")
        COMPLAINED = "complained", _("Called unwanted")
        SKIPPED = "skipped", _("Skipped")
        CANCELLED = "cancelled", _("Called off")
        DEFERRED = "deferred", _("Waits")
        EXPIRED = "expired", _("Too late")
        FAILED = "failed", _("Failed")
        UNKNOWN = "unknown", _("Not known")
        LOST = "lost", _("Given up")
        PARKED = "parked", _("Set aside")

    class MessageClass(models.TextChoices):
        MARKETING = "marketing", _("News and offers")
        RELATIONSHIP = "relationship", _("What was promised")
        TRANSACTIONAL = "transactional", _("Needed now")

    class Lane(models.TextChoices):
        TRANSACTIONAL = "transactional", _("At once")
        SEQUENCE = "sequence", _("Sequences")
        BROADCAST = "broadcast", _("Sends")

    message_class = models.CharField(max_length=13, choices=MessageClass.choices)
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    lane = models.CharField(max_length=13, choices=Lane.choices)
    idem_key = models.CharField(max_length=120)
    contact = TenantForeignKey(Contact, null=True, on_delete=models.SET_NULL, related_name="+")
    signup = TenantForeignKey(Signup, null=True, on_delete=models.SET_NULL, related_name="+")
    topic = TenantForeignKey(Topic, null=True, on_delete=models.SET_NULL, related_name="+")
    sequence = TenantForeignKey(Sequence, null=True, on_delete=models.SET_NULL, related_name="+")
    enrollment = TenantForeignKey(Enrollment, null=True, on_delete=models.SET_NULL, related_name="+")
    step_key = models.UUIDField(null=True)
    content_version = TenantForeignKey(ContentVersion, null=True, on_delete=models.PROTECT, related_name="+")
    template = models.CharField(max_length=40, blank=True, help_text="a system letter instead of a content version")
    address = models.CharField(max_length=254)
    address_hash = models.CharField(max_length=80)
    merge = models.JSONField(default=dict)
    is_test = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    reason = models.CharField(max_length=160, blank=True)
    due_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True)
    claim_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    handed_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True, help_text="the running mark: the first byte may have gone")
    postmaster_started_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    provider_id = models.CharField(max_length=200, blank=True)
    clicked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "idem_key"], name="message_intent_once")]
        indexes = [
            models.Index(
                fields=["business_id", "lane", "due_at"],
                name="message_due",
                condition=models.Q(state__in=["queued", "deferred"]),
            ),
            models.Index(
                fields=["business_id", "lease_until"],
                name="message_leased",
                condition=models.Q(state__in=["claimed", "handed"]),
            ),
            models.Index(fields=["business_id", "contact", "-id"], name="message_of_contact"),
            # Every unconfirmed signup that is purged looks for its letter.
            models.Index(
                fields=["business_id", "signup"], name="message_of_signup", condition=models.Q(signup__isnull=False)
            ),
            models.Index(fields=["business_id", "sequence", "step_key", "-id"], name="message_of_step"),
            models.Index(
                fields=["business_id", "sequence", "-id"],
                name="message_of_sequence",
                condition=models.Q(sequence__isnull=False),
            ),
            # Where few letters end: the many that arrive, and those on their way, never stand in it.
            models.Index(
                fields=["business_id", "state", "-id"],
                name="message_by_state",
                condition=models.Q(
                    state__in=[
                        "planned",
                        "bounced",
                        "complained",
                        "skipped",
                        "cancelled",
                        "expired",
                        "failed",
                        "unknown",
                        "lost",
                        "parked",
                    ]
                ),
            ),
            models.Index(
                fields=["business_id", "address_hash"],
                name="message_open_of_address",
                condition=models.Q(state__in=["planned", "queued", "deferred", "claimed"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.idem_key}"
