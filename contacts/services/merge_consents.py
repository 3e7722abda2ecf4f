"""What two records of a person said, made one: the stricter answer holds for each channel and topic.

The ledger gets rows for the winner and keeps those of the loser; stops are by address and stay as they are.
"""

from datetime import datetime
from uuid import UUID

from contacts.models import MERGE_UNDONE, Act, Consent, ConsentState, Contact, MergeOperation
from contacts.services.consent_ledger import publish_no, tell_of_rows
from contacts.services.consent_states import keep_correction, keep_no, keep_yes
from ecosystem.base.ids import uuid7
from ecosystem.models import Membership

MERGED = "merge"


def keep_stricter(
    winner: Contact, loser: Contact, *, actor: Membership | None, now: datetime
) -> tuple[list[UUID], list[str]]:
    """Write down for the winner what the loser said and is stricter, or new; the rows, and the topics of each no.

    A no to everything on a channel comes over as one. A yes comes over where the winner never answered, bound to the
    address that it was given for.
    """
    rows: list[Consent] = []
    for channel in _closed_channels(loser) - _closed_channels(winner):
        rows.append(_row(winner, Act.WITHDRAWN, channel, None, "", actor, now))
    closed = _closed_channels(winner) | {row.channel for row in rows}
    ours = {(state.channel, state.topic_id): state for state in ConsentState.objects.filter(contact=winner)}
    theirs = ConsentState.objects.filter(contact=loser).select_related("consent", "topic").order_by("id")
    nos = []
    for state in theirs:
        own = ours.get((state.channel, state.topic_id))
        answer = own.state if own is not None else ""
        if state.state == ConsentState.State.WITHDRAWN and answer != ConsentState.State.WITHDRAWN:
            rows.append(_row(winner, Act.WITHDRAWN, state.channel, state.topic_id, state.address_hash, actor, now))
            nos.append(state.topic.name)
        elif state.state == ConsentState.State.GRANTED and state.channel not in closed and answer in ("", "requested"):
            rows.append(_yes(winner, state, actor))
    Consent.objects.bulk_create(rows)
    for row in rows:
        (keep_no if row.act == Act.WITHDRAWN else keep_yes)(row)
    tell_of_rows(rows)
    for row in rows:
        if row.act == Act.WITHDRAWN:
            publish_no(row)
    return [row.pk for row in rows], nos


def take_back_yeses(winner: Contact, operation: MergeOperation, *, actor: Membership | None, now: datetime) -> None:
    """End each yes that the winner had from the loser alone and that still stands. A no that was kept stays."""
    granted = ConsentState.objects.filter(contact=winner, state=ConsentState.State.GRANTED)
    brought = list(granted.filter(consent_id__in=[UUID(pk) for pk in operation.consent_ids]))
    rows = [
        _row(winner, Act.WITHDRAWN, state.channel, state.topic_id, state.address_hash, actor, now, source=MERGE_UNDONE)
        for state in brought
    ]
    Consent.objects.bulk_create(rows)
    keep_correction(brought)
    tell_of_rows(rows)
    for row in rows:
        publish_no(row)


def _closed_channels(contact: Contact) -> set[str]:
    """The channels on which somebody said no to everything, and nothing since."""
    newest: dict[str, Consent] = {}
    said = Consent.objects.filter(contact=contact).exclude(act=Act.REQUESTED).order_by("id")
    for row in said.only("channel", "topic_id", "act"):
        newest[row.channel] = row
    return {channel for channel, row in newest.items() if row.topic_id is None and row.act == Act.WITHDRAWN}


def _row(
    contact: Contact,
    act: str,
    channel: str,
    topic_id: UUID | None,
    address_hash: str,
    actor: Membership | None,
    now: datetime,
    *,
    source: str = MERGED,
) -> Consent:
    return Consent(
        id=uuid7(),
        contact=contact,
        address_hash=address_hash,
        channel=channel,
        topic_id=topic_id,
        act=act,
        source=source,
        actor=actor,
        occurred_at=now,
    )


def _yes(winner: Contact, state: ConsentState, actor: Membership | None) -> Consent:
    """The loser's yes in the winner's name: as it was said, when it was said, with the row that proves it."""
    said = state.consent
    return Consent(
        id=uuid7(),
        contact=winner,
        address_hash=state.address_hash,
        channel=state.channel,
        topic_id=state.topic_id,
        act=said.act,
        basis=said.basis,
        wording=said.wording,
        source=MERGED,
        source_detail=said.source,
        actor=actor,
        request_id=said.pk,
        occurred_at=said.occurred_at,
    )
