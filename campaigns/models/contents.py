"""What a letter says: as written, and as compiled once for sending."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.models import TenantModel
from ecosystem.models import Membership


class Content(TenantModel):
    """A letter or a text as it is being written. A letter may also say the same as a text."""

    class Kind(models.TextChoices):
        LETTER = "letter", _("Letter")
        TEXT = "text", _("Text")

    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.LETTER)
    name = models.CharField(_("name"), max_length=120)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    preheader = models.CharField(_("first line people see"), max_length=200, blank=True)
    body = models.TextField(_("letter"), max_length=50_000, blank=True)
    button_label = models.CharField(_("words on the button"), max_length=60, blank=True)
    button_url = models.CharField(_("where the button leads"), max_length=1000, blank=True)
    text_body = models.TextField(_("text"), max_length=1000, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["business_id", "-updated_at", "-id"], name="content_newest")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_text(self) -> bool:
        """True where it can go as a text alone."""
        return self.kind == self.Kind.TEXT

    @property
    def offers_both(self) -> bool:
        """True for a letter that also goes as a text, to whoever prefers that."""
        return not self.is_text and bool(self.text_body.strip())


class ContentVersion(TenantModel):
    """An immutable compiled letter: the render plan that every message of it is spliced from.

    Without a subject it goes as a text alone, with a text beside the subject either way.
    """

    content = TenantForeignKey(Content, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    subject = models.CharField(max_length=200)
    preheader = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    text_body = models.TextField(blank=True)
    plan = models.JSONField()
    plan_hash = models.CharField(max_length=64)
    made_by = TenantForeignKey(Membership, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            TenantUniqueConstraint(fields=["business_id", "content", "number"], name="content_version_number_once")
        ]

    def __str__(self) -> str:
        return self.subject or self.text_body[:60]


class Link(TenantModel):
    """One numbered link of a compiled letter; the one place that knows where it leads."""

    content_version = TenantForeignKey(ContentVersion, on_delete=models.CASCADE, related_name="links")
    number = models.PositiveSmallIntegerField()
    url = models.TextField(max_length=2000)

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["business_id", "content_version", "number"], name="link_once")]

    def __str__(self) -> str:
        return self.url
