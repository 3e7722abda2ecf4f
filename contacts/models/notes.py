"""What the team writes down about a person."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models.contacts import Contact
from contacts.models.interactions import Interaction
from ecosystem.base.fields import TenantForeignKey
from ecosystem.base.models import TenantModel
from ecosystem.models import Membership


class Note(TenantModel):
    """Free text about a contact, alone or as the words to an Interaction. Deleted on erasure.

    One that was taken away can be brought back for KEPT_DAYS; then it is deleted.
    """

    KEPT_DAYS = 30

    contact = TenantForeignKey(Contact, on_delete=models.CASCADE, related_name="notes")
    interaction = TenantForeignKey(Interaction, null=True, on_delete=models.CASCADE, related_name="+")
    body = models.TextField(_("note"), max_length=64_000)
    written_by = TenantForeignKey(Membership, null=True, on_delete=models.SET_NULL, related_name="+")
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["business_id", "contact", "-id"], name="note_of_contact"),
            models.Index(fields=["business_id", "interaction"], name="note_of_interaction"),
            models.Index(
                fields=["business_id", "deleted_at"],
                name="note_to_purge",
                condition=models.Q(deleted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.body[:40]
