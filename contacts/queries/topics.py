"""What people can say yes to, and how many did."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from contacts.models import Topic
from ecosystem.base import sql
from ecosystem.base.errors import NotFound

MOST_COUNTED = 10_000

_YES_BY_TOPIC = """
    SELECT topic.id AS topic_id, yes.count
      FROM contacts_topic topic
     CROSS JOIN LATERAL (
            SELECT count(*) AS count
              FROM (SELECT 1
                      FROM contacts_consentstate state
                     WHERE state.business_id = %(business_id)s AND state.topic_id = topic.id
                       AND state.channel = 'email' AND state.state = 'granted'
                     LIMIT %(limit)s) counted
     ) yes
     WHERE topic.business_id = %(business_id)s"""


@dataclass(frozen=True)
class TopicRow:
    """A topic with how many people said yes to it by email, counted up to 10,000."""

    topic: Topic
    yes_count: int

    @property
    def is_more(self) -> bool:
        """True when there are more than were counted."""
        return self.yes_count > MOST_COUNTED

    @property
    def shown_count(self) -> int:
        """The number that is shown, with `more than` before it when it stopped there."""
        return min(self.yes_count, MOST_COUNTED)


def topics() -> QuerySet[Topic]:
    """Every topic, for lists that page by key."""
    return Topic.objects.all()


def open_topics() -> list[Topic]:
    """The topics that people can say yes to today, by name. A business has a handful."""
    return list(Topic.objects.filter(archived_at__isnull=True).order_by("name", "id")[:100])


def topic_rows() -> list[TopicRow]:
    """Every topic with its yeses, those put away last."""
    counts = {row["topic_id"]: row["count"] for row in sql.rows(_YES_BY_TOPIC, {"limit": MOST_COUNTED + 1})}
    topics = sorted(Topic.objects.all()[:200], key=lambda topic: (topic.archived_at is not None, topic.name.lower()))
    return [TopicRow(topic=topic, yes_count=counts.get(topic.id, 0)) for topic in topics]


def get_topic(topic_id: UUID) -> Topic:
    """A topic of this business; NotFound for anybody else's."""
    topic = Topic.objects.filter(id=topic_id).first()
    if topic is None:
        raise NotFound("topic_unknown", _("There is no such topic."))
    return topic


def get_open_topic(topic_id: UUID) -> Topic:
    """A topic that people can say yes to today; NotFound otherwise."""
    topic = get_topic(topic_id)
    if topic.archived_at is not None:
        raise NotFound("topic_archived", _("This topic has been put away."))
    return topic


def count_open_topics() -> int:
    """How many topics people can say yes to today; counted up to a hundred."""
    return len(Topic.objects.filter(archived_at__isnull=True).values_list("id", flat=True)[:100])
