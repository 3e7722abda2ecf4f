"""Everything between a business and one person, newest first, told in sentences."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Case, Exists, JSONField, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import JSONObject
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from contacts.models import Contact, Interaction, Note
from contacts.queries.merged import lines_of
from contacts.timeline_kinds import (
    TIMELINE_KINDS,
    TIMELINE_TROUBLES,
    Scene,
    Shelf,
    Telling,
    TimelineKind,
    Trouble,
    TroubleAction,
)
from ecosystem.base.access import Action
from ecosystem.base.keyset import cursor_after, keyset_page
from ecosystem.base.sql import array_text, rows
from ecosystem.moments import clock_words
from ecosystem.queries.stakeholders import KindWords

PAGE_LENGTH = 20
# So many lines are counted into months.
MOST_FOLDED = 2_000
ORDER = ("-occurred_at", "-id")

# Each person's newest by their own index: an order over all of them would read everything they ever had.
_NEWEST_OF_PEOPLE = """
SELECT newest.id
  FROM unnest(%(people)s::uuid[]) AS person (id)
 CROSS JOIN LATERAL (
        SELECT line.id, line.occurred_at
          FROM contacts_interaction AS line
         WHERE line.business_id = %(business_id)s AND line.contact_id = person.id
           AND line.kind <> ALL (%(hidden)s::text[])
         ORDER BY line.occurred_at DESC, line.id DESC
         LIMIT %(limit)s) AS newest
 ORDER BY newest.occurred_at DESC, newest.id DESC
 LIMIT %(limit)s"""


@dataclass(frozen=True)
class WrittenNote:
    """The words beside a line: which note, by whom, and when it was written anew, if ever."""

    id: UUID
    body: str
    written_by_id: UUID | None
    edited_at: datetime | None


@dataclass(frozen=True)
class Line:
    """One thing that happened, as it is shown."""

    icon: str
    telling: Telling
    when: str
    occurred_at: datetime
    note: WrittenNote | None = None
    person: Contact | None = None
    action: TroubleAction | None = None


@dataclass(frozen=True)
class Day:
    """The lines of one day under its heading."""

    heading: str
    lines: list[Line]


@dataclass(frozen=True)
class Month:
    """A month of a long history, folded: `key` as an address names it, and how much it holds.

    `is_cut`: it is the last one that was counted, and may hold more, as may the months before it.
    """

    key: str
    label: str
    count: int
    is_cut: bool = False


@dataclass(frozen=True)
class Timeline:
    """Twenty lines by day, how many come with the next click, and, where that was asked for, its months.

    `is_long`: there is more than two pages of it, so that months are worth to be asked for. `months` is None where
    they were not asked for, and `months_before` the month from which they go on where not all of them are here.
    """

    days: list[Day]
    next_cursor: str | None
    next_count: int
    is_long: bool = False
    months: Sequence[Month] | None = None
    months_before: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.days


def timeline_of(
    contact: Contact,
    *,
    cursor: str | None,
    words: Mapping[str, KindWords],
    zone: ZoneInfo,
    now: datetime,
    shelf: str = "",
    month: str = "",
    by_month: bool = False,
    months_until: str = "",
    with_words: bool = True,
    hidden: Collection[str] = (),
    sees: Callable[[Action], bool] | None = None,
) -> Timeline:
    """A page of a person's timeline, of one shelf or of one month of it: one statement, whatever its lines tell of.

    One more reads what did not come about, and one more counts its months where they are asked for, back from the
    month `months_until`, or from the newest. Of a note that was taken away nothing is left to see. What was said or
    written in the lines is told `with_words` only, lines of `hidden` kinds are not there, and what can be done about a
    line is there for those who may do it (`sees`).
    """
    taken_away = Note.objects.filter(interaction=OuterRef("pk"), deleted_at__isnull=False)
    lines = Interaction.objects.filter(lines_of(contact)).exclude(Q(kind="note") & Q(Exists(taken_away)))
    if hidden:
        lines = lines.exclude(kind__in=hidden)
    if shelf:
        lines = lines.filter(kind__in=kinds_on(shelf))
    months = _months(lines, zone, until=months_until) if by_month else None
    bounds = month_bounds(month, zone) if month else None
    if bounds:
        lines = lines.filter(occurred_at__gte=bounds[0], occurred_at__lt=bounds[1])
    # Twice the page: what follows is counted by being there.
    page = keyset_page(_told_of(lines), order=ORDER, cursor=cursor, limit=2 * PAGE_LENGTH)
    shown, following = page.items[:PAGE_LENGTH], page.items[PAGE_LENGTH:]
    told = [
        _line(line, Scene(contact, str(line.actor.user) if line.actor else "", words), zone, with_words)
        for line in shown
    ]
    if shelf in ("", Shelf.MESSAGES) and (shown or not cursor):
        # From the first line of this page (of the first page: from now) down to the first one of the next.
        since = following[0].occurred_at if following else bounds[0] if bounds else None
        until = shown[0].occurred_at if cursor else bounds[1] if bounds else None
        troubles = [one for read in TIMELINE_TROUBLES for one in read(contact, since=since, until=until, now=now)]
        told = sorted([*told, *(_trouble(one, zone, sees) for one in troubles)], key=_moment, reverse=True)
    return Timeline(
        days=_by_day(told, zone, now),
        next_cursor=cursor_after(shown[-1], ORDER) if following else None,
        next_count=len(following),
        is_long=len(following) == PAGE_LENGTH and not cursor and not month,
        months=months,
        months_before=_month_before(months[-1].key, zone) if months and months[-1].is_cut else "",
    )


def month_bounds(key: str, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """When a month, written as `2026-05`, begins and ends in a zone; None where that is no month."""
    try:
        first = datetime.strptime(key, "%Y-%m").replace(tzinfo=zone)
    except ValueError:
        return None
    if len(key) != len("2026-05") or not 1900 <= first.year < 9999:
        return None
    return first, first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)


def month_label(key: str, zone: ZoneInfo) -> str:
    """A month in words: `May 2026`."""
    bounds = month_bounds(key, zone)
    return date_format(bounds[0], "F Y") if bounds else ""


def _month_before(key: str, zone: ZoneInfo) -> str:
    bounds = month_bounds(key, zone)
    return f"{bounds[0] - timedelta(days=1):%Y-%m}" if bounds else ""


def _months(lines: QuerySet[Interaction], zone: ZoneInfo, *, until: str) -> list[Month]:
    """The months with what they hold, the newest first, of so many lines at most; none after the month `until`."""
    bounds = month_bounds(until, zone)
    if bounds:
        lines = lines.filter(occurred_at__lt=bounds[1])
    moments = list(lines.order_by(*ORDER).values_list("occurred_at", flat=True)[:MOST_FOLDED])
    found: dict[date, int] = {}
    for moment in moments:
        month = moment.astimezone(zone).date().replace(day=1)
        found[month] = found.get(month, 0) + 1
    last = min(found, default=None)
    is_cut = len(moments) == MOST_FOLDED
    return [
        Month(f"{first:%Y-%m}", date_format(first, "F Y"), count, is_cut=is_cut and first == last)
        for first, count in found.items()
    ]


def _trouble(one: Trouble, zone: ZoneInfo, sees: Callable[[Action], bool] | None) -> Line:
    may_act = one.action is not None and sees is not None and sees(one.action.takes)
    when = clock_words(one.occurred_at, zone)
    return Line(one.icon, one.telling, when, one.occurred_at, action=one.action if may_act else None)


def _moment(line: Line) -> datetime:
    return line.occurred_at


def days_of_people(
    people: Sequence[Contact],
    *,
    words: Mapping[str, KindWords],
    zone: ZoneInfo,
    now: datetime,
    with_words: bool = True,
    hidden: Collection[str] = (),
) -> list[Day]:
    """The newest twenty lines of some people together, each with whose it is, as on the page of a firm.

    Lines of `hidden` kinds are not there.
    """
    by_id = {pk: person for person in people for pk in person.all_ids}
    ids = array_text([str(pk) for pk in by_id])
    wanted = {"people": ids, "limit": PAGE_LENGTH, "hidden": array_text(list(hidden))}
    newest = rows(_NEWEST_OF_PEOPLE, wanted) if by_id else []
    taken_away = Note.objects.filter(interaction=OuterRef("pk"), deleted_at__isnull=False)
    found = Interaction.objects.filter(pk__in=[row["id"] for row in newest])
    found = found.exclude(Q(kind="note") & Q(Exists(taken_away)))
    shown = sorted(_told_of(found), key=lambda line: (line.occurred_at, line.pk), reverse=True)
    told = []
    for line in shown:
        person = by_id[line.contact_id]
        scene = Scene(person, str(line.actor.user) if line.actor else "", words)
        one = _line(line, scene, zone, with_words)
        told.append(replace(one, person=person))
    return _by_day(told, zone, now)


def kinds_on(shelf: str) -> list[str]:
    """The kinds of lines that a filter shows."""
    return [key for key, kind in TIMELINE_KINDS.items() if kind.shelf == shelf]


def kinds_hidden(sees: Callable[[Action], bool]) -> list[str]:
    """The kinds of lines that a reader who sees so much may not see."""
    return [key for key, kind in TIMELINE_KINDS.items() if kind.takes is not None and not sees(kind.takes)]


def label_of_kind(kind: str) -> str:
    """What a kind of line is called in a list; empty for one that nobody tells."""
    return str(TIMELINE_KINDS.get(kind).label) if kind in TIMELINE_KINDS else ""


def _told_of(lines: QuerySet[Interaction]) -> QuerySet[Interaction]:
    """The lines with who of the team did them, the words beside them and what each of them tells of."""
    notes = Note.objects.filter(interaction=OuterRef("pk"), deleted_at=None)
    words = JSONObject(id="id", body="body", written_by_id="written_by_id", edited_at="edited_at")
    facts = [When(kind=key, then=kind.fact()) for key, kind in TIMELINE_KINDS.items() if kind.fact]
    return lines.select_related("actor__user").annotate(
        its_note=Subquery(notes.values(words=words)[:1]), its_fact=Case(*facts, output_field=JSONField())
    )


def _note_of(line: Interaction) -> WrittenNote | None:
    """The words beside a line."""
    note = vars(line)["its_note"]
    if note is None:
        return None
    writer, edited = note["written_by_id"], note["edited_at"]
    return WrittenNote(
        id=UUID(note["id"]),
        body=note["body"],
        written_by_id=UUID(writer) if writer else None,
        edited_at=datetime.fromisoformat(edited) if edited else None,
    )


def _line(line: Interaction, scene: Scene, zone: ZoneInfo, with_words: bool) -> Line:
    note = _note_of(line) if with_words else None
    kind: TimelineKind | None = TIMELINE_KINDS.get(line.kind) if line.kind in TIMELINE_KINDS else None
    telling = (
        kind.tell(line, scene, vars(line)["its_fact"])
        if kind
        else Telling(title=line.kind.replace("_", " ").capitalize())
    )
    if not with_words:
        text = _("What was said is for the team only") if telling.said else telling.text
        telling = replace(telling, said="", text=text)
    elif note and not telling.said:
        text = _("Written anew since") if note.edited_at and not telling.text else telling.text
        telling = Telling(title=telling.title, said=note.body, text=text, kind=telling.kind)
    return Line(
        icon=kind.icon if kind else "circle-check",
        telling=telling,
        when=clock_words(line.occurred_at, zone),
        occurred_at=line.occurred_at,
        note=note,
    )


def _by_day(lines: Iterable[Line], zone: ZoneInfo, now: datetime) -> list[Day]:
    today = now.astimezone(zone).date()
    days: list[Day] = []
    last: date | None = None
    for line in lines:
        day = line.occurred_at.astimezone(zone).date()
        if day != last:
            days.append(Day(_heading(day, today), []))
            last = day
        days[-1].lines.append(line)
    return days


def _heading(day: date, today: date) -> str:
    """Today, Yesterday, a weekday within the week, then the date, with its year once that is another one."""
    if day == today:
        return _("Today")
    if day == today - timedelta(days=1):
        return _("Yesterday")
    if timedelta(0) < today - day < timedelta(days=7):
        return date_format(day, "l")
    return date_format(day, "j F" if day.year == today.year else "j F Y")
