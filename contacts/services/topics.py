"""What people can say yes to. The promise is part of the yes, so it is changed with care and never in secret."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from contacts.models import Topic
from ecosystem.base import clock
from ecosystem.base.errors import Conflict, Invalid, NotFound
from ecosystem.base.ids import uuid7
from ecosystem.models import Membership
from ecosystem.services.audit import record_act
from ecosystem.services.once import made_before


@transaction.atomic
def add_topic(
    *,
    name: str,
    promise: str,
    promised_count: int,
    promised_days: int,
    message_class: str = Topic.MessageClass.MARKETING,
    topic_id: UUID | None = None,
    actor: Membership | None = None,
) -> Topic:
    """Make a topic with its promise. Its key is made from the name and stays for ever.

    `topic_id` is the id it will have: the same one again (a second click) returns the first.
    """
    _check_words(name, promise)
    if standing := made_before(Topic, topic_id):
        return standing
    topic = Topic.objects.create(
        id=topic_id or uuid7(),
        name=name.strip(),
        key=_free_key(name),
        promise=promise.strip(),
        promised_count=promised_count,
        promised_days=promised_days,
        message_class=message_class,
    )
    record_act("topic_added", actor=actor, subject=topic)
    return topic


@transaction.atomic
def edit_topic(
    topic: Topic,
    *,
    name: str,
    promise: str,
    promised_count: int,
    promised_days: int,
    version: int,
    actor: Membership | None = None,
) -> Topic:
    """Word a topic anew. What people said yes to before stays in the ledger as it was then.

    Conflict when somebody else edited it in between.
    """
    _check_words(name, promise)
    changed = Topic.objects.filter(id=topic.id, version=version).update(
        name=name.strip(),
        promise=promise.strip(),
        promised_count=promised_count,
        promised_days=promised_days,
        version=version + 1,
        updated_at=clock.now(),
    )
    if not changed:
        raise Conflict("topic_changed", _("Somebody else changed this topic just now. Look at it again."))
    record_act("topic_edited", actor=actor, subject=topic)
    topic.refresh_from_db()
    return topic


def hold_topic(topic_id: UUID) -> Topic:
    """A topic of this business, held until the transaction ends; NotFound for every other id."""
    held = Topic.objects.select_for_update(no_key=True).filter(id=topic_id).first()
    if held is None:
        raise NotFound("topic_unknown", _("There is no such topic."))
    return held


@transaction.atomic
def archive_topic(topic: Topic, *, actor: Membership | None = None, now: datetime | None = None) -> Topic:
    """Put a topic away: nobody can say yes to it any more. Those who did can still see and leave it."""
    if topic.archived_at is None:
        topic.archived_at = now or clock.now()
        topic.save(update_fields=["archived_at", "updated_at"])
        record_act("topic_archived", actor=actor, subject=topic)
    return topic


@transaction.atomic
def restore_topic(topic: Topic, *, actor: Membership | None = None) -> Topic:
    """Bring a topic back that was put away."""
    if topic.archived_at is not None:
        topic.archived_at = None
        topic.save(update_fields=["archived_at", "updated_at"])
        record_act("topic_restored", actor=actor, subject=topic)
    return topic


def _check_words(name: str, promise: str) -> None:
    if not name.strip():
        raise Invalid("topic_name", _("Give it a name that your customers understand."), field="name")
    if not promise.strip():
        raise Invalid("topic_promise", _("Say what they will get and how often. It is printed on the page."), "promise")


def _free_key(name: str) -> str:
    base = slugify(name)[:50] or "topic"
    taken = set(Topic.objects.filter(key__startswith=base).values_list("key", flat=True))
    return next(key for number in range(1, 10_000) if (key := base if number == 1 else f"{base}-{number}") not in taken)
