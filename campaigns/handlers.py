"""What campaigns hears from the floors below, in the same transaction."""

from campaigns.models import Sequence
from campaigns.services.data_letters import plan_data_letter
from campaigns.services.enrollments import exit_enrollments, exit_on_deed, exit_on_rung, exit_text_only
from campaigns.services.messages import cancel_open_messages
from campaigns.services.pressure_merges import join_rings
from campaigns.services.quiet_hours import plan_hours_anew
from campaigns.services.trigger_starts import promise_start_on_yes
from contacts.events import (
    ConsentConfirmed,
    ConsentGranted,
    ConsentWithdrawn,
    ContactDeleted,
    ContactEdited,
    ContactErased,
    ContactMerged,
    DataCopyReady,
    ErasureAsked,
    PurchaseTold,
    StagesChanged,
)
from contacts.models import Channel
from ecosystem.base.events import on


@on(ConsentGranted)
@on(ConsentConfirmed)
def start_sequences_on_yes(event: ConsentGranted | ConsentConfirmed) -> None:
    """A yes by email or text starts what follows from it."""
    if event.channel in (Channel.EMAIL, Channel.SMS):
        promise_start_on_yes(contact_id=event.contact_id, topic_id=event.topic_id)


@on(ConsentWithdrawn)
def stop_on_withdrawal(event: ConsentWithdrawn) -> None:
    """A no to letters ends the ways of its topic and calls off what waits, from this second on.

    A no to texts calls off texts; letters go on as they were allowed, and a way ends where they were not.
    """
    if event.channel not in (Channel.EMAIL, Channel.SMS):
        return
    channel, topic_id = event.channel, event.topic_id
    if event.contact_id is not None:
        if channel == Channel.EMAIL:
            exit_enrollments(contact_id=event.contact_id, topic_id=topic_id, reason="unsubscribed")
        else:
            exit_text_only(contact_id=event.contact_id, topic_id=topic_id)
        cancel_open_messages(contact_id=event.contact_id, topic_id=topic_id, channel=channel, reason="left")
    for address_hash in event.address_hashes:
        cancel_open_messages(address_hash=address_hash, topic_id=topic_id, channel=channel, reason="left")


@on(StagesChanged)
def end_where_they_rose(event: StagesChanged) -> None:
    """Whoever rises to the rung where a way ends leaves it; a move that is taken back changes nothing."""
    exit_on_rung({move.contact_id: (move.from_stage, move.to_stage) for move in event.moves if not move.is_undo})


@on(PurchaseTold)
def end_where_they_bought(event: PurchaseTold) -> None:
    """Whoever buys leaves the ways that end there."""
    exit_on_deed([event.contact_id], Sequence.EndsOn.PURCHASE)


@on(ContactDeleted)
def stop_for_deleted(event: ContactDeleted) -> None:
    """Nobody writes to somebody who was taken off the lists."""
    exit_enrollments(contact_id=event.contact_id, reason="deleted")
    cancel_open_messages(contact_id=event.contact_id, reason="contact_gone")


@on(ContactMerged)
def count_for_both(event: ContactMerged) -> None:
    """What was promised to a person was promised once, however many records they had."""
    join_rings(event.contact_id, event.merged_id)


@on(ContactErased)
def stop_for_erased(event: ContactErased) -> None:
    """Whoever is forgotten gets nothing any more, not even what was needed."""
    exit_enrollments(contact_id=event.contact_id, reason="erased")
    cancel_open_messages(contact_id=event.contact_id, reason="erased")
    for address_hash in event.address_hashes:
        cancel_open_messages(address_hash=address_hash, reason="erased")


@on(ErasureAsked)
def ask_whether_it_was_they(event: ErasureAsked) -> None:
    """The link that finishes it goes to the mailbox that they confirmed."""
    plan_data_letter("confirm_erasure", event.contact_id, event.request_id, event.address)


@on(DataCopyReady)
def tell_where_the_copy_is(event: DataCopyReady) -> None:
    """The link to a copy goes to the mailbox that they confirmed."""
    plan_data_letter("data_copy", event.contact_id, event.request_id, event.address)


@on(ContactEdited)
def keep_hours_where_they_are(event: ContactEdited) -> None:
    """What waits for somebody is planned anew when it becomes known where they are."""
    if {"timezone", "phone"} & set(event.changed):
        plan_hours_anew(event.contact_id)
