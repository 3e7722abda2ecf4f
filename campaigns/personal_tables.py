"""Which of this floor's tables tell of people, and what an erasure does with each."""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import (
    AddressTrouble,
    Enrollment,
    IncomingText,
    Message,
    Pressure,
    ProviderEvent,
    Signup,
    TextSignup,
    TrackingEvent,
)
from ecosystem.privacy import About, PersonalTable, Subject, add_not_personal, add_personal, of_contact, whole_table


def _messages(who: Subject) -> Any:
    """What was sent to them, also before they were known. Two questions, each with its own index."""
    known = Message.objects.values_list("id", flat=True)
    ids = [*known.filter(contact_id=who.contact_id), *known.filter(contact=None, address_hash__in=who.hashes)]
    return Message.objects.filter(id__in=ids)


def _signups(who: Subject) -> Any:
    return Signup.objects.filter(Q(contact_id=who.contact_id) | Q(address_hash__in=who.hashes))


def _text_signups(who: Subject) -> Any:
    return TextSignup.objects.filter(Q(contact_id=who.contact_id) | Q(number_hash__in=who.hashes))


def _incoming(who: Subject) -> Any:
    return IncomingText.objects.filter(Q(contact_id=who.contact_id) | Q(number_hash__in=who.hashes))


def _pressure(who: Subject) -> Any:
    return Pressure.objects.filter(id=who.contact_id)


def _troubles(who: Subject) -> Any:
    return AddressTrouble.objects.filter(address_hash__in=who.hashes)


def _tracking(who: Subject) -> Any:
    return TrackingEvent.objects.filter(message_id__in=_messages(who).values_list("id"))


# The links of old letters go on working: they know the address by its keyed hash alone.
add_personal(
    PersonalTable(
        TrackingEvent,
        About.SENT,
        _("What you, or a machine, did with letters"),
        rows=_tracking,
        forget=lambda who: _tracking(who).update(user_agent_hash=""),
    ),
    order=10,
)
add_personal(whole_table(Signup, About.SAID, _("Opt-in pages you filled in"), rows=_signups), order=20)
add_personal(whole_table(TextSignup, About.SAID, _("Numbers you left for texts"), rows=_text_signups), order=15)
add_personal(whole_table(IncomingText, About.BETWEEN, _("Texts you sent us"), rows=_incoming), order=15)
add_personal(
    PersonalTable(
        Enrollment,
        About.SENT,
        _("Sequences that followed you home"),
        rows=of_contact(Enrollment),
        kept=_("That somebody went through a sequence, without your name."),
    )
)
add_personal(whole_table(Pressure, About.SENT, _("When we wrote to you lately"), rows=_pressure))
add_personal(
    PersonalTable(
        ProviderEvent,
        About.SENT,
        _("What the provider told us of letters to you"),
        rows=lambda who: ProviderEvent.objects.filter(address_hashes__in=who.hashes),
        kept=_("A scrambled number stands there in place of your address."),
    )
)
add_personal(whole_table(AddressTrouble, About.SENT, _("Letters that came back from your address"), rows=_troubles))
add_personal(
    PersonalTable(
        Message,
        About.SENT,
        _("What was sent to you"),
        rows=_messages,
        forget=lambda who: _messages(who).update(contact=None, address="", merge={}, reason=""),
    ),
    order=50,
)
add_not_personal(
    campaigns__ProviderAccount="The business's own accounts.",
    campaigns__DailySends="Sums.",
    campaigns__SenderDomain="The business's own domains and what their DNS says.",
    campaigns__QueuedMessage="A place in the queue: the id of a message and times; gone when its end is known.",
    campaigns__MessageClaim="Which messages a worker holds: ids, for a minute.",
    campaigns__TextSender="The business itself.",
    campaigns__Content="What the business wrote.",
    campaigns__ContentVersion="What the business wrote.",
    campaigns__Link="Where links of letters lead.",
    campaigns__ChannelRule="The business's own rules.",
    campaigns__SignupForm="What the business wrote.",
    campaigns__SignupFormTopic="What the business wrote.",
    campaigns__Sequence="What the business wrote.",
    campaigns__SequenceVersion="What the business wrote.",
    campaigns__Step="What the business wrote.",
)
