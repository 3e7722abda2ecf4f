"""A letter that did not get through, sent once more because somebody of the team says so."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaigns.models import Message, QueuedMessage
from campaigns.queries.eligibility import may_send
from campaigns.queries.undelivered import why_not_again
from campaigns.services.messages import put_in_queue, queue_of
from campaigns.services.quiet_hours import plan_hours
from campaigns.services.unknown import decide_unknown
from contacts.models import Contact
from ecosystem.base.clock import now as clock_now
from ecosystem.base.errors import Conflict, NotAllowed, NotFound
from ecosystem.models import Membership
from ecosystem.services.agenda import note_work
from ecosystem.services.audit import record_act
from ecosystem.services.tallies import count


@transaction.atomic
def send_once_more(contact: Contact, message_id: UUID, *, actor: Membership) -> Message:
    """Put a letter to a person that was refused, or of which nobody knows whether it arrived, back in its queue.

    The record stays the one it was, with its key and its Message-ID, so there is never a second one: a second press
    finds it waiting and changes nothing. It keeps the hours of its reader, and passes the gate like any other, with
    their permission, the pause and the measure of letters as they are then. Raises NotAllowed, with the sentence, where
    they may not be written to as things stand; Conflict where it may not be tried again at all; NotFound for a letter
    to somebody else.
    """
    # The place in the queue before the record, as the gate locks them.
    QueuedMessage.objects.select_for_update().filter(id=message_id).first()
    letters = Message.objects.select_for_update().filter(id=message_id, contact_id__in=contact.all_ids, is_test=False)
    message = letters.first()
    if message is None:
        raise NotFound("message_not_found", _("There is no such letter."))
    if message.state in (Message.State.QUEUED, Message.State.DEFERRED):
        return message
    if why := why_not_again(message.state, message.reason, message.expires_at, now=clock_now()):
        raise Conflict("not_again", why)
    verdict = may_send(
        contact,
        channel=message.channel,
        topic=message.topic,
        message_class=message.message_class,
        now=clock_now(),
        address=message.address,
    )
    if not verdict.allowed:
        raise NotAllowed("may_not_be_written_to", verdict.sentence)
    if message.state == Message.State.UNKNOWN:
        return decide_unknown(message.id, sends_again=True, actor=actor)
    message.state, message.reason, message.due_at = Message.State.QUEUED, "", clock_now()
    message.attempt = message.answered = 0
    message.save(update_fields=["state", "reason", "attempt", "answered", "due_at", "updated_at"])
    put_in_queue([message])
    if message.message_class != Message.MessageClass.TRANSACTIONAL and plan_hours([message.id]):
        message.refresh_from_db()
    if message.sequence_id is not None:
        count("step.failed", f"{message.sequence_id}:{message.step_key}", -1)
    record_act("message_tried_again", actor=actor, subject=message)
    note_work(queue_of(message.lane), message.due_at)
    return message
