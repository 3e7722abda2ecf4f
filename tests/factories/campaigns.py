"""Letters, sequences and the passing of time for tests of the engine; made by our services."""

from uuid import UUID

from campaigns.models import Content, Sequence
from campaigns.services.sequence_steps import add_letter, add_wait
from campaigns.services.sequences import create_sequence, start_sequence
from contacts.models import Contact, Topic
from ecosystem.base.sql import execute
from ecosystem.services.agenda import sweep_agenda, work_lane
from tests.factories.permission import make_person, say_yes

DAY = 24 * 3600
LANES = ("maintenance", "sequence", "transactional", "broadcast", "import", "webhooks")

_MESSAGES_EARLIER = """
UPDATE campaigns_message
   SET due_at = due_at - make_interval(secs => %(seconds)s), handed_at = handed_at - make_interval(secs => %(seconds)s),
       accepted_at = accepted_at - make_interval(secs => %(seconds)s)
 WHERE business_id = %(business_id)s"""
_PLACES_EARLIER = """
UPDATE campaigns_queuedmessage
   SET due_at = due_at - make_interval(secs => %(seconds)s), handed_at = handed_at - make_interval(secs => %(seconds)s),
       started_at = started_at - make_interval(secs => %(seconds)s)
 WHERE business_id = %(business_id)s"""
_RINGS_EARLIER = """
UPDATE campaigns_pressure
   SET taken_at = ARRAY (SELECT at - make_interval(secs => %(seconds)s)
                           FROM unnest(taken_at) WITH ORDINALITY AS place(at, number) ORDER BY number)
 WHERE business_id = %(business_id)s"""
_CLAIMS_EARLIER = """
UPDATE campaigns_messageclaim SET lease_until = lease_until - make_interval(secs => %(seconds)s)
 WHERE business_id = %(business_id)s"""
_WALKS_EARLIER = """
UPDATE campaigns_enrollment SET due_at = due_at - make_interval(secs => %(seconds)s)
 WHERE business_id = %(business_id)s"""
_EVENTS_EARLIER = """
UPDATE campaigns_trackingevent SET occurred_at = occurred_at - make_interval(secs => %(seconds)s)
 WHERE business_id = %(business_id)s"""
_OUTBOX_EARLIER = """
UPDATE ecosystem_outboxentry
   SET due_at = due_at - make_interval(secs => %(seconds)s),
       lease_until = lease_until - make_interval(secs => %(seconds)s)
 WHERE business_id = %(business_id)s"""
_AGENDA_EARLIER = """
UPDATE ecosystem_agenda SET due_at = due_at - make_interval(secs => %(seconds)s),
       lease_until = lease_until - make_interval(secs => %(seconds)s)"""
_NOTES_EARLIER = "UPDATE ecosystem_agendanote SET due_at = due_at - make_interval(secs => %(seconds)s)"


def make_letter(name: str = "Welcome", body: str = "", **values: str) -> Content:
    """A letter of the business that is entered, with one link."""
    body = body or "Hello {{ contact.first_name }},\n\nread [our story](https://example.com/story)."
    return Content.objects.create(name=name, subject=values.pop("subject", name), body=body, **values)


# More than any test has businesses and handfuls of letters for.
MOST_TURNS = 200


def make_sequence(topic: Topic, *, letters: int = 1, wait: int = DAY, is_live: bool = True, **values: str) -> Sequence:
    """A sequence of letters with a wait between each two; running unless told otherwise."""
    sequence = create_sequence(name="Follow me home", topic=topic, **values)
    for number in range(letters):
        if number:
            add_wait(sequence, wait)
        add_letter(sequence, make_letter(f"Letter {number + 1}"))
    return start_sequence(sequence) if is_live else sequence


def make_friend(topic: Topic, number: int = 0) -> Contact:
    """Somebody who said yes to a topic."""
    contact = make_person(f"friend{number}@example.com", name=f"Friend {number}")
    say_yes(contact, topic)
    return contact


def work(*lanes: str, times: int = 3) -> None:
    """Let the workers of the lanes (or of all) work until nothing is due.

    A lane that is served again and again says that something is due which no turn of its does: a worker would spin.
    """
    for _ in range(times):
        for lane in lanes or LANES:
            turns = work_lane(lane)
            assert turns < MOST_TURNS, f"{lane} was served {turns} times"


def pass_time(seconds: float) -> None:
    """Make everything that waits in the entered business that much older, as if time had passed."""
    letters = (_MESSAGES_EARLIER, _PLACES_EARLIER, _RINGS_EARLIER, _CLAIMS_EARLIER)
    for statement in (*letters, _WALKS_EARLIER, _EVENTS_EARLIER, _OUTBOX_EARLIER, _AGENDA_EARLIER, _NOTES_EARLIER):
        execute(statement, {"seconds": seconds})
    sweep_agenda()


def states_of(model: type, **filters: UUID | str) -> list[str]:
    """The states of the rows of a model, oldest first."""
    return list(model.objects.filter(**filters).order_by("id").values_list("state", flat=True))
