"""What the campaigns app lends to the floors below: its queues, its promised work, and what it can prove of itself."""

from functools import partial

from campaigns.models import Message
from campaigns.services.advancing import work_steps
from campaigns.services.delivery import work_delivery
from campaigns.services.enrollments import STEPS_QUEUE
from campaigns.services.messages import queue_of
from campaigns.services.tracking import CLICKS_QUEUE, work_clicks
from campaigns.services.trigger_starts import START_ON_YES, start_on_yes
from ecosystem.agenda import AGENDA_QUEUES, AgendaQueue
from ecosystem.outbox import OUTBOX

AGENDA_QUEUES.add(STEPS_QUEUE, AgendaQueue(lane="sequence", work=work_steps))
AGENDA_QUEUES.add(CLICKS_QUEUE, AgendaQueue(lane="webhooks", work=work_clicks))
for lane in Message.Lane.values:
    AGENDA_QUEUES.add(queue_of(lane), AgendaQueue(lane=lane, work=partial(work_delivery, lane)))

OUTBOX.add(START_ON_YES, start_on_yes)
