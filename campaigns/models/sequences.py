"""A "follow me home" flow: the line of letters and waits that somebody is walked along."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.contents import Content, ContentVersion
from contacts.models import Stage, Topic
from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import TenantModel
from ecosystem.models import Membership


class Sequence(TenantModel):
    """A flow with its trigger and its topic, whose yes every letter of it needs."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Being written")
        LIVE = "live", _("Running")
        PAUSED = "paused", _("Paused")
        ARCHIVED = "archived", _("Put away")

    class EndsOn(models.TextChoices):
        PURCHASE = "purchase", _("buys something")
        REPLY = "reply", _("answers a text")

    name = models.CharField(_("name"), max_length=120)
    topic = TenantForeignKey(Topic, on_delete=models.PROTECT, related_name="+")
    trigger = models.CharField(_("starts when"), max_length=40, default="said_yes")
    until_stage = models.CharField(
        _("ends early when somebody becomes"),
        max_length=12,
        choices=Stage.choices,
        blank=True,
        default="",
        db_default="",
    )
    ends_on = ArrayField(
        models.CharField(max_length=8, choices=EndsOn.choices),
        default=list,
        db_default=[],
        blank=True,
        help_text="what somebody does that makes the rest of the letters needless",
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    live_since = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    live_version = models.PositiveIntegerField(null=True, blank=True, help_text="number of the published version")

    class Meta:
        indexes = [
            models.Index(fields=["business_id", "state", "-id"], name="sequence_by_state"),
            models.Index(fields=["business_id", "topic"], name="sequence_of_topic"),
        ]

    def __str__(self) -> str:
        return self.name


class SequenceVersion(TenantModel):
    """The steps as published under a number; immutable from then on. Unpublished it is the draft."""

    sequence = TenantForeignKey(Sequence, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = TenantForeignKey(Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            TenantUniqueConstraint(fields=["business_id", "sequence", "number"], name="sequence_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.number}"


class Step(TenantModel):
    """One step of a version. `step_key` survives from version to version."""

    class Kind(models.TextChoices):
        SEND = "send", _("Send a letter")
        WAIT = "wait", _("Wait")
        END = "end", _("End")

    version_of = TenantForeignKey(SequenceVersion, on_delete=models.CASCADE, related_name="steps")
    step_key = models.UUIDField()
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=4, choices=Kind.choices)
    content = TenantForeignKey(Content, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    content_version = TenantForeignKey(
        ContentVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    wait_seconds = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            TenantUniqueConstraint(fields=["business_id", "version_of", "position"], name="step_position_once"),
            TenantUniqueConstraint(fields=["business_id", "version_of", "step_key"], name="step_key_once"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.kind}"
