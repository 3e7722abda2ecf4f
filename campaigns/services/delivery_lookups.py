"""Letters of which nobody knows whether they left, at a provider that can be asked: it is, until it is decided.

Asked after one, five, nine and thirteen minutes, before what somebody needs now would go once more. What the provider
has is sent; what it does not have stays as it is, for it may still be on its way there.
"""

from datetime import datetime, timedelta

from campaigns.gateways.mail_lookup import LOOK_UP, Doubt, look_up_letters
from campaigns.models import Message
from campaigns.queries.accounts import account_for
from campaigns.services.delivery_claims import RECONCILIATION_SECONDS
from campaigns.services.proving import prove_message
from contacts.models import Channel
from ecosystem.base.clock import now as clock_now
from ecosystem.base.tenancy import business_scope
from ecosystem.services.agenda import note_work

LOOKUPS_QUEUE = "lookups"
FIRST_LOOK = timedelta(seconds=60)
LOOK_AGAIN = timedelta(minutes=4)
LAST_LOOK = timedelta(seconds=RECONCILIATION_SECONDS)
MOST_AT_ONCE = 20


def note_lookup() -> None:
    """Have a provider asked soon, where it can be: part of the transaction in which letters became unknown."""
    note_work(LOOKUPS_QUEUE, clock_now() + FIRST_LOOK)


def work_lookups(business_id: int, now: datetime) -> datetime | None:
    """Ask for the letters that are in doubt since a minute and more; when to ask again, None where nothing is left."""
    with business_scope(business_id):
        account = account_for(Channel.EMAIL)
        # By the name of the account that had them: another one is never asked for letters that it was not given.
        doubtful = Message.objects.filter(
            rare_state=Message.State.UNKNOWN,
            channel=Channel.EMAIL,
            provider_id=account.key,
            handed_at__gt=now - LAST_LOOK,
        )
        asked = doubtful.filter(handed_at__lte=now - FIRST_LOOK)
        found = asked.order_by("id").values_list("id", "address", "handed_at")[:MOST_AT_ONCE]
        letters = {letter: Doubt(letter, address, handed_at or now) for letter, address, handed_at in found}
        newer = doubtful.exclude(id__in=letters).exists()
    if account.provider not in LOOK_UP or not (letters or newer):
        return None
    told = look_up_letters(account.url, letters.values())
    with business_scope(business_id):
        for letter, provider_id in told.items():
            prove_message(letter, state="accepted", occurred_at=letters[letter].handed_at, provider_id=provider_id)
    return now + (FIRST_LOOK if newer else LOOK_AGAIN)
