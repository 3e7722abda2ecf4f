"""A letter that did not get through, sent once more because somebody of the team says so."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaigns.models import Message, QueuedMessage
from campaigns.queries.undelivered import again_key, why_not_again, why_not_now
from campaigns.services.messages import put_in_queue, queue_of
from campaigns.services.quiet_hours import plan_hours
from campaigns.services.second_tries import stand_aside
from campaigns.services.unknown import decide_unknown
from contacts.models import Contact
from ecosystem.base.clock import now as clock_now
from ecosystem.base.errors import Conflict, NotAllowed, NotFound
from ecosystem.models import Membership
from ecosystem.services.agenda import note_work
from ecosystem.services.audit import record_act

_WAITS = (Message.State.QUEUED, Message.State.DEFERRED, Message.State.PLANNED)


@transaction.atomic
def send_once_more(contact: Contact, message_id: UUID, *, actor: Membership) -> Message:
    """Send a letter to a person once more that was refused, or of which nobody knows whether it arrived.

    What was refused stays as it is, and a new one of the same words is planned, once, with an id of its own: a provider
    answers an id that it knows with its old word, and what is told late of the first try says nothing of the second.
    In the numbers of its step the new one stands for both: somebody who gets it got one letter, and none failed.
    What may have arrived goes again itself, with its Message-ID, so that there is never a second one. A second press
    finds what waits and changes nothing. It keeps the hours of its reader, and passes the gate like any other.

    Raises NotAllowed, with the sentence, where it may not go as things stand; Conflict where it may not be tried again
    at all, or was; NotFound for a letter to somebody else.
    """
    # The place in the queue before the record, as the gate locks them.
    QueuedMessage.objects.select_for_update().filter(id=message_id).first()
    letters = Message.objects.select_for_update().filter(id=message_id, contact_id__in=contact.all_ids, is_test=False)
    message = letters.first()
    if message is None:
        raise NotFound("message_not_found", _("There is no such letter."))
    made = Message.objects.filter(idem_key=again_key(message.id)).first() or message
    if made.state in _WAITS:
        return made
    if why := why_not_again(message, was_tried=made is not message, now=clock_now()):
        raise Conflict("not_again", why)
    if why := why_not_now(contact, message, now=clock_now()):
        raise NotAllowed("may_not_be_written_to", why)
    if message.state == Message.State.UNKNOWN:
        return decide_unknown(message.id, sends_again=True, actor=actor)
    made = _plan_again(message, contact)
    record_act("message_tried_again", actor=actor, subject=made)
    return made


def _plan_again(message: Message, contact: Contact) -> Message:
    """A new letter of the same words to the same address. The key of it lets there be one."""
    again = Message(
        idem_key=again_key(message.id),
        message_class=message.message_class,
        channel=message.channel,
        lane=message.lane,
        contact=contact,
        signup_id=message.signup_id,
        topic_id=message.topic_id,
        sequence_id=message.sequence_id,
        enrollment_id=message.enrollment_id,
        step_key=message.step_key,
        content_version_id=message.content_version_id,
        template=message.template,
        address=message.address,
        address_hash=message.address_hash,
        merge=message.merge,
        expires_at=message.expires_at,
        due_at=clock_now(),
    )
    again.save(force_insert=True)
    stand_aside(message)
    put_in_queue([again])
    if again.message_class != Message.MessageClass.TRANSACTIONAL and plan_hours([again.id]):
        again.refresh_from_db()
    note_work(queue_of(again.lane), again.due_at)
    return again
