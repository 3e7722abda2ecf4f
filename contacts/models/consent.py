"""Permission: what was said yes or no to, with its proof, and what follows from it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models.contacts import Contact
from contacts.models.interactions import Channel
from contacts.models.sort_names import SortNameOfContact
from contacts.models.topics import Topic
from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import LedgerModel, TenantModel
from ecosystem.models import Membership

# The sources of rows by which a yes ends that somebody else had told of: the list, or the record, was taken back.
# No word of the person: afterwards it is as if nothing had been said.
IMPORT_UNDONE, MERGE_UNDONE = "import_undone", "merge_undone"
CORRECTIONS = (IMPORT_UNDONE, MERGE_UNDONE)


class Act(models.TextChoices):
    """What a ledger row says happened."""

    REQUESTED = "requested", _("Asked to confirm")
    GRANTED = "granted", _("Said yes")
    CONFIRMED = "confirmed", _("Confirmed")
    WITHDRAWN = "withdrawn", _("Said no")
    IMPORTED = "imported", _("Brought in with proof")


class Basis(models.TextChoices):
    """Why writing is allowed."""

    EXPRESS = "express", _("They said yes")
    EXPRESS_WRITTEN = "express_written", _("They said yes in writing")
    CONTRACT = "contract", _("Part of an agreement")


class Consent(LedgerModel):
    """A yes or no to one channel for one topic, with its proof. Never edited; the newest row counts.

    Without a row there is no permission. Holds no address in clear: that stands in ConsentEvidence,
    which erasure may delete while this row stays as minimal proof.
    """

    contact = TenantForeignKey(Contact, null=True, on_delete=models.DO_NOTHING, related_name="consents")
    address_hash = models.CharField(max_length=80)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    topic = TenantForeignKey(Topic, null=True, on_delete=models.DO_NOTHING, related_name="+")
    act = models.CharField(max_length=10, choices=Act.choices)
    basis = models.CharField(max_length=16, choices=Basis.choices, blank=True)
    wording = models.TextField(blank=True)
    source = models.CharField(max_length=40)
    source_detail = models.CharField(max_length=160, blank=True)
    actor = TenantForeignKey(Membership, null=True, on_delete=models.DO_NOTHING, related_name="+")
    request_id = models.UUIDField(null=True, help_text="the Signup, Message or Import that this row came from")
    occurred_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["business_id", "contact", "-id"], name="consent_of_contact"),
            models.Index(fields=["business_id", "address_hash", "-id"], name="consent_of_address"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.channel}"


class ConsentEvidence(TenantModel):
    """Personal proof beside a Consent row: address, machine, page. Deleted on erasure."""

    consent = TenantForeignKey(Consent, on_delete=models.CASCADE, related_name="+")
    contact = TenantForeignKey(Contact, null=True, on_delete=models.CASCADE, related_name="+")
    address = models.CharField(max_length=300, blank=True)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)
    page = models.CharField(max_length=300, blank=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["business_id", "consent"], name="consent_evidence_of")]

    def __str__(self) -> str:
        return str(self.id)


class ConsentState(TenantModel):
    """What holds now for one contact, channel and topic: a projection of Consent, rebuilt from it at will."""

    class State(models.TextChoices):
        REQUESTED = "requested", _("Waiting for their confirmation")
        GRANTED = "granted", _("Yes")
        WITHDRAWN = "withdrawn", _("No")

    contact = TenantForeignKey(Contact, on_delete=models.CASCADE, related_name="consent_states")
    channel = models.CharField(max_length=10, choices=Channel.choices)
    topic = TenantForeignKey(Topic, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices)
    basis = models.CharField(max_length=16, choices=Basis.choices, blank=True)
    address_hash = models.CharField(max_length=80)
    since = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    consent = TenantForeignKey(Consent, on_delete=models.DO_NOTHING, related_name="+")
    sort_name = SortNameOfContact()

    class Meta:
        constraints = [
            TenantUniqueConstraint(
                fields=["business_id", "contact", "channel", "topic"], name="consent_state_one_per_topic"
            )
        ]
        indexes = [
            models.Index(fields=["business_id", "topic", "channel", "state", "contact"], name="consent_state_topic"),
            models.Index(
                fields=["business_id", "topic", "channel", "sort_name", "contact"],
                name="consent_state_by_name",
                condition=models.Q(state="granted"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"


class Suppression(TenantModel):
    """An address that must not be written to. Outlives the contact; known by keyed hash alone."""

    class Reason(models.TextChoices):
        HELD = "held", _("They may have meant stop")
        UNSUBSCRIBED = "unsubscribed", _("They left")
        BOUNCED = "bounced", _("The address does not exist")
        COMPLAINED = "complained", _("They complained")
        MANUAL = "manual", _("The team stopped it")
        ERASED = "erased", _("They asked to be forgotten")

    channel = models.CharField(max_length=10, choices=Channel.choices)
    address_hash = models.CharField(max_length=80)
    topic = TenantForeignKey(Topic, null=True, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=12, choices=Reason.choices)
    complained_at = models.DateTimeField(null=True, blank=True, help_text="when they called a letter unwanted, if ever")
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            TenantUniqueConstraint(
                fields=["business_id", "channel", "address_hash", "topic"],
                name="suppression_once",
                condition=models.Q(lifted_at__isnull=True),
                nulls_distinct=False,
            )
        ]
        indexes = [models.Index(fields=["business_id", "reason", "created_at"], name="suppression_by_reason")]

    def __str__(self) -> str:
        return f"{self.channel} {self.reason}"
