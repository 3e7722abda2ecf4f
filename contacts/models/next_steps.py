"""What is to be done next for a person."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models.contacts import Contact
from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import TenantModel
from ecosystem.models import Membership


class NextStep(TenantModel):
    """One thing to do for a person, on a day of the business, by somebody of the team or by whoever has time.

    A person has one open step at most; closed ones stay for the timeline. Deleted with the person.
    """

    class Outcome(models.TextChoices):
        DONE = "done", _("Done")
        DROPPED = "dropped", _("Not needed any more")

    contact = TenantForeignKey(Contact, on_delete=models.CASCADE, related_name="next_steps")
    what = models.CharField(_("what to do"), max_length=200)
    due_on = models.DateField(_("on"))
    assignee = TenantForeignKey(Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, blank=True)

    class Meta:
        constraints = [
            TenantUniqueConstraint(
                fields=["business_id", "contact"],
                name="next_step_open_once",
                condition=models.Q(closed_at__isnull=True),
            )
        ]
        indexes = [
            models.Index(fields=["business_id", "contact"], name="next_step_of_contact"),
            models.Index(
                fields=["business_id", "due_on", "id"], name="next_step_due", condition=models.Q(closed_at__isnull=True)
            ),
            models.Index(
                fields=["business_id", "assignee", "due_on", "id"],
                name="next_step_due_of_member",
                condition=models.Q(closed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.what
