"""A list that is brought in, from the file to the people."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import TenantModel
from ecosystem.models import Job, Membership


class Import(TenantModel):
    """One uploaded file: how to read it, what each column means, what became of it."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Uploaded")
        MAPPED = "mapped", _("Columns matched")
        PERMITTED = "permitted", _("Permission answered")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADED)
    file_name = models.CharField(max_length=200)
    file_hash = models.CharField(max_length=64)
    content = models.BinaryField(help_text="the file as it came; emptied when the import is over")
    encoding = models.CharField(max_length=40)
    delimiter = models.CharField(max_length=1)
    header = models.JSONField(default=list)
    sample = models.JSONField(default=list)
    row_count = models.PositiveIntegerField(default=0)
    mapping = models.JSONField(default=dict)
    permission = models.JSONField(default=dict)
    stage = models.CharField(max_length=12, blank=True)
    tags = models.JSONField(default=list)
    job = TenantForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    uploaded_by = TenantForeignKey(Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    added_count = models.PositiveIntegerField(default=0)
    known_count = models.PositiveIntegerField(default=0)
    problem_count = models.PositiveIntegerField(default=0)
    permitted_count = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.file_name


class ImportProblem(TenantModel):
    """A row that was not taken, as it stood, with the sentence that says why."""

    imported = TenantForeignKey(Import, on_delete=models.CASCADE, related_name="+")
    line = models.PositiveIntegerField()
    row = models.JSONField(default=list)
    code = models.CharField(max_length=40)
    sentence = models.CharField(max_length=300)

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "imported", "line"], name="import_problem_once")]

    def __str__(self) -> str:
        return f"{self.line}: {self.code}"
