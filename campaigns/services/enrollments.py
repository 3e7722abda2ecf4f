"""Enrollments: putting people on a sequence's way, and taking them off it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Many
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaigns.events import ContactsEnrolled
from campaigns.models import Enrollment, Sequence
from campaigns.services.messages import cancel_open_messages
from contacts.models import Channel, ConsentState, Contact, Stage
from ecosystem.base.errors import Conflict, NotFound
from ecosystem.base.events import publish
from ecosystem.base.sql import rows
from ecosystem.base.tenancy import current_business_id
from ecosystem.services.agenda import note_work

STEPS_QUEUE = "steps"
CHUNK = 5_000

# Whoever walked here under this key before does not start again; two at once are held apart by the unique key.
_ENROLL = """
WITH entered AS (
    INSERT INTO campaigns_enrollment (id, business_id, sequence_id, version_of_id, contact_id, entry_key, source, state,
                                      position, visit_no, due_at, exit_reason)
    SELECT uuidv7(), %(business_id)s, sequence.id, published.id, person.id, %(entry_key)s, %(source)s, 'active',
           0, 1, clock_timestamp() + make_interval(secs => first.wait_seconds), ''
      FROM campaigns_sequence AS sequence
      JOIN campaigns_sequenceversion AS published ON published.business_id = %(business_id)s
       AND published.sequence_id = sequence.id AND published.number = sequence.live_version
      JOIN campaigns_step AS first ON first.business_id = %(business_id)s
       AND first.version_of_id = published.id AND first.position = 0
      JOIN contacts_contact AS person ON person.business_id = %(business_id)s
       AND person.id = ANY(%(contact_ids)s::uuid[]) AND person.deleted_at IS NULL
     WHERE sequence.business_id = %(business_id)s AND sequence.id = %(sequence_id)s
       AND sequence.state IN ('live', 'paused')
       AND NOT EXISTS (SELECT FROM campaigns_enrollment AS earlier
                        WHERE earlier.business_id = %(business_id)s AND earlier.contact_id = person.id
                          AND earlier.sequence_id = sequence.id AND earlier.entry_key = %(entry_key)s)
     ORDER BY person.id
    ON CONFLICT DO NOTHING
    RETURNING contact_id
), counted AS (
    INSERT INTO ecosystem_tally (business_id, id, name, key, amount)
    SELECT %(business_id)s, uuidv7(), 'sequence.entered', %(sequence_id)s::text, count(*)
      FROM entered HAVING count(*) > 0
    UNION ALL
    SELECT %(business_id)s, uuidv7(), 'step.here', %(sequence_id)s || ':' || first.step_key, entries.number
      FROM (SELECT count(*) AS number FROM entered HAVING count(*) > 0) AS entries
      JOIN campaigns_sequence AS sequence ON sequence.business_id = %(business_id)s AND sequence.id = %(sequence_id)s
      JOIN campaigns_sequenceversion AS published ON published.business_id = %(business_id)s
       AND published.sequence_id = sequence.id AND published.number = sequence.live_version
      JOIN campaigns_step AS first ON first.business_id = %(business_id)s
       AND first.version_of_id = published.id AND first.position = 0
)
SELECT contact_id FROM entered"""

_LEAVE = """
WITH leaving AS (
    SELECT walk.id FROM campaigns_enrollment AS walk
      JOIN campaigns_sequence AS sequence
        ON sequence.business_id = %(business_id)s AND sequence.id = walk.sequence_id
     WHERE walk.business_id = %(business_id)s AND walk.state = 'active'
       AND (%(contact_ids)s::uuid[] IS NULL OR walk.contact_id = ANY (%(contact_ids)s::uuid[]))
       AND (%(enrollment_id)s::uuid IS NULL OR walk.id = %(enrollment_id)s)
       AND (%(sequence_id)s::uuid IS NULL OR walk.sequence_id = %(sequence_id)s)
       AND (%(topic_id)s::uuid IS NULL OR sequence.topic_id = %(topic_id)s)
     ORDER BY walk.id FOR UPDATE OF walk
), gone AS (
    UPDATE campaigns_enrollment AS walk
       SET state = 'exited', exit_reason = %(reason)s, ended_at = clock_timestamp(), updated_at = clock_timestamp(),
           paused_at = NULL
      FROM leaving
     WHERE walk.business_id = %(business_id)s AND walk.id = leaving.id
    RETURNING walk.sequence_id, walk.version_of_id, walk.position
), counted AS (
    INSERT INTO ecosystem_tally (business_id, id, name, key, amount)
    SELECT %(business_id)s, uuidv7(), 'sequence.left:' || %(reason)s, sequence_id::text, count(*)
      FROM gone GROUP BY sequence_id
    UNION ALL
    SELECT %(business_id)s, uuidv7(), 'step.here', gone.sequence_id || ':' || step.step_key, -count(*)
      FROM gone JOIN campaigns_step AS step ON step.business_id = %(business_id)s
       AND step.version_of_id = gone.version_of_id AND step.position = gone.position
     GROUP BY gone.sequence_id, step.step_key
)
SELECT count(*) AS gone FROM gone"""


@transaction.atomic
def enroll_contact(sequence: Sequence, contact: Contact, *, entry_key: str = "", source: str) -> Enrollment:
    """Put a person on a sequence's way; the first letter is planned by a worker soon after.

    Whoever walks or walked here under the same entry key keeps that walk, which is returned. Whether a letter may go
    out is judged letter by letter at the gate. Raises Conflict where the sequence does not run, NotFound where the
    person is gone. Publishes ContactsEnrolled.
    """
    enroll_contacts(sequence, [contact.id], entry_key=entry_key, source=source)
    walks = Enrollment.objects.filter(sequence=sequence, contact=contact, entry_key=entry_key)
    walk = walks.order_by("-id").first()
    if walk is None:
        raise NotFound("contact_gone", _("This person is no longer kept here."))
    return walk


@transaction.atomic
def enroll_contacts(sequence: Sequence, contact_ids: Iterable[UUID], *, entry_key: str = "", source: str) -> int:
    """Put many people on a sequence's way, one statement for every few thousand; how many started.

    Who walks or walked here already, or is no longer kept, is passed over. Raises Conflict where the sequence does not
    run. Publishes ContactsEnrolled.
    """
    if not Sequence.objects.filter(id=sequence.id, state__in=[Sequence.State.LIVE, Sequence.State.PAUSED]).exists():
        raise Conflict("sequence_not_running", _("This sequence does not run yet. Start it first."))
    entered: list[UUID] = []
    for chunk in _chunks(list(contact_ids)):
        given = {"sequence_id": sequence.id, "contact_ids": chunk, "entry_key": entry_key, "source": source}
        entered += [row["contact_id"] for row in rows(_ENROLL, given)]
    if entered:
        publish(
            ContactsEnrolled(
                business_id=current_business_id(),
                sequence_id=sequence.id,
                contact_ids=tuple(entered),
                source=source,
            )
        )
        note_work(STEPS_QUEUE)
    return len(entered)


def exit_enrollments(
    *,
    contact_id: UUID | None = None,
    contact_ids: Many[UUID] | None = None,
    enrollment_id: UUID | None = None,
    sequence_id: UUID | None = None,
    topic_id: UUID | None = None,
    reason: str,
) -> int:
    """Take people off every way (or off those of a topic), or end one walk, or all of a sequence; how many ended.

    Reasons: unsubscribed, bounced, complained, manual, deleted, erased, stage, purchase, reply. Ended walks stay as
    they are. A letter that waits is not called off here but by `cancel_open_messages`; the gate would stop it too.
    """
    if contact_id is None and contact_ids is None and enrollment_id is None and sequence_id is None:
        raise ValueError("Say who leaves, or what ends.")
    found = rows(
        _LEAVE,
        {
            "contact_ids": [contact_id] if contact_id is not None else contact_ids,
            "enrollment_id": enrollment_id,
            "sequence_id": sequence_id,
            "topic_id": topic_id,
            "reason": reason,
        },
    )
    return int(found[0]["gone"])


def exit_text_only(*, contact_id: UUID, topic_id: UUID | None, reason: str = "unsubscribed") -> int:
    """Take somebody who gets no more texts off the ways of topics that they want no letters about either; how many."""
    by_mail = ConsentState.objects.filter(
        contact=contact_id, channel=Channel.EMAIL, state=ConsentState.State.GRANTED
    ).values("topic")
    walks = Enrollment.objects.filter(contact=contact_id, state=Enrollment.State.ACTIVE)
    walks = walks.exclude(sequence__topic__in=by_mail)
    if topic_id is not None:
        walks = walks.filter(sequence__topic=topic_id)
    left = set(walks.values_list("sequence__topic_id", flat=True))
    return sum(exit_enrollments(contact_id=contact_id, topic_id=each, reason=reason) for each in left)


def exit_on_rung(moves: Mapping[UUID, tuple[str, str]]) -> int:
    """Take those who rose off the ways that end at a rung which they came to or passed; how many walks ended.

    `moves` says for each person from where and to where. Statements for each way that ends, however many the people
    are. What waits of those ways is called off; a letter that is handed over already may still arrive.
    """
    reached = {person: rungs for person, (before, after) in moves.items() if (rungs := _rungs_between(before, after))}
    if not reached:
        return 0
    walks = Enrollment.objects.filter(
        contact__in=list(reached),
        state=Enrollment.State.ACTIVE,
        sequence__until_stage__in=set().union(*reached.values()),
    )
    leaving: dict[UUID, list[UUID]] = defaultdict(list)
    for person, sequence_id, rung in walks.values_list("contact_id", "sequence_id", "sequence__until_stage"):
        if rung in reached[person]:
            leaving[sequence_id].append(person)
    ended = 0
    for sequence_id, people in leaving.items():
        ended += exit_enrollments(contact_ids=people, sequence_id=sequence_id, reason="stage")
        cancel_open_messages(contact_ids=people, sequence_id=sequence_id, reason="left_sequence")
    return ended


def exit_on_deed(contact_ids: Many[UUID], deed: Sequence.EndsOn) -> int:
    """Take people off the ways that end when somebody buys or answers; how many walks ended.

    What waits of those ways is called off; a letter that is handed over already may still arrive.
    """
    walks = Enrollment.objects.filter(contact__in=list(contact_ids), state=Enrollment.State.ACTIVE)
    found = walks.values_list("sequence_id", "sequence__ends_on").distinct()
    ended = 0
    for sequence_id in [sequence_id for sequence_id, ends_on in found if deed in ends_on]:
        ended += exit_enrollments(contact_ids=contact_ids, sequence_id=sequence_id, reason=deed)
        cancel_open_messages(contact_ids=contact_ids, sequence_id=sequence_id, reason="left_sequence")
    return ended


def _rungs_between(from_stage: str, to_stage: str) -> set[str]:
    """The rungs that somebody comes to or passes on the way up."""
    places = {"": -1, **{stage: place for place, stage in enumerate(Stage.values)}}
    return set(Stage.values[places[from_stage] + 1 : places[to_stage] + 1])


def _chunks(ids: list[UUID]) -> Iterable[Many[UUID]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
