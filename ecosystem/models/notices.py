"""What members are told of, and how soon by mail."""

from django.db import models
from django.db.models import Q

from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import TenantModel
from ecosystem.models.memberships import Membership
from ecosystem.notices import Pace


class Notice(TenantModel):
    """One thing that one member is told once: about what, where it is seen, and when it goes out by mail."""

    member = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=80)
    about = models.CharField(max_length=160, blank=True)
    url = models.CharField(max_length=300, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    mail_due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "member", "kind", "key"], name="notice_told_once")]
        indexes = [
            models.Index(fields=["business_id", "member", "-id"], name="notice_of_member"),
            models.Index(fields=["business_id", "member"], name="notice_unread", condition=Q(read_at__isnull=True)),
            models.Index(
                fields=["business_id", "mail_due_at"], name="notice_to_mail", condition=Q(mail_due_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.kind


class NoticePace(TenantModel):
    """How soon one member wants notices of one kind by mail; without a row the kind's own pace counts."""

    member = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)
    pace = models.CharField(max_length=8, choices=Pace.choices)

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "member", "kind"], name="notice_pace_one")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pace}"
