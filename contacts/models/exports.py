"""A file of people that a member took out, kept for some days."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import TenantModel
from ecosystem.models import Job, Membership


class PeopleExport(TenantModel):
    """Who was asked for, by whom, as which file. Its address holds `token` and opens for that member alone."""

    class Format(models.TextChoices):
        CSV = "csv", _("CSV, for every program")
        XLSX = "xlsx", _("Excel workbook")

    format = models.CharField(max_length=4, choices=Format.choices)
    wanted = models.JSONField(default=dict, help_text="the filter; empty for everybody")
    shows_addresses = models.BooleanField(help_text="whether the role of who asked may see where people are reached")
    token = models.CharField(max_length=43)
    below_id = models.UUIDField(help_text="people with smaller ids are still to come")
    row_count = models.PositiveIntegerField(default=0)
    piece_count = models.PositiveIntegerField(default=0)
    job = TenantForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    asked_by = TenantForeignKey(Membership, null=True, on_delete=models.SET_NULL, related_name="+")
    ready_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    expired_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["business_id", "asked_by", "-id"], name="people_export_of_member")]

    def __str__(self) -> str:
        return f"{self.format} {self.row_count}"


class ExportPiece(TenantModel):
    """The rows of one slice, as they stand in the file."""

    export = TenantForeignKey(PeopleExport, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "export", "number"], name="export_piece_once")]

    def __str__(self) -> str:
        return str(self.number)
