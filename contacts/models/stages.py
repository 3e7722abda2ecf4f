"""The rungs of the ladder and the history of every step on it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models.contacts import Contact, Stage
from ecosystem.base.fields import TenantForeignKey
from ecosystem.base.models import LedgerModel
from ecosystem.models import Membership


class StageChange(LedgerModel):
    """One move of one contact on the ladder: from where, to where, by whom, why, on what evidence."""

    class Actor(models.TextChoices):
        MEMBER = "member", _("Somebody of the team")
        CONTACT = "contact", _("The person")
        RULE = "rule", _("A rule")
        IMPORT = "import", _("A list brought in")
        API = "api", _("Another program")

    contact = TenantForeignKey(Contact, on_delete=models.DO_NOTHING, related_name="stage_changes")
    from_stage = models.CharField(max_length=12, choices=Stage.choices, blank=True)
    to_stage = models.CharField(max_length=12, choices=Stage.choices, blank=True)
    actor_kind = models.CharField(max_length=8, choices=Actor.choices)
    actor = TenantForeignKey(Membership, null=True, on_delete=models.DO_NOTHING, related_name="+")
    reason = models.CharField(max_length=200)
    evidence_id = models.UUIDField(null=True, help_text="the Interaction that shows why")
    undoes_id = models.UUIDField(null=True, help_text="the StageChange that this one takes back")
    occurred_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["business_id", "contact", "-id"], name="stage_change_of_contact"),
            # Moves from rung to rung only: a list of a million that came in yesterday must not stand in the way.
            models.Index(
                fields=["business_id", "-occurred_at"],
                name="stage_change_moves",
                condition=~models.Q(from_stage=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_stage} -> {self.to_stage}"
