"""Opt-in pages and what people send through them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, Topic
from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import TenantModel


class SignupForm(TenantModel):
    """An opt-in page: what people get, how often, how they leave, and the boxes they may tick.

    Cannot be published before all three promises are written.
    """

    slug = models.SlugField(max_length=60)
    headline = models.CharField(_("headline"), max_length=120)
    intro = models.TextField(_("what they get"), max_length=600, blank=True)
    promise_no_abuse = models.CharField(_("what you will never do"), max_length=200, blank=True)
    promise_how_often = models.CharField(_("how often you write"), max_length=200, blank=True)
    promise_how_to_leave = models.CharField(_("how they leave"), max_length=200, blank=True)
    thank_you = models.CharField(_("thank you"), max_length=300, blank=True)
    asks_name = models.BooleanField(_("ask for a first name"), default=True)
    offers_texts = models.BooleanField(_("offer texts"), default=False)
    frame_sites = models.TextField(
        max_length=3000, blank=True, db_default="", default="", help_text="one origin a line: no other site frames it"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "slug"], name="signup_form_slug_once")]

    def __str__(self) -> str:
        return self.headline

    @property
    def is_open(self) -> bool:
        """True while people may use it."""
        return self.published_at is not None and self.archived_at is None


class SignupFormTopic(TenantModel):
    """One box on an opt-in page: a topic, with the sentence beside the box. It always starts empty."""

    form = TenantForeignKey(SignupForm, on_delete=models.CASCADE, related_name="boxes")
    topic = TenantForeignKey(Topic, on_delete=models.CASCADE, related_name="+")
    wording = models.CharField(_("words beside the box"), max_length=300)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "form", "topic"], name="signup_box_once")]

    def __str__(self) -> str:
        return self.wording


class Signup(TenantModel):
    """One person's submission. Until confirmed it is no contact; unconfirmed ones are purged after 30 days."""

    class State(models.TextChoices):
        REQUESTED = "requested", _("Waiting for their confirmation")
        CONFIRMED = "confirmed", _("Confirmed")

    form = TenantForeignKey(SignupForm, null=True, on_delete=models.SET_NULL, related_name="+")
    given_name = models.CharField(max_length=80, blank=True)
    email = models.CharField(max_length=254)
    address_hash = models.CharField(max_length=80)
    topics = models.JSONField(default=list, help_text="pairs of topic id and the wording that was ticked")
    state = models.CharField(max_length=10, choices=State.choices, default=State.REQUESTED)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)
    page = models.CharField(max_length=300, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    contact = TenantForeignKey(Contact, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["business_id", "form", "-id"], name="signup_of_form"),
            models.Index(fields=["business_id", "contact"], name="signup_of_contact"),
            models.Index(fields=["business_id", "state", "created_at"], name="signup_by_state"),
        ]

    def __str__(self) -> str:
        return str(self.id)
