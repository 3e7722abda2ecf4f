"""Pairs who may be one, what a merge would do, and what one did."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, DuplicateCandidate, MergeOperation, Stage
from contacts.undoing import UNDO_WITHIN
from ecosystem.base.errors import NotFound
from ecosystem.base.keyset import Page, keyset_page
from ecosystem.models import Job, KindSetting
from ecosystem.privacy import PERSONAL, PersonalTable

REASONS: Mapping[str, str | Promise] = {
    "same_phone": _("Same phone"),
    "same_email": _("Same email"),
    "same_mailbox_name": _("Same name before the @, same last name"),
    "same_name": _("Same name"),
}
SHOWN_A_PAGE = 20
_LABELS: Mapping[str, str | Promise] = {
    "name": _("Name"), "email": _("Email"), "phone": _("Phone"), "stage": _("Rung"), "owner": _("Looked after by"),
}  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """Two people who may be one, and why."""

    candidate: DuplicateCandidate
    why: tuple[str, ...]


@dataclass(frozen=True)
class Side:
    """A field in which two records differ: what each says, and whose counts unless told otherwise."""

    key: str
    label: str | Promise
    ours: str
    theirs: str
    takes_theirs: bool


def pairs_page(cursor: str | None, *, limit: int = SHOWN_A_PAGE) -> Page[Pair]:
    """The likeliest pairs first."""
    open_pairs = DuplicateCandidate.objects.filter(state=DuplicateCandidate.State.OPEN)
    alive = open_pairs.filter(first__deleted_at=None, second__deleted_at=None).select_related("first", "second")
    page = keyset_page(alive, order=("-score", "id"), cursor=cursor, limit=limit)
    pairs = [Pair(one, tuple(str(REASONS[why]) for why in one.reasons if why in REASONS)) for one in page.items]
    return Page(pairs, page.next_cursor, page.previous_cursor)


def last_search() -> Job | None:
    """The search for pairs that began last."""
    return Job.objects.filter(kind="duplicates").order_by("-id").first()


def get_pair(candidate_id: UUID) -> DuplicateCandidate:
    """One pair, or NotFound."""
    found = DuplicateCandidate.objects.filter(pk=candidate_id).first()
    if found is None:
        raise NotFound("pair_unknown", _("There is no such pair any more."))
    return found


def get_merge(merge_id: UUID) -> MergeOperation:
    """What was made one, or NotFound."""
    found = MergeOperation.objects.select_related("winner", "loser").filter(pk=merge_id).first()
    if found is None:
        raise NotFound("merge_unknown", _("There is no such merge."))
    return found


def parted_until(made: MergeOperation) -> datetime:
    """Until when two people who were made one can be parted again."""
    return made.merged_at + UNDO_WITHIN


def merges_with(contact: Contact) -> QuerySet[MergeOperation]:
    """Everything that was ever made one with a person, also what was parted again."""
    return MergeOperation.objects.filter(winner=contact)


def merges_of(contact: Contact) -> list[MergeOperation]:
    """What was made one with a person and stands so, newest first."""
    made = MergeOperation.objects.filter(winner=contact, reverted_at=None)
    return list(made.select_related("loser").order_by("-id")[:10])


def sides_of(winner: Contact, loser: Contact, *, in_words: bool = True) -> list[Side]:
    """Where two records differ. The higher rung counts unless told otherwise, and what is there before what is not.

    `in_words` of the business; else as programs know it.
    """
    labels = dict(KindSetting.objects.values_list("kind", "label")) if in_words else {}
    ladder = ["", *Stage.values]

    def values(person: Contact) -> dict[str, str]:
        return {
            "name": person.display_name,
            "email": person.primary_email,
            "phone": person.primary_phone,
            "stage": labels.get(person.stage or "", "") if in_words else person.stage or "",
            "owner": (str(person.owner.user) if in_words else str(person.owner_id)) if person.owner else "",
        }

    ours, theirs = values(winner), values(loser)
    higher = ladder.index(loser.stage or "") > ladder.index(winner.stage or "")
    return [
        Side(key, label, ours[key], theirs[key], higher if key == "stage" else not ours[key])
        for key, label in _LABELS.items()
        if ours[key] != theirs[key]
    ]


def likely_choices(winner: Contact, loser: Contact) -> dict[str, str]:
    """What would be chosen between two records where nobody says otherwise."""
    return {side.key: "loser" for side in sides_of(winner, loser, in_words=False) if side.takes_theirs}


def title_of(label: str) -> str:
    """What a table is called where a person reads of it."""
    table = PERSONAL.get(label) if label in PERSONAL else None
    return str(table.title) if isinstance(table, PersonalTable) else label
