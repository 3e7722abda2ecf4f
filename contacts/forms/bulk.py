"""What somebody wants done with many people."""

from dataclasses import dataclass
from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from contacts.models import BulkEdit
from contacts.services.tags import ensure_tags
from ecosystem.base.errors import Invalid
from ecosystem.queries.memberships import get_membership

MOST_IDS = 1_000


@dataclass(frozen=True)
class Wish:
    """The act and its value: a tag's id, a membership's id or nothing, a rung."""

    act: str
    value: str


def read_wish(posted: QueryDict) -> Wish:
    """What the pressed button says, as `act` or `act:value`; raises Invalid or NotFound for what makes no sense."""
    act, _colon, value = posted.get("do", "").partition(":")
    if act in (BulkEdit.Act.TAG, BulkEdit.Act.UNTAG):
        tags = ensure_tags([posted.get("word", "").replace(",", " ")])
        if not tags:
            raise Invalid("tag_missing", _("Write the word that you want on them, or off them."), field="word")
        return Wish(act, str(tags[0].pk))
    if act == BulkEdit.Act.OWNER and value:
        return Wish(act, str(get_membership(_uuid(value)).pk))
    return Wish(act, value)


def chosen_people(posted: QueryDict) -> list[UUID]:
    """The ids of the ticked rows; what is no id is left out."""
    found = []
    for text in posted.getlist("person")[:MOST_IDS]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid("bulk_act_unknown", _("Choose what to do with them.")) from error
