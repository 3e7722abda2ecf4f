"""The record of what is to be delivered, one row per intended delivery to one address, and the queue it waits in."""

from django.contrib.postgres.fields import ArrayField
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

# Where few letters end: the many that arrive, and those on their way, never stand in the index of these.
RARE_STATES = ["planned", "bounced", "complained", "skipped", "cancelled", "expired", "failed", "unknown", "lost"]
RARE_STATES += ["parked"]


class Message(TenantModel):
    """One intended delivery. Written before anything leaves; `idem_key` makes it one for ever.

    Keys: sequence `s:<enrollment>:<step_key>:<visit_no>`, opt-in `o:<signup>`, transactional `t:<caller's key>`,
    one that takes the place of a letter that failed `again:<message>`.

    A letter that was moved because its person has had enough says so for ever in `held_by`: it is moved once. What was
    moved because of the hour keeps what was meant, `wanted_at` or a `wall_time` on the reader's clock, so that a zone
    learned later plans it anew; `zone` is the clock it was planned by.

    While it waits or is on its way a QueuedMessage stands beside it; claimed and handed are told by that row alone, so
    that the record is written when it is planned and when its end is known. No index reads `state`: the end of a letter
    that arrives touches none of them.
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

    # Nothing more will be sent of these.
    OVER = (
        State.ACCEPTED, State.DELIVERED, State.BOUNCED, State.COMPLAINED, State.SKIPPED, State.CANCELLED, State.EXPIRED,
        State.FAILED, State.LOST,
    )  # fmt: skip

    class MessageClass(models.TextChoices):
        MARKETING = "marketing", _("News and offers")
        RELATIONSHIP = "relationship", _("What was promised")
        TRANSACTIONAL = "transactional", _("Needed now")

    class Said(models.TextChoices):
        TERMS = "terms"
        STOP = "stop"

    class HeldBy(models.TextChoices):
        RULE = "rule", _("Your rule")
        PROMISE = "promise", _("Your promise")
        RHYTHM = "rhythm", _("Their rhythm")

    class Lane(models.TextChoices):
        TRANSACTIONAL = "transactional", _("At once")
        SEQUENCE = "sequence", _("Sequences")
        BROADCAST = "broadcast", _("Sends")
        TEXT = "text", _("Texts")
        TEXT_NOW = "text_now", _("Texts at once")

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
    is_replaced = models.BooleanField(
        default=False, db_default=False, help_text="another letter of the same words stands for it in all numbers"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    reason = models.CharField(max_length=160, blank=True)
    due_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    answered = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="how many tries were refused for now; the ladder of waits has so many rungs"
    )
    handed_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    provider_id = models.CharField(max_length=200, blank=True)
    clicked_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True, help_text="first opened by a person, where the business sees opens")
    delayed_at = models.DateTimeField(null=True, help_text="since when its receiver lets it wait, as the provider told")
    held_by = models.CharField(max_length=8, choices=HeldBy.choices, blank=True, default="", db_default="")
    said = models.CharField(
        max_length=5, choices=Said.choices, blank=True, default="", db_default="", help_text="what the law wants of it"
    )
    wanted_at = models.DateTimeField(null=True)
    wall_time = models.CharField(max_length=19, blank=True, default="", db_default="")
    zone = models.CharField(max_length=64, blank=True, default="", db_default="")
    rare_state = models.GeneratedField(
        expression=models.Case(models.When(state__in=RARE_STATES, then=models.F("state"))),
        output_field=models.CharField(max_length=10, null=True),
        db_persist=True,
    )

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "idem_key"], name="message_intent_once")]
        indexes = [
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
            models.Index(
                fields=["business_id", "rare_state", "-id"],
                name="message_by_rare_state",
                condition=models.Q(rare_state__isnull=False),
            ),
            models.Index(fields=["business_id", "address_hash"], name="message_of_address"),
            # Holds the few that were ever held back; written when they are, and never again.
            models.Index(
                fields=["business_id", "sequence", "step_key", "-id"],
                name="message_held",
                condition=models.Q(held_by__in=["rule", "promise", "rhythm"]),
            ),
            models.Index(
                fields=["business_id", "sequence", "step_key", "-id"],
                name="message_delayed",
                condition=models.Q(delayed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.idem_key}"


class QueuedMessage(TenantModel):
    """Where a message stands that waits or is on its way; has the id of its message, and goes when its end is known.

    Waiting without a token, claimed with one, handed once `handed_at` is set. Narrow, and the one index of it holds
    what waits, so that taking a letter in hand and handing it over costs next to nothing.
    """

    lane = models.CharField(max_length=13, choices=Message.Lane.choices)
    due_at = models.DateTimeField(db_default=Now())
    attempt = models.PositiveSmallIntegerField(default=0, db_default=0)
    claim_token = models.UUIDField(null=True)
    handed_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True, help_text="the running mark: the first byte may have gone")

    class Meta:
        indexes = [
            models.Index(
                fields=["business_id", "lane", "due_at"],
                name="queued_message_due",
                condition=models.Q(claim_token__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.lane} {self.id}"


class MessageClaim(TenantModel):
    """A handful of messages in the hand of one worker, by its token (the id): one lease for all of them."""

    lane = models.CharField(max_length=13, choices=Message.Lane.choices)
    lease_until = models.DateTimeField()
    message_ids = ArrayField(models.UUIDField())
    keyed_by = models.CharField(
        max_length=60, blank=True, default="", db_default="", help_text="the account that takes each of them once"
    )
    marked_in_rows_by = models.DateTimeField(
        null=True, help_text="when the PostgreSQL was started that keeps the running marks; empty where a file does"
    )

    def __str__(self) -> str:
        return f"{self.lane} {self.id}"
