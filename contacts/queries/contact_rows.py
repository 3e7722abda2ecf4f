"""People as programs read them: PostgreSQL writes the JSON of each, so that a page of fifty costs little."""

from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Func, OuterRef, QuerySet, TextField, Value
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, ContactTag, RoleAssignment
from contacts.queries.contacts import PeopleFilter, matching
from ecosystem.base.errors import NotFound

ORDER = ("-id",)
PLAIN = (
    "id",
    "given_name",
    "family_name",
    "display_name",
    "language",
    "stage",
    "stage_since",
    "source",
    "source_detail",
    "do_not_contact",
    "last_touch_at",
    "fed_at",
    "created_at",
    "updated_at",
    "version",
)


class _JsonText(Func):
    """json_build_object(...) as text: nobody parses it on the way."""

    function = "json_build_object"
    template = "%(function)s(%(expressions)s)::text"
    output_field = TextField()


def contact_rows(wanted: PeopleFilter | None = None) -> QuerySet[Contact, Any]:
    """Rows of (id, json) of the live people whom a filter lets through, to be paged in ORDER."""
    shown: dict[str, Any] = {name: F(name) for name in PLAIN}
    roles = RoleAssignment.objects.filter(contact=OuterRef("pk"), ended_at=None).order_by("kind").values("kind")
    tags = ContactTag.objects.filter(contact=OuterRef("pk")).order_by("tag__name_norm").values("tag__name")
    shown |= {
        "email": F("primary_email"),
        "phone": F("primary_phone"),
        "roles": ArraySubquery(roles),
        "tags": ArraySubquery(tags),
    }
    pairs = [part for name, value in shown.items() for part in (Value(name), value)]
    people = matching(wanted or PeopleFilter())
    return people.annotate(json=_JsonText(*pairs)).values_list("id", "json", named=True)


def contact_json(contact_id: UUID) -> tuple[str, int]:
    """One person as JSON, and their version; NotFound for every id that is not a live person of the business."""
    rows: Any = contact_rows()
    found: tuple[str, int] | None = rows.filter(pk=contact_id).values_list("json", "version").first()
    if found is None:
        raise NotFound("contact_not_found", _("There is nobody by that id."))
    return found
