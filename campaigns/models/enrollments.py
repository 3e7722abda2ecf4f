"""One contact's walk through one sequence."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from campaigns.models.sequences import Sequence, SequenceVersion
from contacts.models import Contact
from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import TenantModel


class Enrollment(TenantModel):
    """Where somebody stands in a sequence and when the next step is due.

    Only the index of due rows holds `due_at`, each sequence apart: the rows of a paused one are never passed over, and
    whoever rests by themselves (`paused_at`) is not in it; their `due_at` stands still.
    One person walks a sequence once per entry key.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("On the way")
        COMPLETED = "completed", _("Through")
        EXITED = "exited", _("Left")

    sequence = TenantForeignKey(Sequence, on_delete=models.CASCADE, related_name="+")
    version_of = TenantForeignKey(SequenceVersion, on_delete=models.CASCADE, related_name="+")
    contact = TenantForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    entry_key = models.CharField(max_length=80, blank=True)
    source = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.ACTIVE)
    position = models.PositiveSmallIntegerField(default=0, help_text="position of the step that is due next")
    visit_no = models.PositiveSmallIntegerField(default=1)
    due_at = models.DateTimeField(db_default=Now())
    paused_at = models.DateTimeField(null=True, blank=True, help_text="since when this one person rests on the way")
    exit_reason = models.CharField(max_length=24, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            TenantUniqueConstraint(
                fields=["business_id", "sequence", "contact", "entry_key"],
                name="enrollment_active_once",
                condition=models.Q(state="active"),
            )
        ]
        indexes = [
            models.Index(
                fields=["business_id", "sequence", "due_at"],
                name="enrollment_due",
                condition=models.Q(state="active", paused_at__isnull=True),
            ),
            models.Index(fields=["business_id", "contact", "-id"], name="enrollment_of_contact"),
            models.Index(fields=["business_id", "sequence", "-id"], name="enrollment_of_sequence"),
            # Written once, when a walk ends: a step on the way does not touch it.
            models.Index(
                fields=["business_id", "sequence", "state", "-id"],
                name="enrollment_ended",
                condition=models.Q(state__in=["completed", "exited"]),
            ),
            models.Index(
                fields=["business_id", "sequence", "-id"],
                name="enrollment_paused",
                condition=models.Q(state="active", paused_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.position}"
