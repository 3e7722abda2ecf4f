"""What seq.celery measures against: a Celery task for each person, in a worker of its own, by the ORM.

`celery -A benchmarks._celery_way worker --queues bench` on the database that the benchmark made.
"""

import os
from datetime import timedelta

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecosystem.config.settings")
QUEUE = "bench"

app = Celery("bench", broker=os.environ.get("BENCH_BROKER_URL") or settings.REDIS_URL)
app.conf.update(
    task_default_queue=QUEUE, task_ignore_result=True, task_serializer="json", accept_content=["json"],
    worker_hijack_root_logger=False, broker_connection_retry_on_startup=True,
    # Left to itself Celery closes the connection to PostgreSQL after each task; whoever counts milliseconds keeps it.
    CELERY_DB_REUSE_MAX=10**9,
)  # fmt: skip


@app.task(name="bench.take_step")
def take_step(business_id: int, walk_id: str) -> None:
    """One person's step: whose turn, what comes, whose address, the message, the next place."""
    from campaigns.models import Enrollment, Message, QueuedMessage, Step
    from ecosystem.base.clock import now
    from ecosystem.base.tenancy import business_scope

    with business_scope(business_id):
        walk = Enrollment.objects.select_for_update(of=("self",)).select_related("contact", "sequence").get(id=walk_id)
        steps = Step.objects.filter(version_of_id=walk.version_of_id, position__gte=walk.position).order_by("position")
        letter, wait = steps[:2]
        message, is_new = Message.objects.get_or_create(
            idem_key=f"s:{walk.id}:{letter.step_key}:{walk.visit_no}",
            defaults={
                "message_class": "marketing",
                "lane": "sequence",
                "contact": walk.contact,
                "topic_id": walk.sequence.topic_id,
                "sequence": walk.sequence,
                "enrollment": walk,
                "step_key": letter.step_key,
                "content_version_id": letter.content_version_id,
                "address": walk.contact.primary_email,
            },
        )
        if is_new:
            QueuedMessage.objects.create(id=message.id, lane=message.lane, due_at=message.due_at)
        walk.position += 1
        walk.due_at = now() + timedelta(seconds=wait.wait_seconds)
        walk.save(update_fields=["position", "due_at", "updated_at"])
