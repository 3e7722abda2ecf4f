"""The providers that tell a business what became of its letters, and what they told."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models import Channel
from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import TenantModel


class ProviderAccount(TenantModel):
    """An account of the business at a provider. What its events are signed with is kept sealed."""

    class Provider(models.TextChoices):
        MAILGUN = "mailgun", "Mailgun"
        BREVO = "brevo", "Brevo"

    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    provider = models.CharField(max_length=10, choices=Provider.choices)
    name = models.CharField(max_length=80)
    sealed_secret = models.BinaryField(help_text="what proves that an event is the provider's, sealed")

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "name"], name="provider_account_name_once")]

    def __str__(self) -> str:
        return self.name


class ProviderEvent(TenantModel):
    """One thing a provider told of one letter: taken in at once, worked later, known by its id if it comes again.

    Holds no address, only what an address is known by.
    """

    class Kind(models.TextChoices):
        ACCEPTED = "accepted", _("Sent")
        DELIVERED = "delivered", _("Arrived")
        BOUNCED = "bounced", _("Came back")
        SOFT_BOUNCED = "soft_bounced", _("Came back for now")
        COMPLAINED = "complained", _("Called unwanted")
        OPENED = "opened", _("Opened")

    account = TenantForeignKey(ProviderAccount, on_delete=models.CASCADE, related_name="+")
    event_id = models.CharField(max_length=64)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    named_message_id = models.UUIDField(null=True, help_text="the letter it speaks of; perhaps not (yet) one of ours")
    address_hashes = models.CharField(max_length=500, blank=True)
    is_machine = models.BooleanField(default=False)
    occurred_at = models.DateTimeField()
    look_at = models.DateTimeField(help_text="when its letter is looked for (again)")
    worked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            TenantUniqueConstraint(fields=["business_id", "account", "event_id"], name="provider_event_once")
        ]
        indexes = [
            models.Index(
                fields=["business_id", "look_at"],
                name="provider_event_waiting",
                condition=models.Q(worked_at__isnull=True),
            ),
            models.Index(fields=["business_id", "created_at"], name="provider_event_age"),
        ]

    def __str__(self) -> str:
        return self.kind
