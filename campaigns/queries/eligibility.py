"""Who may be written to, and why not: one rule, asked of one person in Python and of many in SQL.

A yes counts for one topic, one channel and the address it was given for. A stop, a bounce or a complaint counts
against an address, whoever holds it. The two forms say the same, which a property test holds them to.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.models import Message
from contacts.models import Basis, Channel, ConsentState, Contact, Suppression, Topic
from contacts.queries.consent import address_of, channel_hashes
from ecosystem.models import BusinessProfile

# Ways that the team goes itself: nothing is sent by them from here, so no pause of sending ends them.
BY_HAND = (Channel.PHONE, Channel.POST)
# A stop that ends every message, and those that end all but what somebody needs now; the gravest first.
_REASON_OF_SUPPRESSION = {
    Suppression.Reason.BOUNCED: "bounced",
    Suppression.Reason.COMPLAINED: "complained",
    Suppression.Reason.ERASED: "left",
    Suppression.Reason.MANUAL: "left",
    Suppression.Reason.HELD: "held",
    Suppression.Reason.UNSUBSCRIBED: "left",
}

REASONS: dict[str, Promise] = {
    "": _("May be written to: they said yes."),
    "business_paused": _("Sending is paused for the whole business."),
    "contact_gone": _("This person is no longer kept here."),
    "do_not_contact": _("The team marked this person “do not contact”."),
    "no_address": _("No address is known for this channel."),
    "bounced": _("The address does not exist: a letter came back."),
    "complained": _("They called a letter unwanted."),
    "left": _("They said stop. Only their own new yes opens this again."),
    "held": _("They may have said stop. Somebody decides under Texts."),
    "not_in_writing": _("Texts need a yes in writing, with the words the law asks for."),
    "no_topic": _("A letter needs a topic that somebody said yes to."),
    "no_consent": _("They have not said yes to this."),
    "waiting": _("They have been asked and have not confirmed yet."),
    "withdrawn": _("They took their yes back."),
    "expired": _("Their yes has run out."),
    "other_address": _("Their yes was given for another address."),
    "on_pause": _("They asked for a rest. What waits goes when it is over."),
}

# The rule for many: a WITH query `candidate` goes before it, with the columns row_id, contact_id, channel, topic_id,
# message_class and address_hashes (text[], the hashes of the address under every kept key), and whatever else is wanted
# again. It adds `verdict`: the candidate's columns, reason (empty means yes) and own_address, the person's first one.
# Parameters: business_id and now.
ELIGIBILITY_SQL = """
    verdict AS (
        SELECT candidate.*,
               CASE candidate.channel WHEN 'sms' THEN person.primary_phone ELSE person.primary_email END AS own_address,
               CASE
                   WHEN profile.sending_paused_at IS NOT NULL AND candidate.channel NOT IN ('phone', 'post')
                       THEN 'business_paused'
                   WHEN candidate.contact_id IS NOT NULL AND (person.id IS NULL OR person.deleted_at IS NOT NULL)
                       THEN 'contact_gone'
                   WHEN 'bounced' = ANY (stop.reasons) THEN 'bounced'
                   WHEN candidate.message_class = 'transactional'
                        AND (candidate.channel <> 'sms' OR stop.reasons IS NULL) THEN ''
                   WHEN person.do_not_contact THEN 'do_not_contact'
                   WHEN 'complained' = ANY (stop.reasons) THEN 'complained'
                   WHEN 'held' = ALL (stop.reasons) THEN 'held'
                   WHEN stop.reasons IS NOT NULL THEN 'left'
                   WHEN candidate.topic_id IS NULL THEN 'no_topic'
                   WHEN yes.state IS NULL THEN 'no_consent'
                   WHEN yes.state = 'requested' THEN 'waiting'
                   WHEN yes.state <> 'granted' THEN 'withdrawn'
                   WHEN yes.expires_at <= %(now)s THEN 'expired'
                   WHEN candidate.channel = 'sms' AND yes.basis <> 'express_written' THEN 'not_in_writing'
                   WHEN yes.address_hash <> ALL (candidate.address_hashes) THEN 'other_address'
                   WHEN person.paused_until > %(now)s THEN 'on_pause'
                   ELSE ''
               END AS reason
          FROM candidate
          LEFT JOIN ecosystem_businessprofile profile ON profile.business_id = %(business_id)s
          LEFT JOIN contacts_contact person
                 ON person.business_id = %(business_id)s AND person.id = candidate.contact_id
          LEFT JOIN contacts_consentstate yes
                 ON yes.business_id = %(business_id)s AND yes.contact_id = candidate.contact_id
                AND yes.channel = candidate.channel AND yes.topic_id = candidate.topic_id
          LEFT JOIN LATERAL (
                SELECT array_agg(suppression.reason::text) AS reasons
                  FROM contacts_suppression suppression
                 WHERE suppression.business_id = %(business_id)s
                   AND suppression.channel = candidate.channel
                   AND suppression.address_hash = ANY (candidate.address_hashes)
                   AND (suppression.topic_id IS NULL OR suppression.topic_id = candidate.topic_id)
                   AND suppression.lifted_at IS NULL
          ) stop ON true
    )"""


@dataclass(frozen=True)
class Verdict:
    """Whether a message may go, with the reason as a code for programs and as a sentence for people."""

    allowed: bool
    reason: str
    sentence: Promise


def may_send(
    contact: Contact,
    *,
    channel: str,
    topic: Topic | None,
    message_class: str,
    now: datetime,
    address: str = "",
) -> Verdict:
    """Whether a contact may be sent a message of a class and topic on a channel now.

    Asked for the contact's first address on that channel, or for the normalised `address` that is given.
    """
    address = address or address_of(contact, channel=channel)
    if not address:
        return verdict_of("no_address")
    hashes = channel_hashes(channel, [address])
    profile = BusinessProfile.objects.only("sending_paused_at").first()
    if profile is not None and profile.sending_paused_at is not None and channel not in BY_HAND:
        return verdict_of("business_paused")
    if contact.deleted_at is not None:
        return verdict_of("contact_gone")
    stops = _stops(channel, hashes, topic)
    if "bounced" in stops:
        return verdict_of("bounced")
    if message_class == Message.MessageClass.TRANSACTIONAL and (channel != Channel.SMS or not stops):
        return verdict_of("")
    if contact.do_not_contact:
        return verdict_of("do_not_contact")
    if stops:
        return verdict_of("complained" if "complained" in stops else "left" if "left" in stops else "held")
    if topic is None:
        return verdict_of("no_topic")
    reason = _reason_of_consent(contact, channel, topic, hashes, now)
    is_resting = contact.paused_until is not None and contact.paused_until > now
    return verdict_of("on_pause" if not reason and is_resting else reason)


def verdict_of(reason: str) -> Verdict:
    """The verdict that a reason code stands for; the empty code is the only yes."""
    return Verdict(allowed=reason == "", reason=reason, sentence=sentence_of(reason))


def sentence_of(reason: str) -> Promise:
    """A reason code in words; a code of another part of the engine is not known here and gets a general sentence."""
    return REASONS.get(reason, _("Could not be sent."))


def _stops(channel: str, hashes: Iterable[str], topic: Topic | None) -> set[str]:
    live = Suppression.objects.filter(channel=channel, address_hash__in=list(hashes), lifted_at__isnull=True)
    return {
        _REASON_OF_SUPPRESSION[Suppression.Reason(reason)]
        for reason, topic_id in live.values_list("reason", "topic_id")
        if topic_id is None or (topic is not None and topic_id == topic.id)
    }


def _reason_of_consent(contact: Contact, channel: str, topic: Topic, hashes: list[str], now: datetime) -> str:
    state = ConsentState.objects.filter(contact=contact, channel=channel, topic=topic).first()
    if state is None:
        return "no_consent"
    if state.state == ConsentState.State.REQUESTED:
        return "waiting"
    if state.state == ConsentState.State.WITHDRAWN:
        return "withdrawn"
    if state.expires_at is not None and state.expires_at <= now:
        return "expired"
    if channel == Channel.SMS and state.basis != Basis.EXPRESS_WRITTEN:
        return "not_in_writing"
    return "" if state.address_hash in hashes else "other_address"


# What a channel asks to be reached by; `Channel` also names ways that need no address.
WRITABLE_CHANNELS = (Channel.EMAIL, Channel.SMS)
