"""A filter of the list of everyone, kept under a name."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import TenantModel
from ecosystem.models import Membership


class PeopleView(TenantModel):
    """A tab of somebody's own above the list, or of the whole team where `member` is empty.

    It keeps what people must be and in which order they stand, never whom somebody searched for.
    """

    KEPT_DAYS = 30

    name = models.CharField(_("name"), max_length=40)
    name_norm = models.CharField(max_length=40)
    wanted = models.JSONField(help_text="the filter, as PeopleFilter writes it")
    member = TenantForeignKey(Membership, null=True, on_delete=models.CASCADE, related_name="+")
    kept_by = TenantForeignKey(Membership, null=True, on_delete=models.SET_NULL, related_name="+")
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            TenantUniqueConstraint(
                fields=["business_id", "member", "name_norm"],
                condition=models.Q(deleted_at=None),
                nulls_distinct=False,
                name="people_view_name_once",
            )
        ]

    def __str__(self) -> str:
        return self.name
