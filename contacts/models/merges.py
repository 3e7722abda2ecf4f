"""People who may be the same, and what was done about it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models.contacts import Contact
from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import TenantModel
from ecosystem.models import Membership


class DuplicateCandidate(TenantModel):
    """Two people who may be one; the smaller id is `first`. That they are not is remembered."""

    class State(models.TextChoices):
        OPEN = "open", _("To be looked at")
        APART = "apart", _("Two people")

    first = TenantForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    second = TenantForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    score = models.PositiveSmallIntegerField(default=0)
    reasons = models.JSONField(default=list)
    state = models.CharField(max_length=5, choices=State.choices, default=State.OPEN)
    found_at = models.DateTimeField(help_text="when a search found them last")

    class Meta:
        constraints = [
            TenantUniqueConstraint(fields=["business_id", "first", "second"], name="duplicate_candidate_once"),
            models.CheckConstraint(name="duplicate_candidate_order", condition=models.Q(first__lt=models.F("second"))),
        ]
        indexes = [
            models.Index(
                fields=["business_id", "-score", "id"],
                name="duplicate_candidate_open",
                condition=models.Q(state="open"),
            ),
            models.Index(fields=["business_id", "second"], name="duplicate_candidate_second"),
        ]

    def __str__(self) -> str:
        return f"{self.score} {self.state}"


class MergeOperation(TenantModel):
    """Two records of a person made one: what moved, how both stood before, and what an undo brought back.

    `moved` names tables and keys with the ids of the rows that were moved from the loser to the winner.
    """

    winner = TenantForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    loser = TenantForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    choices = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    moved = models.JSONField(default=list)
    consent_ids = models.JSONField(default=list, help_text="the rows of the ledger that the merge wrote")
    actor = TenantForeignKey(Membership, null=True, on_delete=models.SET_NULL, related_name="+")
    merged_at = models.DateTimeField()
    reverted_at = models.DateTimeField(null=True)
    report = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["business_id", "winner", "-id"], name="merge_of_winner"),
            models.Index(fields=["business_id", "loser"], name="merge_of_loser"),
        ]

    def __str__(self) -> str:
        return str(self.merged_at)
