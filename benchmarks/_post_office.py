"""A business with a letter and people, whose queue is filled again and again, and emptied by the engine itself."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone

from benchmarks._database import add_people, analyze, bakery, compiled_letter, queue_messages
from benchmarks._letters import LETTER, NAMES
from campaigns.gateways.smtp import open_gateway
from campaigns.models import ContentVersion, Message
from campaigns.queries.accounts import Account
from campaigns.services.delivery import deliver
from campaigns.services.delivery_days import DayOfSending
from campaigns.services.delivery_limits import open_limits
from contacts.models import Contact, Topic
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business

LANE = "broadcast"
# A limit that is asked for and never met: what counts is what the asking costs.
PLENTY = 1_000_000


@dataclass(frozen=True)
class PostOffice:
    """Who writes, to whom, what."""

    business: Business
    topic: Topic
    version: ContentVersion
    people: list[Contact]

    def fill_queue(self) -> None:
        """A message to each, due now."""
        with business_scope(self.business):
            queue_messages(self.topic, self.version, self.people)
        analyze()

    def send_all(self, port: int) -> int:
        """Send what waits, turn after turn, under all limits; how many left."""
        account = Account("bench:email", f"smtp://127.0.0.1:{port}", per_second=PLENTY, per_day=PLENTY)
        gateway, sent = open_gateway(account.url), 0
        while True:
            now = timezone.now()
            limits = open_limits(account, self.business.pk, LANE, channel="email", sender_address="nora@example.com")
            opening = limits.open()
            if opening.seconds_left:
                continue
            day = DayOfSending(account.key, per_day=PLENTY, now=now, timezone="UTC", is_urgent=False)
            some = deliver(self.business.pk, LANE, now=now, gateway=gateway, limits=limits, day=day)
            limits.close()
            sent += some
            if not some and not limits.wait_seconds:
                break
        gateway.close()
        return sent

    def check_all_accepted(self) -> None:
        """Nothing may be left out of what was measured."""
        with business_scope(self.business):
            assert not Message.objects.exclude(state="accepted").exists()


@contextlib.contextmanager
def post_office(count: int) -> Iterator[PostOffice]:
    """A business of so many people, in a database of its own, with its full letter."""
    with bakery() as (business, topic):
        with business_scope(business):
            people = add_people(topic, [NAMES[number % len(NAMES)] for number in range(count)])
            words = {"subject": LETTER.subject, "preheader": LETTER.preheader, "body": LETTER.body}
            button = {"button_label": LETTER.button_label, "button_url": LETTER.button_url}
            version = compiled_letter(topic, **words, **button)
        yield PostOffice(business, topic, version, people)
