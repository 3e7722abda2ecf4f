"""What beat wakes: the lanes of work, and the sweep that finds what a lost worker left behind."""

from ecosystem.base.tasks import global_task
from ecosystem.services import account_emails, agenda


@global_task(name=agenda.TASK_NAME)
def work_lane(lane: str) -> None:
    """Serve the businesses that wait in a lane."""
    agenda.work_lane(lane)


@global_task(name="ecosystem.sweep_agenda")
def sweep_agenda() -> None:
    """Make due again what a worker took and never gave back."""
    agenda.sweep_agenda()


@global_task(name="ecosystem.send_account_emails")
def send_account_emails() -> None:
    """Send the mails about accounts that are due."""
    account_emails.send_account_emails()
