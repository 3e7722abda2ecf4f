"""Turns a row of a list into a person to keep, or into the sentence that says why not."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from contacts.lists.cards import trouble_of
from contacts.lists.programs import STAGE_WORDS
from contacts.models import Stage
from contacts.postal import POSTAL_MEANINGS, put_together, read_postal
from ecosystem.base.addresses import fold, normalise_email, normalise_phone
from ecosystem.base.csv_lines import read_cell
from ecosystem.base.errors import DomainError, Invalid

_YES = frozenset({"yes", "y", "true", "1", "x", "ja", "oui", "si", "subscribed", "opted in", "on"})
_DATE_FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%Y/%m/%d")
_SPACES = re.compile(r"\s+")
_TAG_SIGNS = re.compile(r":::|[;,|]")
# Google's own groups: everybody is in one of them.
_NO_TAG = "* "
# Google writes several addresses or numbers of one label into one field.
_SEVERAL = ":::"


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person as the list has them, normalised; times are UTC.

    `has_name` and `has_stage` say whether the row itself says so, or it follows from the rest. `further` are the
    addresses and numbers that stand in a field behind its first one: kind, as written, normalised.
    """

    line: int
    given_name: str
    family_name: str
    display_name: str
    sort_name: str
    email: str
    email_norm: str
    phone: str
    phone_norm: str
    organization: str
    tags: tuple[str, ...]
    stage: str
    said_yes_at: datetime | None
    has_name: bool = True
    has_stage: bool = False
    further: tuple[tuple[str, str, str], ...] = ()
    postal: str = ""
    postal_norm: str = ""

    @property
    def match_key(self) -> str:
        """By what rows of one list are the same person: the address, without one the phone, without both the name."""
        if self.email_norm:
            return f"e:{self.email_norm}"
        return f"p:{self.phone_norm}" if self.phone_norm else f"n:{self.sort_name}"

    @property
    def is_bare_name(self) -> bool:
        """True where the row tells nothing of the person by which they could be found but a name."""
        return not self.email_norm and not self.phone_norm


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """A row that is not taken, as it stood, and why in one sentence."""

    line: int
    row: list[str]
    code: str
    sentence: str

    @property
    def words(self) -> str:
        """What stands in it, without its empty cells."""
        return " · ".join(filter(None, self.row))


@dataclass(frozen=True)
class Permission:
    """What the owner says of these people's yes: to what, said where, on which day.

    `rule` is `none`, `all`, or `column` (only rows whose yes column says yes). A yes without a day is no permission.
    """

    rule: str
    topic_id: str = ""
    source: str = ""
    said_on: date | None = None

    @property
    def is_given(self) -> bool:
        """True when a yes may follow from it at all."""
        return self.rule in ("all", "column") and bool(self.topic_id and self.source)


@dataclass(frozen=True)
class RowReader:
    """How rows of one list are read: what each column means, and what holds for all of them."""

    columns: dict[str, int]
    width: int
    permission: Permission
    default_stage: str
    region: str
    zone: ZoneInfo
    stage_names: dict[str, str]
    now: datetime

    def read(self, line: int, row: list[str]) -> PersonRow | ProblemRow:
        """The person in a row, or the problem with it."""
        row = [read_cell(cell) for cell in row]
        try:
            return self._person(line, row)
        except DomainError as problem:
            kept = row[: self.width if trouble_of(row, self.width) else self.width + 5]
            return ProblemRow(line, [cell[:300] for cell in kept], problem.code, str(problem.message))

    def _person(self, line: int, row: list[str]) -> PersonRow:
        if trouble := trouble_of(row, self.width):
            raise trouble
        if len(row) > self.width and any(cell.strip() for cell in row[self.width :]):
            sentence = _("This row has %(has)s fields and the first line names %(named)s.")
            raise Invalid("row_too_wide", sentence % {"has": len(row), "named": self.width})
        cell = self._cells(row)
        (email, *emails), (phone, *phones) = _several(cell("email")), _several(cell("phone"))
        email_norm = normalise_email(email) if email else ""
        phone_norm = normalise_phone(phone, self.region) if phone else ""
        where = self._postal(row, cell)
        postal, postal_norm = read_postal(where) if where else ("", "")
        given, family, display = split_name(cell("given_name"), cell("family_name"), cell("full_name"))
        display = display or email_norm.partition("@")[0] or phone_norm
        if not display:
            raise Invalid("row_nobody", _("No name, email or phone in this row."))
        if len(display) > 170:
            raise Invalid("row_name_too_long", _("This name is longer than 170 letters."))
        return PersonRow(
            line=line,
            given_name=given,
            family_name=family,
            display_name=display,
            sort_name=fold(f"{family} {given}".strip() or display),
            email=email,
            email_norm=email_norm,
            phone=phone,
            phone_norm=phone_norm,
            organization=cell("organization")[:170],
            tags=split_tags(cell("tags")),
            stage=self._stage(cell("stage")),
            said_yes_at=self._said_yes_at(cell, has_email=bool(email_norm)),
            has_name=bool(given or family),
            has_stage=fold(cell("stage")) in self.stage_names,
            further=(*self._further("email", emails), *self._further("phone", phones)),
            postal=postal,
            postal_norm=postal_norm,
        )

    def _postal(self, row: list[str], cell: Callable[[str], str]) -> str:
        """The postal address in a row, line by line; of several in one field the first."""
        if self.columns.keys().isdisjoint(POSTAL_MEANINGS):
            return ""
        index = self.columns.get("postal", len(row))
        whole = row[index].replace("\x00", "") if index < len(row) else ""
        lines = [_SPACES.sub(" ", line) for line in _several(whole)[0].splitlines()]
        return put_together("\n".join(lines), lambda part: _several(cell(part))[0], country=self.region)

    def _further(self, kind: str, written: list[str]) -> Iterator[tuple[str, str, str]]:
        """Those that can be written to; one that cannot is left out, since the first one counts."""
        for one in written:
            try:
                yield kind, one, normalise_email(one) if kind == "email" else normalise_phone(one, self.region)
            except DomainError:
                continue

    def _cells(self, row: list[str]) -> Callable[[str], str]:
        def cell(meaning: str) -> str:
            index = self.columns.get(meaning)
            if index is None or index >= len(row):
                return ""
            return _SPACES.sub(" ", row[index].replace("\x00", "")).strip()

        return cell

    def _stage(self, text: str) -> str:
        if not text:
            return self.default_stage
        return self.stage_names.get(fold(text), self.default_stage)

    def _said_yes_at(self, cell: Callable[[str], str], *, has_email: bool) -> datetime | None:
        if not (self.permission.is_given and has_email):
            return None
        if self.permission.rule == "column" and fold(cell("yes")) not in _YES:
            return None
        said_at = parse_moment(cell("yes_date"), self.zone)
        if said_at is None and self.permission.said_on and not cell("yes_date"):
            said_at = datetime.combine(self.permission.said_on, time(12), self.zone).astimezone(UTC)
        if said_at is None or said_at <= self.now:
            return said_at
        # A day without a time is read as its noon: today's may still be to come, a later day's yes is none.
        is_today = said_at.astimezone(self.zone).date() == self.now.astimezone(self.zone).date()
        return self.now if is_today else None


def _several(text: str) -> list[str]:
    """What stands in one field, the first one first; one empty text where nothing does."""
    if _SEVERAL not in text:
        return [text.strip()]
    return [part for part in (part.strip() for part in text.split(_SEVERAL)) if part] or [""]


def split_tags(text: str) -> tuple[str, ...]:
    """Tags parted by commas, semicolons, bars or three colons, in quotation marks or not, each once."""
    parts = (part.strip() for part in _TAG_SIGNS.split(text))
    tags = (part.strip('"').strip()[:40] for part in parts if not part.startswith(_NO_TAG))
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def split_name(given: str, family: str, full: str) -> tuple[str, str, str]:
    """First name, last name and the name to show, from whichever of the three a list has."""
    if not given and not family and full:
        if "," in full:
            family, _comma, given = (part.strip() for part in full.partition(","))
        else:
            given, _space, family = full.rpartition(" ") if " " in full else (full, "", "")
    given, family = given[:80], family[:80]
    return given, family, full if full and "," not in full else f"{given} {family}".strip()


def parse_moment(text: str, zone: ZoneInfo) -> datetime | None:
    """A day or moment as lists write it, in UTC; None when it cannot be read without guessing.

    Slashed days with both parts up to 12 could be either order, so they are refused.
    """
    text = text.strip()
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _parse_day(text.split(" ")[0])
    if moment is None:
        return None
    if moment.tzinfo is None:
        if moment.time() == time(0):
            moment = moment.replace(hour=12)
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def _parse_day(text: str) -> datetime | None:
    for form in _DATE_FORMATS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    parts = text.split("/")
    if len(parts) == 3 and all(part.isdigit() for part in parts) and len(parts[2]) == 4:
        first, second, year = (int(part) for part in parts)
        if first > 12 >= second:
            first, second = second, first
        elif second <= 12 and first != second:
            return None
        try:
            return datetime(year, first, second)
        except ValueError:
            return None
    return None


def stage_names_of(labels: dict[str, str]) -> dict[str, str]:
    """Every word that names a rung, folded: those of other programs, the fixed keys, the business's own labels."""
    names = dict(STAGE_WORDS) | {fold(stage.value): stage.value for stage in Stage}
    names.update({fold(label): key for key, label in labels.items() if key in Stage.values})
    return names
