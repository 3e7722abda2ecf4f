"""The providers that tell a business what became of its letters, and what they told."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models import Channel
from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import TenantModel
from ecosystem.models import Membership


class ProviderAccount(TenantModel):
    """An account of the business at a provider. How we sign in and what its events are proved by is kept sealed.

    New credentials are a candidate until a test letter has gone by them: a slip of the pen stops nothing. At most one
    account carries the letters; without one they go by the account of the installation.
    """

    class Provider(models.TextChoices):
        SMTP = "smtp", _("Mail server (SMTP)")
        SES = "ses", "Amazon SES"
        POSTMARK = "postmark", "Postmark"
        MAILGUN = "mailgun", "Mailgun"
        BREVO = "brevo", "Brevo"
        RESEND = "resend", "Resend"

    class Trial(models.TextChoices):
        NONE = "", _("Not tried")
        WAITING = "waiting", _("Waiting")
        CONNECTING = "connecting", _("Connecting")
        SENDING = "sending", _("Handing the letter over")
        PASSED = "passed", _("Taken")
        REFUSED = "refused", _("Refused")

    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    provider = models.CharField(max_length=10, choices=Provider.choices)
    name = models.CharField(max_length=80)
    sealed_secret = models.BinaryField(null=True, help_text="what proves that an event is the provider's, sealed")
    sealed_old_secret = models.BinaryField(null=True, help_text="the proof before that one, while it still counts")
    old_secret_until = models.DateTimeField(null=True)
    sealed_address = models.BinaryField(null=True, help_text="where it is and how we sign in, sealed")
    sealed_candidate = models.BinaryField(null=True, help_text="the same, until a test letter has gone by it")
    carries = models.BooleanField(default=False, help_text="letters go by it")
    carries_since = models.DateTimeField(null=True)
    per_second = models.PositiveIntegerField(null=True)
    per_day = models.PositiveIntegerField(null=True)
    confirm_url = models.CharField(max_length=1000, blank=True, help_text="where Amazon waits for a word from us")
    trial = models.CharField(max_length=10, choices=Trial.choices, blank=True, default=Trial.NONE)
    trial_at = models.DateTimeField(null=True)
    trial_by = TenantForeignKey(Membership, null=True, on_delete=models.SET_NULL, related_name="+")
    trial_trouble = models.CharField(max_length=20, blank=True)
    trial_words = models.CharField(max_length=300, blank=True, help_text="what the server said, as it said it")

    class Meta:
        constraints = [
            TenantUniqueConstraint(fields=["business_id", "name"], name="provider_account_name_once"),
            TenantUniqueConstraint(
                fields=["business_id", "channel"],
                name="provider_account_carries_once",
                condition=models.Q(carries=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_tried_now(self) -> bool:
        """Whether a test letter is on its way."""
        return self.trial in (self.Trial.WAITING, self.Trial.CONNECTING, self.Trial.SENDING)


class ProviderEvent(TenantModel):
    """One thing a provider told of one letter or text: taken in at once, worked later, known by its id.

    Holds no address, only what an address is known by. What is told of a text has no account: texts go by that of the
    installation.
    """

    class Kind(models.TextChoices):
        ACCEPTED = "accepted", _("Sent")
        DELIVERED = "delivered", _("Arrived")
        BOUNCED = "bounced", _("Came back")
        SOFT_BOUNCED = "soft_bounced", _("Came back for now")
        DELAYED = "delayed", _("Waits at the receiver")
        REFUSED = "refused", _("Not sent on")
        COMPLAINED = "complained", _("Called unwanted")
        UNSUBSCRIBED = "unsubscribed", _("Left at the provider")
        OPENED = "opened", _("Opened")

    account = TenantForeignKey(ProviderAccount, null=True, on_delete=models.CASCADE, related_name="+")
    event_id = models.CharField(max_length=64)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    named_message_id = models.UUIDField(null=True, help_text="the letter it speaks of; perhaps not (yet) one of ours")
    address_hashes = models.CharField(max_length=500, blank=True)
    code = models.CharField(max_length=40, blank=True, default="", db_default="", help_text="why a text did not arrive")
    is_machine = models.BooleanField(default=False)
    occurred_at = models.DateTimeField()
    look_at = models.DateTimeField(help_text="when its letter is looked for (again)")
    worked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            TenantUniqueConstraint(fields=["business_id", "account", "event_id"], name="provider_event_once"),
            TenantUniqueConstraint(
                fields=["business_id", "event_id"],
                name="text_report_once",
                condition=models.Q(account__isnull=True),
            ),
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

    @property
    def channel(self) -> str:
        """By which way went what it speaks of."""
        return self.account.channel if self.account is not None else Channel.SMS


class AddressTrouble(TenantModel):
    """Letters that came back for now from one address, known by its keyed hash alone: by letter, when it was told.

    `is_stopped` says that the address was stopped for it.
    """

    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    address_hash = models.CharField(max_length=80)
    letters = models.JSONField(default=dict)
    arrived_at = models.DateTimeField(null=True, help_text="when the newest letter arrived that was told of since")
    is_stopped = models.BooleanField(default=False)

    class Meta:
        constraints = [
            TenantUniqueConstraint(fields=["business_id", "channel", "address_hash"], name="address_trouble_once")
        ]

    def __str__(self) -> str:
        return f"{len(self.letters)}"
