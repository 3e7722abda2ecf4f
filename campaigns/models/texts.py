"""Texts: from which number, who asked for them, and what people answered."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.signups import Signup, SignupForm
from contacts.models import Contact
from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import TenantModel


class TextSender(TenantModel):
    """Who a business is in texts: its number, the name that stands in each, and what the law wants beside a box."""

    number = models.CharField(_("number"), max_length=20, blank=True)
    brand = models.CharField(_("name in each text"), max_length=30, blank=True)
    terms_url = models.URLField(_("terms"), max_length=300, blank=True)
    privacy_url = models.URLField(_("privacy notice"), max_length=300, blank=True)
    help_line = models.CharField(_("where people get help"), max_length=60, blank=True)

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id"], name="text_sender_one")]

    def __str__(self) -> str:
        return self.brand


class TextSignup(TenantModel):
    """A number that was typed with boxes for texts ticked. It counts once that number itself says yes."""

    class State(models.TextChoices):
        REQUESTED = "requested", _("Waiting for their confirmation")
        CONFIRMED = "confirmed", _("Confirmed")

    form = TenantForeignKey(SignupForm, null=True, on_delete=models.SET_NULL, related_name="+")
    signup = TenantForeignKey(Signup, null=True, on_delete=models.CASCADE, related_name="+")
    given_name = models.CharField(max_length=80, blank=True)
    number = models.CharField(max_length=20)
    number_hash = models.CharField(max_length=80)
    topics = models.JSONField(default=list, help_text="pairs of topic id and the disclosure that was ticked")
    state = models.CharField(max_length=10, choices=State.choices, default=State.REQUESTED)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)
    page = models.CharField(max_length=300, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    contact = TenantForeignKey(Contact, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["business_id", "number_hash", "-id"], name="text_signup_of_number"),
            models.Index(fields=["business_id", "signup"], name="text_signup_of_signup"),
            models.Index(fields=["business_id", "contact"], name="text_signup_of_contact"),
            models.Index(
                fields=["business_id", "created_at"],
                name="text_signup_unconfirmed",
                condition=models.Q(state="requested"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class IncomingText(TenantModel):
    """A text that came in, whoever sent it. Its line in the timeline holds no words; they stand here alone."""

    class Meaning(models.TextChoices):
        STOP = "stop", _("Stop")
        START = "start", _("Start again")
        YES = "yes", _("Yes")
        HELP = "help", _("Asks for help")
        MAYBE_STOP = "maybe_stop", _("May mean stop")
        OTHER = "other", _("An answer")

    contact = TenantForeignKey(Contact, null=True, on_delete=models.CASCADE, related_name="+")
    number = models.CharField(max_length=20)
    number_hash = models.CharField(max_length=80)
    body = models.TextField(max_length=1600, blank=True)
    provider_id = models.CharField(max_length=120)
    meaning = models.CharField(max_length=10, choices=Meaning.choices)
    received_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, help_text="when it was read, or decided what was meant")
    was_stop = models.BooleanField(null=True, help_text="what was decided where it may have meant stop")

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "provider_id"], name="incoming_text_once")]
        indexes = [
            models.Index(fields=["business_id", "contact"], name="incoming_text_of_contact"),
            models.Index(
                fields=["business_id", "received_at"],
                name="incoming_text_undecided",
                condition=models.Q(meaning="maybe_stop", settled_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.meaning
