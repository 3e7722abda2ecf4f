"""How a sender stands with its readers: too many complaints or dead addresses stop everything, until somebody looks.

The measures are those of the mailbox providers: complaints from 0.3 % on, with at least three; addresses that do not
exist from 8 % of the last five hundred letters on, with at least eight.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.queries.messages import count_unknown_of_none
from ecosystem.base.sql import rows
from ecosystem.manners import team_tongue_of
from ecosystem.models import BusinessProfile
from ecosystem.sending_figures import SendingFigure
from ecosystem.services.sending import pause_sending

LETTERS, COMPLAINT_LETTERS = 500, 1_000
BOUNCED_SHARE, LEAST_BOUNCED = 0.08, 8
COMPLAINED_SHARE, LEAST_COMPLAINED = 0.003, 3
WARNED_SHARE, LEAST_WARNED = 0.001, 1

# The last letters by what is told of them: sent ones by their lines in timelines, the others by their rare states.
# `since` is when letters began to be judged anew.
_LATELY = """
WITH sent AS MATERIALIZED (
    SELECT occurred_at FROM contacts_interaction
     WHERE business_id = %(business_id)s AND kind = 'message_sent' AND channel = 'email'
       AND occurred_at > %(since)s
     ORDER BY occurred_at DESC LIMIT %(most)s
), began AS (
    SELECT CASE WHEN count(*) < %(most)s THEN %(since)s::timestamptz ELSE min(occurred_at) END AS at FROM sent
), gone AS (
    SELECT state FROM campaigns_message AS message, began
     WHERE message.business_id = %(business_id)s AND message.rare_state = %(state)s AND message.channel = 'email'
       AND NOT message.is_test AND message.handed_at >= began.at
     ORDER BY message.id DESC LIMIT %(most)s
)
SELECT (SELECT count(*) FROM sent) AS sent, (SELECT count(*) FROM gone) AS gone"""


@dataclass(frozen=True)
class Standing:
    """Of so many letters lately, how many came back or were called unwanted."""

    letters: int
    gone: int

    def is_over(self, share: float, least: int) -> bool:
        return self.gone >= least and self.gone >= share * max(self.letters, 1)


def judge_standing(now: datetime) -> bool:
    """Stop everything where readers have had enough; True where this did. Cheap: two looks at the last letters."""
    profile = BusinessProfile.objects.get()
    if profile.sending_paused_at is not None:
        return False
    since = profile.sending_resumed_at or profile.created_at
    bounced = lately("bounced", since=since, most=LETTERS)
    complained = lately("complained", since=since, most=COMPLAINT_LETTERS)
    with translation.override(team_tongue_of(profile)):
        if complained.is_over(COMPLAINED_SHARE, LEAST_COMPLAINED):
            sentence = ngettext(
                "%(count)d of your last %(letters)d letters was called unwanted.",
                "%(count)d of your last %(letters)d letters were called unwanted.",
                complained.gone,
            )
            found = complained
        elif bounced.is_over(BOUNCED_SHARE, LEAST_BOUNCED):
            sentence = ngettext(
                "%(count)d of your last %(letters)d letters came back: there is no such address.",
                "%(count)d of your last %(letters)d letters came back: there are no such addresses.",
                bounced.gone,
            )
            found = bounced
        else:
            return False
        words = sentence % {"count": found.gone, "letters": found.letters}
    return pause_sending(reason=words, actor=None, now=now)


def standing_figures() -> list[SendingFigure]:
    """How the last letters were received; a warning from one complaint in a thousand on, where mailboxes grow wary."""
    profile = BusinessProfile.objects.get()
    since = profile.sending_resumed_at or profile.created_at
    bounced = lately("bounced", since=since, most=LETTERS)
    complained = lately("complained", since=since, most=COMPLAINT_LETTERS)
    is_wary = complained.is_over(WARNED_SHARE, LEAST_WARNED)
    warning = _("Mailboxes grow wary from one in a thousand on. Ask yourself who did not expect your last letters.")
    return [
        SendingFigure(_("Letters sent"), complained.letters),
        SendingFigure(_("Called unwanted"), complained.gone, warning if is_wary else ""),
        SendingFigure(_("Came back: no such address"), bounced.gone),
        *_loose_unknown(),
    ]


def _loose_unknown() -> list[SendingFigure]:
    """What belongs to no sequence and may not have arrived; nothing where all is known."""
    number = count_unknown_of_none()
    words = _("Confirmations, receipts or texts may not have arrived: we handed them over and heard nothing back.")
    return (
        [SendingFigure(_("Not known whether it arrived"), number, words, "campaigns:loose_unknown_list")]
        if number
        else []
    )


def lately(state: str, *, since: datetime, most: int) -> Standing:
    """The last letters that were not judged before `since`, and how many of them are in a state."""
    found = rows(_LATELY, {"state": state, "since": since, "most": most})[0]
    # What the server refused at once was never sent and counts as a letter too.
    return Standing(letters=max(found["sent"], found["gone"]), gone=found["gone"])
