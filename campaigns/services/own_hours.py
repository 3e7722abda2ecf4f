"""Quiet hours that somebody asks for on their own page: nothing comes in them but what they need at once."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.models import Message
from campaigns.queries.own_hours import QUIET_FROM, QUIET_UNTIL
from campaigns.services.messages import queue_of
from campaigns.services.quiet_hours import keep_wishes_of_held, plan_hours_anew
from contacts.models import Contact
from ecosystem.base.errors import Invalid
from ecosystem.base.sql import rows
from ecosystem.services.agenda import note_work

_LANES = """
SELECT DISTINCT queued.lane
  FROM campaigns_message AS message
  JOIN campaigns_queuedmessage AS queued ON queued.business_id = %(business_id)s AND queued.id = message.id
 WHERE message.business_id = %(business_id)s AND message.contact_id = %(contact_id)s"""


@transaction.atomic
def keep_quiet_hours(message: Message, *, hours: tuple[int, int] | None, now: datetime) -> bool:
    """Write to a person at no minute of the day from the first of `hours` to the second, by their clock; None: any.

    Counts for what waits already, letters and texts. What they need at once comes all the same. False for nobody we
    know; Invalid for what is not offered.
    """
    if hours is not None and (hours[0] not in QUIET_FROM or hours[1] not in QUIET_UNTIL):
        raise Invalid("quiet_unknown", _("Choose from when and until when it shall be quiet."))
    contact = message.contact
    if contact is None or contact.deleted_at is not None:
        return False
    begins, ends = hours or (None, None)
    wished = {"quiet_from_minute": begins, "quiet_until_minute": ends}
    Contact.objects.filter(id=contact.id).update(**wished, updated_at=now)
    contact.quiet_from_minute, contact.quiet_until_minute = begins, ends
    if plan_hours_anew(contact.id) + keep_wishes_of_held(contact.id):
        for row in rows(_LANES, {"contact_id": contact.id}):
            note_work(queue_of(row["lane"]))
    return True
