"""A person, once per business, whatever they are to it."""

from datetime import UTC, datetime
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from contacts.models.sort_names import LONGEST_NAME
from ecosystem.base.fields import TenantForeignKey
from ecosystem.base.models import TenantModel
from ecosystem.models import Membership

# What stands for "not yet" where an order needs a time.
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Stage(models.TextChoices):
    """The rungs, lowest first; `online_user` is an optional step of a business."""

    SUSPECT = "suspect", _("Suspect")
    ONLINE_USER = "online_user", _("Online user")
    PROSPECT = "prospect", _("Prospect")
    CLIENT = "client", _("Client")
    ADVOCATE = "advocate", _("Advocate")


class Contact(TenantModel):
    """A person. The rung of the ladder is `stage` (none for those who stand only beside it).

    `fed_at` is when something of value last reached them, or, while nothing has, when they came
    to their rung: hunger counts from it. Copies of the first address and phone stand here for lists; PostgreSQL
    keeps `touched_at`, which is `last_touch_at`, or NEVER, so that lists have a place for everybody.
    """

    class Source(models.TextChoices):
        STAFF = "staff", _("Added by the team")
        IMPORT = "import", _("A list brought in")
        SIGNUP = "signup", _("An opt-in page")
        API = "api", _("Another program")
        TEAM = "team", _("Joined the team")

    given_name = models.CharField(_("first name"), max_length=80, blank=True)
    family_name = models.CharField(_("last name"), max_length=80, blank=True)
    display_name = models.CharField(_("name"), max_length=LONGEST_NAME)
    sort_name = models.CharField(max_length=LONGEST_NAME)
    language = models.CharField(max_length=12, blank=True)
    timezone = models.CharField(max_length=64, blank=True)
    stage = models.CharField(max_length=12, choices=Stage.choices, null=True, blank=True)  # noqa: DJ001
    stage_since = models.DateTimeField(null=True, blank=True)
    fed_at = models.DateTimeField(default=now)
    owner = TenantForeignKey(Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    membership = TenantForeignKey(Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    primary_email = models.CharField(max_length=254, blank=True)
    primary_phone = models.CharField(max_length=20, blank=True)
    preferred_channel = models.CharField(
        max_length=10, blank=True, default="", db_default="", help_text="how they like to hear from us, if said"
    )
    source = models.CharField(max_length=8, choices=Source.choices, default=Source.STAFF)
    source_detail = models.CharField(max_length=120, blank=True)
    last_touch_at = models.DateTimeField(null=True, blank=True)
    touched_at = models.GeneratedField(
        expression=Coalesce(F("last_touch_at"), Value(NEVER)),
        output_field=models.DateTimeField(),
        db_persist=True,
    )
    do_not_contact = models.BooleanField(default=False)
    paused_until = models.DateTimeField(
        null=True, blank=True, help_text="they asked for a rest: news and promised letters wait until then"
    )
    rhythm_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="they asked for at most one letter or text in so many days, all together"
    )
    quiet_from_minute = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="they asked for quiet from this minute of the evening, by their clock"
    )
    quiet_until_minute = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="until which minute of the morning they asked for quiet"
    )
    is_unmeasured = models.BooleanField(
        default=False, db_default=False, help_text="they asked that nothing be told of what they open and follow"
    )
    deleted_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="they were forgotten: nothing is left but this id, and nothing brings them back",
    )

    merged_into = TenantForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        help_text="they were made one with somebody: this record is a stub that leads there",
    )  # fmt: skip
    merged_ids = ArrayField(
        models.UUIDField(), null=True, blank=True, help_text="the stubs that lead here, whose lines are theirs too"
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["business_id", "merged_into"],
                name="contact_merged_into",
                condition=models.Q(merged_into__isnull=False),
            ),
            models.Index(
                fields=["business_id", "-id"], name="contact_newest", condition=models.Q(deleted_at__isnull=True)
            ),
            models.Index(
                fields=["business_id", "sort_name", "id"],
                name="contact_by_name",
                condition=models.Q(deleted_at__isnull=True),
            ),
            models.Index(
                fields=["business_id", "stage", "-id"],
                name="contact_stage_newest",
                condition=models.Q(deleted_at__isnull=True),
            ),
            models.Index(
                fields=["business_id", "stage", "sort_name", "id"],
                name="contact_stage_by_name",
                condition=models.Q(deleted_at__isnull=True),
            ),
            models.Index(
                fields=["business_id", "stage", "-stage_since", "-id"],
                name="contact_lane",
                condition=models.Q(deleted_at__isnull=True),
            ),
            models.Index(
                fields=["business_id", "stage", "fed_at", "id"],
                name="contact_hunger",
                condition=models.Q(deleted_at__isnull=True),
            ),
            models.Index(
                fields=["business_id", "-touched_at", "-id"],
                name="contact_by_touch",
                condition=models.Q(deleted_at__isnull=True),
            ),
            models.Index(
                fields=["business_id", "stage", "-touched_at", "-id"],
                name="contact_stage_by_touch",
                condition=models.Q(deleted_at__isnull=True),
            ),
            models.Index(
                fields=["business_id", "source", "-id"],
                name="contact_source_newest",
                condition=models.Q(deleted_at__isnull=True),
            ),
            models.Index(
                fields=["business_id", "owner", "-id"],
                name="contact_owner_newest",
                condition=models.Q(deleted_at__isnull=True, owner__isnull=False),
            ),
            models.Index(
                fields=["business_id", "owner", "sort_name", "id"],
                name="contact_owner_by_name",
                condition=models.Q(deleted_at__isnull=True, owner__isnull=False),
            ),
            models.Index(
                fields=["business_id", "owner", "-touched_at", "-id"],
                name="contact_owner_by_touch",
                condition=models.Q(deleted_at__isnull=True, owner__isnull=False),
            ),
            models.Index(
                fields=["business_id", "membership"],
                name="contact_of_member",
                condition=models.Q(membership__isnull=False),
            ),
            models.Index(
                fields=["business_id", "owner"],
                name="contact_of_owner",
                condition=models.Q(owner__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def all_ids(self) -> list[UUID]:
        """Their own id and those under which lines of theirs were written before two records were made one."""
        return [self.pk, *(self.merged_ids or [])]
