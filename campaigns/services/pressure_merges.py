"""What was sent to either of two records of one person counts against the measures of both together."""

from uuid import UUID

from ecosystem.base.sql import execute

# Places that the winner has already are not taken twice.
_JOIN = """
INSERT INTO campaigns_pressure AS ring (business_id, id, taken_at, channels, topic_ids, message_ids)
SELECT business_id, %(winner_id)s::uuid, taken_at, channels, topic_ids, message_ids
  FROM campaigns_pressure WHERE business_id = %(business_id)s AND id = %(loser_id)s
    ON CONFLICT (business_id, id) DO UPDATE
   SET (taken_at, channels, topic_ids, message_ids) = (
       SELECT coalesce(array_agg(at), '{}') || ring.taken_at, coalesce(array_agg(channel), '{}') || ring.channels,
              coalesce(array_agg(topic_id), '{}') || ring.topic_ids,
              coalesce(array_agg(message_id), '{}') || ring.message_ids
         FROM unnest(excluded.taken_at, excluded.channels, excluded.topic_ids, excluded.message_ids)
              AS place (at, channel, topic_id, message_id)
        WHERE message_id <> ALL (ring.message_ids))"""


def join_rings(winner_id: UUID, loser_id: UUID) -> None:
    """Let the letters that the loser got lately count for the winner. A second time changes nothing.

    The loser keeps theirs: parted again, nobody gets more than was promised.
    """
    execute(_JOIN, {"winner_id": winner_id, "loser_id": loser_id})
