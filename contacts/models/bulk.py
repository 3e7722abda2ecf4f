"""One change to many people at once, and how each of them stood before, so that it can be taken back."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models.contacts import Contact
from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import TenantModel
from ecosystem.models import Job, Membership


class BulkEdit(TenantModel):
    """A change to chosen people, done at once, or to all who pass a filter, done as a job from the newest id down."""

    class Act(models.TextChoices):
        TAG = "tag", _("Put a tag on them")
        UNTAG = "untag", _("Take a tag off them")
        OWNER = "owner", _("Give them to somebody to look after")
        STAGE = "stage", _("Move them on the ladder")

    act = models.CharField(max_length=8, choices=Act.choices)
    value = models.CharField(max_length=40, blank=True, help_text="a tag's id, a membership's id, a rung")
    wanted = models.JSONField(default=dict, help_text="the filter, where it is about all who match")
    below_id = models.UUIDField(null=True, help_text="people with smaller ids are still to come")
    job = TenantForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    actor = TenantForeignKey(Membership, null=True, on_delete=models.SET_NULL, related_name="+")
    changed_count = models.PositiveIntegerField(default=0)
    undo_asked_at = models.DateTimeField(null=True)
    undone_count = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["business_id", "job"], name="bulk_edit_of_job")]

    def __str__(self) -> str:
        return f"{self.act} {self.value}"

    @property
    def is_undo_cut_short(self) -> bool:
        """Whether taking it back was begun as a job, and that was stopped or failed: there may be more to take back."""
        if self.undo_asked_at is None or self.job is None or self.job.created_at < self.undo_asked_at:
            return False
        return self.job.state in (Job.State.CANCELLED, Job.State.FAILED)


class BulkEditItem(TenantModel):
    """One person whom the change has changed; `before` is the owner they had, or the id of the StageChange made."""

    edit = TenantForeignKey(BulkEdit, on_delete=models.CASCADE, related_name="+")
    contact = TenantForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    before = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "edit", "contact"], name="bulk_edit_item_once")]
        indexes = [models.Index(fields=["business_id", "contact"], name="bulk_edit_item_of_contact")]

    def __str__(self) -> str:
        return str(self.contact_id)
