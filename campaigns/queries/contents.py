"""Letters as they are being written, and who could be looked at in them."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from campaigns.models import Content, Sequence, Step
from contacts.models import Contact, Topic
from ecosystem.base.errors import NotFound
from ecosystem.base.keyset import Page, keyset_page

ORDER = ("-updated_at", "-id")
MOST_SAMPLES = 8
MOST_NAMES = 200
_STATES_IN_USE = ("draft", "live", "paused")


@dataclass(frozen=True)
class ContentRow:
    """A letter in the list, with the names of the sequences that send it."""

    content: Content
    used_in: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ContentPage:
    """A page of letters, the latest changed first."""

    rows: list[ContentRow]
    next_cursor: str | None
    previous_cursor: str | None


def contents_page(*, cursor: str | None = None, limit: int = 30) -> ContentPage:
    """Letters that are not put away."""
    letters = Content.objects.filter(archived_at__isnull=True).only(
        "name", "kind", "subject", "text_body", "updated_at", "version"
    )
    page: Page[Content] = keyset_page(letters, ORDER, cursor, limit)
    used = sequences_of([content.id for content in page.items])
    rows = [ContentRow(content, [sequence.name for sequence in used.get(content.id, [])]) for content in page.items]
    return ContentPage(rows, page.next_cursor, page.previous_cursor)


def get_content(content_id: UUID) -> Content:
    """A letter of this business; NotFound for anybody else's."""
    content = Content.objects.filter(id=content_id).first()
    if content is None:
        raise NotFound("letter_unknown", _("There is no such letter."))
    return content


def sequences_of(content_ids: Collection[UUID]) -> dict[UUID, list[Sequence]]:
    """By letter: the sequences that send it in the version that is live or being written."""
    steps = (
        Step.objects.filter(content__in=content_ids, version_of__sequence__state__in=_STATES_IN_USE)
        .order_by("version_of__sequence__name", "version_of__sequence_id")
        .values_list("content_id", "version_of__sequence_id", "version_of__sequence__name", named=True)
        .distinct()[:500]
    )
    found: dict[UUID, list[Sequence]] = defaultdict(list)
    for step in steps:
        found[step.content_id].append(Sequence(id=step[1], name=step[2]))
    return dict(found)


def topic_of_letter(content_id: UUID) -> list[Topic]:
    """What people said yes to who get this letter; while no sequence sends it, the first topic there is."""
    senders = Sequence.objects.filter(
        topic=OuterRef("pk"),
        id__in=Step.objects.filter(content=content_id).values("version_of__sequence"),
        state__in=_STATES_IN_USE,
    )
    open_ones = Topic.objects.filter(archived_at__isnull=True)
    return list(open_ones.annotate(is_used=Exists(senders)).order_by("-is_used", "name", "id")[:1])


def people_to_try() -> list[Contact]:
    """The newest people of the business, to look at a letter as each of them."""
    people = Contact.objects.filter(deleted_at__isnull=True)
    return list(people.only("given_name", "family_name", "display_name").order_by("-id")[:MOST_SAMPLES])


def names_to_try() -> list[Contact]:
    """The newest people of the business in a number that shows how long names get."""
    people = Contact.objects.filter(deleted_at__isnull=True)
    return list(people.only("given_name", "family_name", "display_name").order_by("-id")[:MOST_NAMES])
