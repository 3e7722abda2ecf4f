"""Writing timelines: the one way by which an Interaction comes to be, and what is kept from it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from contacts.events import InteractionsRecorded
from contacts.models import FEEDING_KINDS, Channel, Contact, Interaction, Note
from ecosystem.base import sql
from ecosystem.base.errors import Invalid, NotFound
from ecosystem.base.events import is_heard, publish
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import current_business_id
from ecosystem.models import Membership

# Lines that are no touch: of our own book-keeping, and of a letter that left us, which nobody may have read. They stand
# in the timeline and move no fact.
SILENT_KINDS = frozenset({"note", "import", "stage_change", "role_change", "consent_change", "message_sent"})
SILENT_KINDS |= {"message_opened", "message_bounced", "message_complained", "page_view", "next_step_done"}
# What staff write down by hand, and by which way it usually comes about.
TALK_KINDS: dict[str, Channel] = {
    "call": Channel.PHONE,
    "visit": Channel.IN_PERSON,
    "meeting": Channel.IN_PERSON,
    "reply_from_us": Channel.EMAIL,
    "thanks": Channel.IN_PERSON,
    "introduction": Channel.NONE,
}
CLOCK_SLACK = timedelta(minutes=5)


@dataclass(frozen=True)
class NewInteraction:
    """A line to be written. `external_id` makes it idempotent within its source; without one it is always new."""

    contact_id: UUID
    kind: str
    source: str
    occurred_at: datetime
    channel: str = Channel.NONE
    direction: str = Interaction.Direction.NONE
    external_id: str | None = None
    actor_id: UUID | None = None
    object_id: UUID | None = None
    value_minor: int | None = None
    currency: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    id: UUID = field(default_factory=uuid7)


# One statement writes the lines and everything that is kept from them. `fed_at` becomes the newest feeding there
# ever was, even where that is older than the rung: hunger counts from the rung only until the first feeding.
# The people are held first and in one order, so that two writers wait for each other instead of blocking each other.
_HOLD_PEOPLE = """
WITH held AS MATERIALIZED (
    SELECT id FROM contacts_contact WHERE business_id = %(business_id)s AND id = ANY (%(people)s::uuid[])
     ORDER BY id FOR NO KEY UPDATE
), given AS (
    SELECT * FROM jsonb_to_recordset(%(lines)s::jsonb) AS line(
        id uuid, contact_id uuid, kind text, channel text, direction text, occurred_at timestamptz, source text,
        external_id text, actor_id uuid, object_id uuid, value_minor bigint, currency text, params jsonb
    )
), line AS (
    SELECT * FROM given WHERE (SELECT count(*) FROM held) = cardinality(%(people)s::uuid[])
)"""
# Writes the rows of a CTE `line` (columns as a NewInteraction has them) that are new. Whoever writes very many lines of
# a silent kind puts it into the statement that knows them; all others call record_interactions.
WRITE_LINES_SQL = """, written AS (
    INSERT INTO contacts_interaction (
        id, business_id, created_at, contact_id, kind, channel, direction, occurred_at, source, external_id,
        actor_id, object_id, value_minor, currency, params
    )
    SELECT id, %(business_id)s, now(), contact_id, kind, channel, direction, occurred_at, source, external_id,
           actor_id, object_id, value_minor, currency, params
    FROM line
    ON CONFLICT (business_id, source, external_id) DO NOTHING
    RETURNING id, contact_id, kind, direction, occurred_at, value_minor
)"""
_KEEP_FACTS = """, facts AS (
    SELECT contact_id,
           count(*) AS lines,
           max(occurred_at) AS touched_at,
           max(occurred_at) FILTER (WHERE kind = ANY (%(feeding)s)) AS fed_at,
           max(occurred_at) FILTER (WHERE direction = 'in') AS inbound_at,
           max(occurred_at) FILTER (WHERE kind = 'content_clicked') AS clicked_at,
           count(*) FILTER (WHERE kind = 'content_clicked') AS clicks,
           max(occurred_at) FILTER (WHERE kind = 'purchase') AS bought_at,
           count(*) FILTER (WHERE kind = 'purchase') AS purchases,
           coalesce(sum(value_minor) FILTER (WHERE kind = 'purchase'), 0)::bigint AS spent
    FROM written WHERE kind <> ALL (%(silent)s) GROUP BY contact_id
), kept AS (
    INSERT INTO contacts_contactstats AS stats (
        id, business_id, created_at, updated_at, version, contact_id, interactions_count, last_touch_at, last_fed_at,
        last_inbound_at, last_click_at, clicks_count, last_purchase_at, purchases_count, purchases_minor
    )
    SELECT uuidv7(), %(business_id)s, now(), now(), 1, contact_id, lines, touched_at, fed_at, inbound_at, clicked_at,
           clicks, bought_at, purchases, spent
    FROM facts
    ON CONFLICT (business_id, contact_id) DO UPDATE SET
        updated_at = now(),
        interactions_count = stats.interactions_count + excluded.interactions_count,
        last_touch_at = greatest(stats.last_touch_at, excluded.last_touch_at),
        last_fed_at = greatest(stats.last_fed_at, excluded.last_fed_at),
        last_inbound_at = greatest(stats.last_inbound_at, excluded.last_inbound_at),
        last_click_at = greatest(stats.last_click_at, excluded.last_click_at),
        clicks_count = stats.clicks_count + excluded.clicks_count,
        last_purchase_at = greatest(stats.last_purchase_at, excluded.last_purchase_at),
        purchases_count = stats.purchases_count + excluded.purchases_count,
        purchases_minor = stats.purchases_minor + excluded.purchases_minor
    RETURNING contact_id, last_touch_at, last_fed_at
), people AS (
    UPDATE contacts_contact AS person
    SET last_touch_at = kept.last_touch_at, fed_at = coalesce(kept.last_fed_at, person.fed_at)
    FROM kept
    WHERE person.business_id = %(business_id)s AND person.id = kept.contact_id
      AND (person.last_touch_at IS DISTINCT FROM kept.last_touch_at
           OR person.fed_at IS DISTINCT FROM coalesce(kept.last_fed_at, person.fed_at))
), sides AS (
    UPDATE contacts_roleassignment AS role
    SET fed_at = kept.last_fed_at
    FROM kept
    WHERE role.business_id = %(business_id)s AND role.contact_id = kept.contact_id AND role.ended_at IS NULL
      AND role.contact_id = ANY (%(people)s::uuid[])
      AND kept.last_fed_at IS NOT NULL AND role.fed_at IS DISTINCT FROM kept.last_fed_at
)
SELECT (SELECT count(*) FROM held) AS held, ARRAY (SELECT id::text FROM written) AS new
"""


_RECORD = _HOLD_PEOPLE + WRITE_LINES_SQL + _KEEP_FACTS
_SILENT = sorted(SILENT_KINDS)
_FEEDING = sorted(FEEDING_KINDS)


def record_interactions(lines: Sequence[NewInteraction]) -> list[UUID]:
    """Write any number of lines in one statement and return the ids of those that were new.

    All of them or, where it raises, none.
    """
    if not lines:
        return []
    with transaction.atomic():
        return add_interactions(lines)


def add_interactions(lines: Sequence[NewInteraction]) -> list[UUID]:
    """The same in the caller's transaction, which has to be taken back as a whole where this raises.

    Keeps ContactStats, `Contact.fed_at`, `Contact.last_touch_at` and `RoleAssignment.fed_at` with them. A line whose
    (source, external id) stands already changes nothing. Publishes InteractionsRecorded for the new ones.
    Raises NotFound where a contact is not the business's.
    """
    if not lines:
        return []
    people = list({line.contact_id for line in lines})
    written = sql.rows(
        _RECORD,
        {
            "lines": orjson.dumps([_as_record(line) for line in lines]).decode(),
            "people": sql.array_text([str(person) for person in people]),
            "silent": _SILENT,
            "feeding": _FEEDING,
        },
        prepared="record_interactions",
        keeps_plan=True,
    )[0]
    if written["held"] != len(people):
        raise NotFound("contact_not_found", _("This person is not in your list. Somebody may have taken them off."))
    new = set(written["new"])
    told = [line for line in lines if str(line.id) in new]
    publish_lines((line.id, line.contact_id, line.kind) for line in told)
    return [line.id for line in told]


def publish_lines(written: Iterable[tuple[UUID | str, UUID | str, str]]) -> None:
    """Publish InteractionsRecorded for lines that were written: (id, contact id, kind) of each."""
    lines = list(written) if is_heard(InteractionsRecorded) else []
    if lines:
        publish(
            InteractionsRecorded(
                business_id=current_business_id(),
                interaction_ids=tuple(UUID(str(line_id)) for line_id, _person, _kind in lines),
                contact_ids=tuple(UUID(str(person)) for _line, person, _kind in lines),
                kinds=tuple(kind for _line, _person, kind in lines),
            )
        )


def record_interaction(
    contact: Contact,
    *,
    kind: str,
    source: str,
    occurred_at: datetime,
    channel: str = Channel.NONE,
    direction: str = Interaction.Direction.NONE,
    external_id: str | None = None,
    actor: Membership | None = None,
    object_id: UUID | None = None,
    value_minor: int | None = None,
    currency: str = "",
    params: Mapping[str, Any] | None = None,
) -> Interaction:
    """Write one line into a contact's timeline; the same (source, external id) again returns the first one.

    Keeps what `record_interactions` keeps, and publishes the same event.
    """
    line = NewInteraction(
        contact_id=contact.pk,
        kind=kind,
        source=source,
        occurred_at=occurred_at,
        channel=channel,
        direction=direction,
        external_id=external_id,
        actor_id=actor.pk if actor else None,
        object_id=object_id,
        value_minor=value_minor,
        currency=currency,
        params=params or {},
    )
    if record_interactions([line]):
        return Interaction.objects.get(pk=line.id)
    return Interaction.objects.get(source=source, external_id=external_id)


@transaction.atomic
def log_talk(
    contact: Contact,
    *,
    kind: str,
    occurred_at: datetime,
    actor: Membership,
    now: datetime,
    said: str = "",
    key: str | None = None,
) -> Interaction:
    """Write down that somebody of the team called, met or thanked a person, with what was said as a Note.

    `key` names the form that was sent: a second click on it writes nothing.
    """
    if kind not in TALK_KINDS:
        raise Invalid("talk_kind_unknown", _("Choose what it was."), field="kind")
    if occurred_at > now + CLOCK_SLACK:
        raise Invalid("talk_in_future", _("That is still to come. Choose a time that has passed."), field="occurred_at")
    line = NewInteraction(
        contact_id=contact.pk,
        kind=kind,
        source="staff",
        occurred_at=min(occurred_at, now),
        channel=TALK_KINDS[kind],
        direction=Interaction.Direction.BOTH if kind in {"call", "visit", "meeting"} else Interaction.Direction.OUT,
        external_id=key,
        actor_id=actor.pk,
    )
    is_new = bool(record_interactions([line]))
    if is_new and said.strip():
        Note.objects.create(contact=contact, interaction_id=line.id, body=said.strip(), written_by=actor)
    return Interaction.objects.get(pk=line.id) if is_new else Interaction.objects.get(source="staff", external_id=key)


def _as_record(line: NewInteraction) -> dict[str, Any]:
    return {
        "id": line.id,
        "contact_id": line.contact_id,
        "kind": line.kind,
        "channel": line.channel,
        "direction": line.direction,
        "occurred_at": line.occurred_at,
        "source": line.source,
        "external_id": line.external_id,
        "actor_id": line.actor_id,
        "object_id": line.object_id,
        "value_minor": line.value_minor,
        "currency": line.currency,
        "params": line.params,
    }
