"""Texts, numbers and yeses to them for tests; made by our services."""

from campaigns.models import Content, Sequence, TextSender
from campaigns.services.incoming_texts import hear_text
from campaigns.services.sequence_steps import add_letter
from campaigns.services.sequences import create_sequence, start_sequence
from contacts.models import Basis, Contact, Topic
from contacts.services.consent import confirm_consent
from contacts.services.contacts import ContactDetails, add_contact, set_contact_zone
from ecosystem.base.clock import now
from ecosystem.base.ids import uuid7
from tests.factories.clocks import zone_at

ANA, BEN = "+12025550123", "+12025550124"


def make_sender(**values: str) -> TextSender:
    """What the business says of itself in texts."""
    given = {"brand": "Oat", "terms_url": "https://example.com/terms", "privacy_url": "https://example.com/privacy"}
    return TextSender.objects.create(**{**given, **values})


def make_text(body: str = "Hi {{ contact.first_name }}, the rye is back.", **values: str) -> Content:
    """A text of the business that is entered."""
    return Content.objects.create(kind="text", name=values.pop("name", "Rye"), text_body=body, **values)


def make_caller(number: str = ANA, name: str = "Ana", email: str = "") -> Contact:
    """Somebody with a number, who lives where texts may go out at this hour."""
    details = ContactDetails(given_name=name, email=email, phone=number)
    caller = add_contact(details, source="staff", actor=None, now=now(), stage="suspect")
    set_contact_zone(caller, zone_at(12), actor=None, now=now())
    return caller


def say_yes_to_texts(contact: Contact, topic: Topic, *, basis: str = Basis.EXPRESS_WRITTEN) -> None:
    """A yes to texts, by default in writing."""
    confirm_consent(
        contact, address=contact.primary_phone, channel="sms", topic=topic, wording="the disclosure", basis=basis
    )


def make_text_friend(topic: Topic, number: str = ANA, name: str = "Ana", email: str = "") -> Contact:
    """Somebody who said yes to texts about a topic."""
    contact = make_caller(number, name, email)
    say_yes_to_texts(contact, topic)
    return contact


def make_text_sequence(topic: Topic, content: Content | None = None) -> Sequence:
    """A running sequence of one text."""
    sequence = create_sequence(name="Texts", topic=topic)
    add_letter(sequence, content or make_text())
    return start_sequence(sequence)


def hear(body: str, number: str = ANA, **values: object):
    """A text comes in."""
    return hear_text(number=number, body=body, provider_id=values.pop("provider_id", uuid7().hex), **values)
