"""A database of a benchmark's own, copied from the migrated template of the tests and dropped afterwards."""

import contextlib
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.db import connection, connections
from django.utils import timezone

from campaigns.models import ChannelRule, Content, ContentVersion, Message
from campaigns.services.messages import put_in_queue
from campaigns.services.rendering import compile_content
from contacts.models import Act, Basis, Channel, Consent, ConsentState, Contact, Topic
from ecosystem.base.addresses import address_hash
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business, BusinessProfile
from tests.database import OWNER, fresh_databases
from tests.factories.permission import make_business, make_topic

CHUNK = 2_000


@contextlib.contextmanager
def bakery() -> Iterator[tuple[Business, Topic]]:
    """A business with a sender and a topic, in a database of its own."""
    with fresh_databases("bench"):
        business = make_business("Oat & Ember")
        with business_scope(business):
            BusinessProfile.objects.update(sender_name="Nora Whitlock", reply_to_email="hello@example.com")
            # Each repetition writes to the same people.
            topic = make_topic("Bread news", promised_count=31, promised_days=1)
            ChannelRule.objects.create(channel=Channel.EMAIL, most_count=100, most_days=1)
        yield business, topic


def compiled_letter(topic: Topic, **words: str) -> ContentVersion:
    """A published letter of the business that is entered."""
    return compile_content(Content.objects.create(name="Letter", **words), topic=topic)


def add_people(topic: Topic, names: list[str]) -> list[Contact]:
    """People who said yes to the topic, at p0@example.com and so on."""
    since = timezone.now() - timedelta(days=30)
    people = [
        Contact(given_name=name, display_name=name, sort_name=name.lower(), primary_email=f"p{number}@example.com")
        for number, name in enumerate(names)
    ]
    Contact.objects.bulk_create(people, batch_size=CHUNK)
    said = {
        "channel": Channel.EMAIL,
        "topic": topic,
        "basis": Basis.EXPRESS,
    }
    yeses = [
        Consent(
            contact=person,
            act=Act.CONFIRMED,
            address_hash=address_hash("email", person.primary_email),
            source="benchmark",
            occurred_at=since,
            **said,
        )
        for person in people
    ]
    Consent.objects.bulk_create(yeses, batch_size=CHUNK)
    ConsentState.objects.bulk_create(
        [
            ConsentState(
                contact_id=yes.contact_id,
                consent=yes,
                state=ConsentState.State.GRANTED,
                address_hash=yes.address_hash,
                since=since,
                **said,
            )
            for yes in yeses
        ],
        batch_size=CHUNK,
    )
    return people


def queue_messages(topic: Topic, version: ContentVersion, people: list[Contact]) -> None:
    """A message to each, due now."""
    letters = Message.objects.bulk_create(
        [
            Message(
                idem_key=f"b:{uuid7()}",
                message_class=topic.message_class,
                lane=Message.Lane.BROADCAST,
                contact=person,
                topic=topic,
                content_version=version,
                address=person.primary_email,
                address_hash=address_hash("email", person.primary_email),
                merge={"contact.first_name": person.given_name},
                due_at=timezone.now() - timedelta(minutes=1),
            )
            for person in people
        ],
        batch_size=CHUNK,
    )
    put_in_queue(letters)


def analyze() -> None:
    """Let PostgreSQL count what is there, as it does by itself in a database that has run for a minute."""
    with connections[OWNER].cursor() as cursor:
        cursor.execute("ANALYZE")


def server_cpu_seconds() -> float:
    """Processor time that this connection's server process has used; 0 where it runs on another machine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
