"""A list that is brought in, from the file to the people."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models.contacts import Contact
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

    class Known(models.TextChoices):
        SKIP = "skip", _("Leave them as they are")
        UPDATE = "update", _("Take what the list says")
        ASK = "ask", _("Show me the differences afterwards")

    class UndoStep(models.TextChoices):
        PEOPLE = "people", _("People")
        CHANGES = "changes", _("Changes")
        TAGS = "tags", _("Tags")
        PLACES = "places", _("Places")
        YESES = "yeses", _("Permissions")
        FIRMS = "firms", _("Firms")

    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADED)
    file_name = models.CharField(max_length=200)
    file_hash = models.CharField(max_length=64)
    content = models.BinaryField(help_text="the file as it came; emptied when the import is over")
    encoding = models.CharField(max_length=40)
    delimiter = models.CharField(max_length=1)
    sheets = models.JSONField(default=list, help_text="the sheets of a workbook, while one of them is to be chosen")
    header = models.JSONField(default=list)
    sample = models.JSONField(default=list)
    row_count = models.PositiveIntegerField(default=0)
    mapping = models.JSONField(default=dict)
    permission = models.JSONField(default=dict)
    stage = models.CharField(max_length=12, blank=True)
    tags = models.JSONField(default=list)
    known = models.CharField(
        max_length=6, choices=Known.choices, default=Known.SKIP, db_default=Known.SKIP,
        help_text="what to do where the list and what we have of a known person differ",
    )  # fmt: skip
    started_at = models.DateTimeField(
        null=True, blank=True, help_text="created_at of every row that this import writes: by it an undo finds them"
    )
    job = TenantForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    uploaded_by = TenantForeignKey(Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    added_count = models.PositiveIntegerField(default=0)
    known_count = models.PositiveIntegerField(default=0)
    problem_count = models.PositiveIntegerField(default=0)
    roomless_count = models.PositiveIntegerField(
        default=0, db_default=0, help_text="rows among the problems for which there was no more room"
    )
    permitted_count = models.PositiveIntegerField(default=0)
    changed_count = models.PositiveIntegerField(default=0, db_default=0)
    asked_count = models.PositiveIntegerField(default=0, db_default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
    answer_all = models.CharField(max_length=6, blank=True, default="", db_default="", help_text="theirs, ours")
    undo_asked_at = models.DateTimeField(null=True, blank=True)
    undo_step = models.CharField(max_length=8, choices=UndoStep.choices, blank=True, default="", db_default="")
    undo_after = models.UUIDField(null=True, help_text="rows of this step with greater ids are still to come")
    undone = models.JSONField(default=dict, help_text="how many were removed, restored, kept, and lost a yes")

    def __str__(self) -> str:
        return self.file_name


class ImportCheck(TenantModel):
    """What a whole list would become, counted by a worker before anything of it comes in.

    Counts for the columns and answers that it was begun with; its rows to mend stand as ImportProblem.
    """

    imported = TenantForeignKey(Import, on_delete=models.CASCADE, related_name="+")
    job = TenantForeignKey(Job, on_delete=models.CASCADE, related_name="+")
    people_count = models.PositiveIntegerField(default=0, help_text="matched as the import would, each person once")
    known_count = models.PositiveIntegerField(default=0)
    returning_count = models.PositiveIntegerField(
        default=0, db_default=0, help_text="known ones who were taken away, and would need a place again"
    )
    permitted_count = models.PositiveIntegerField(default=0, help_text="who would get a yes that does not stand yet")
    problem_count = models.PositiveIntegerField(default=0)
    seen = models.BinaryField(default=b"", help_text="eight bytes of the keyed hash of each person; empty at the end")

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "imported"], name="import_check_once")]
        indexes = [models.Index(fields=["business_id", "job"], name="import_check_of_job")]

    def __str__(self) -> str:
        return str(self.problem_count)


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

    @property
    def words(self) -> str:
        """What stands in the row, without its empty cells."""
        return " · ".join(filter(None, self.row))


# What of a known person a list may tell otherwise.
DIFFERING = ("name", "phone", "postal", "stage")


class ImportChange(TenantModel):
    """A known person whom a list tells otherwise: asked about, taken over, or left; and what an undo made of them.

    `before` and `after` hold the same keys: `name` (first, last, shown, sorted), `phone` and `postal` (as typed, as
    compared), `stage`, `gone` (was deleted and came back).
    """

    class State(models.TextChoices):
        ASKED = "asked", _("Waits for an answer")
        TAKEN = "taken", _("Taken from the list")
        LEFT = "left", _("Left as it was")
        RESTORED = "restored", _("As before again")
        KEPT = "kept", _("Could not be taken back")

    class Why(models.TextChoices):
        EDITED = "edited", _("Somebody changed them since.")
        LIVED = "lived", _("Something happened between you since.")

    imported = TenantForeignKey(Import, on_delete=models.CASCADE, related_name="+")
    contact = TenantForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    line = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State.choices)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    version_after = models.PositiveIntegerField(default=0, help_text="the person's version when it was taken over")
    why = models.CharField(max_length=8, choices=Why.choices, blank=True)

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "imported", "contact"], name="import_change_once")]
        indexes = [
            models.Index(fields=["business_id", "imported", "state", "id"], name="import_change_by_state"),
            models.Index(fields=["business_id", "contact"], name="import_change_of_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.state}"
