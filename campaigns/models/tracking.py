"""What mail programs and people did with a message, raw: machines are kept apart from humans."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.messages import Message
from ecosystem.base.fields import TenantForeignKey
from ecosystem.base.models import TenantModel


class TrackingEvent(TenantModel):
    """One raw event of one message. A human click becomes an Interaction; a machine's feeds nobody."""

    class Kind(models.TextChoices):
        CLICKED = "clicked", _("Clicked")
        OPENED = "opened", _("Opened")
        BOUNCED = "bounced", _("Came back")
        COMPLAINED = "complained", _("Complained")
        VISITED = "visited", _("Opened the page for leaving or choosing")
        TRAPPED = "trapped", _("Followed a link that no person sees")

    message = TenantForeignKey(Message, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    link_number = models.PositiveSmallIntegerField(null=True)
    occurred_at = models.DateTimeField()
    is_machine = models.BooleanField(default=False)
    machine_reason = models.CharField(max_length=40, blank=True)
    user_agent_hash = models.CharField(max_length=64, blank=True)
    decided_at = models.DateTimeField(null=True, help_text="when it was clear whether a human did it")

    class Meta:
        indexes = [
            models.Index(fields=["business_id", "message", "-occurred_at"], name="tracking_event_of_message"),
            models.Index(
                fields=["business_id", "occurred_at"],
                name="tracking_event_undecided",
                condition=models.Q(decided_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.kind
