"""What this app hears: from the first day on, the health of a business is counted."""

from ecosystem.base.events import on
from ecosystem.events import BusinessCreated, JobEnded, KindSettingChanged
from ecosystem.services.agenda import note_work
from ecosystem.services.audit_chain import QUEUE as AUDIT_QUEUE
from ecosystem.services.health import QUEUE
from ecosystem.services.notices import tell_that_job_ended
from ecosystem.services.tallies import QUEUE as TALLIES_QUEUE


@on(BusinessCreated)
def fold_counts_now_and_then(event: BusinessCreated) -> None:
    """Begin the hourly look at a new business's counts."""
    note_work(TALLIES_QUEUE)


@on(BusinessCreated)
def seal_acts_now_and_then(event: BusinessCreated) -> None:
    """Begin the chain over what is done in a new business."""
    note_work(AUDIT_QUEUE)


@on(BusinessCreated)
def count_health_every_day(event: BusinessCreated) -> None:
    """Begin the daily counting of a new business."""
    note_work(QUEUE)


@on(JobEnded)
def tell_whoever_began_it(event: JobEnded) -> None:
    """Long work ends while its asker is elsewhere."""
    tell_that_job_ended(event)


@on(KindSettingChanged)
def count_health_with_the_new_pace(event: KindSettingChanged) -> None:
    """Another cadence, or a kind switched on or off, gives other figures at once."""
    note_work(QUEUE)
