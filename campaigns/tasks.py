"""What beat wakes for letters, beside the lanes of work."""

from campaigns.services import receiver_lookup
from ecosystem.base.tasks import global_task


@global_task(name="campaigns.look_up_receivers")
def look_up_receivers() -> None:
    """Ask the DNS who receives for the domains that workers have met."""
    receiver_lookup.look_up_receivers()
