"""The two letters about somebody's data: where their copy lies, and whether it was they who want to be forgotten."""

from datetime import timedelta
from uuid import UUID

from campaigns.models import Message
from campaigns.services.messages import plan_message
from contacts.models import Channel, Contact
from ecosystem.base import clock
from ecosystem.base.addresses import address_hash

WORTH_SENDING = timedelta(days=2)


def plan_data_letter(template: str, contact_id: UUID, request_id: UUID, address: str) -> Message:
    """Plan the letter with the link, once for each request; the link itself is made when the letter is built."""
    contact = Contact.objects.get(id=contact_id)
    return plan_message(
        idem_key=f"t:{template}:{request_id}",
        message_class=Message.MessageClass.TRANSACTIONAL,
        lane=Message.Lane.TRANSACTIONAL,
        template=template,
        contact=contact,
        address=address,
        address_hash=address_hash(Channel.EMAIL, address),
        merge={"given_name": contact.given_name, "request_id": str(request_id)},
        expires_at=clock.now() + WORTH_SENDING,
    )
