"""Any history of yeses and noes, however they come: no letter without a live yes, no stop lifted but by them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from campaigns.models import Message, ProviderAccount, Signup, SignupForm
from campaigns.services.accounts import add_account
from campaigns.services.preferences import come_back, keep_preferences, leave_by_message, stop_everything
from campaigns.services.provider_events import work_provider_events
from campaigns.services.signups import confirm_signup
from contacts.models import Consent, ConsentState, Contact, Suppression, Topic
from contacts.queries.consent import channel_hashes
from contacts.queries.contacts import find_contact_by_email
from contacts.services.consent import grant_consent, withdraw_consent
from contacts.services.consent_ledger import NO_EVIDENCE
from contacts.services.consent_proof import consent_states_differ
from contacts.services.contacts import ContactDetails, add_contact, delete_contact, restore_contact
from contacts.services.data_requests import erase_contact
from contacts.services.imports import map_import, permit_import, start_import, upload_import
from contacts.services.program_consents import keep_program_yes
from ecosystem.base.addresses import address_hash
from ecosystem.base.clock import now
from ecosystem.base.errors import DomainError
from ecosystem.base.sql import rows
from ecosystem.models import Business
from tests.campaigns.sizes import size
from tests.campaigns.test_pressure import allow, news
from tests.campaigns.test_provider_events import SECRET, tell
from tests.factories.campaigns import work
from tests.factories.clocks import today_of
from tests.factories.permission import make_form, make_topic, owner_of

pytestmark = pytest.mark.django_db
ANA = "ana@example.com"
_LEDGER = """
SELECT to_jsonb(one)::text AS row FROM contacts_consent AS one WHERE business_id = %(business_id)s ORDER BY id"""


class Town:
    """One person with two topics, and everything that can happen to what they allow."""

    def __init__(self, shop: Business, topics: list[Topic], account: ProviderAccount, form: SignupForm) -> None:
        self.owner, self.today = owner_of(shop), today_of(shop)
        self.topics, self.account, self.form = topics, account, form
        self.letters = 0
        self.first_letter = self._first_letter()

    def _first_letter(self) -> Message:
        """The letter whose links and whose provider's events the history speaks of."""
        return Message.objects.create(
            idem_key="t:first", message_class="transactional", lane="transactional", contact=self.person, address=ANA,
            address_hash=address_hash("email", ANA), topic=self.topics[0], state="accepted", accepted_at=now(),
        )  # fmt: skip

    @property
    def person(self) -> Contact:
        found = find_contact_by_email(ANA)
        return found or add_contact(ContactDetails(email=ANA), source="staff", actor=None, now=now(), stage="suspect")

    def letter(self) -> Message:
        return Message.objects.get(id=self.first_letter.id)

    # Not the person's own

    def brought_in_by_a_list(self, topic: Topic) -> None:
        imported = upload_import(f"Email,Name\n{ANA},Ana\n".encode(), file_name="people.csv")
        map_import(imported.id, mapping={"0": "email", "1": "display_name"})
        said_on = now().date() - timedelta(days=1)
        permit_import(imported.id, rule="all", topic=topic, source="till", said_on=said_on)
        start_import(imported.id)
        work("import", times=1)

    def told_by_a_program(self, topic: Topic) -> None:
        keep_program_yes(
            self.person, channel="email", topic=topic, said_at=now(), said_where="the till", wording="Yes",
            actor=self.owner, now=now(),
        )  # fmt: skip

    def written_down_by_the_team(self, topic: Topic) -> None:
        grant_consent(
            self.person,
            channel="email",
            topic=topic,
            actor=self.owner,
            source="paper",
            said_on=self.today,
            note="x",
        )

    def deleted_and_brought_back(self, topic: Topic) -> None:
        person = self.person
        delete_contact(person, actor=self.owner, now=now())
        restore_contact(person, actor=self.owner, now=now())

    def called_unwanted(self, topic: Topic) -> None:
        tell(self.account, "complained", self.letter())
        work_provider_events(self.account.business_id, now())

    def came_back(self, topic: Topic) -> None:
        tell(self.account, "bounced", self.letter())
        work_provider_events(self.account.business_id, now())

    def stopped_by_the_team(self, topic: Topic) -> None:
        withdraw_consent(self.person, channel="email", topic=None, source="team", actor=self.owner)

    def erased(self, topic: Topic) -> None:
        erase_contact(self.person, actor=self.owner, now=now())
        work("import", times=1)

    # The person's own no

    def left_by_a_link(self, topic: Topic) -> None:
        leave_by_message(self.letter(), evidence=NO_EVIDENCE, now=now())

    def stopped_everything(self, topic: Topic) -> None:
        stop_everything(self.letter(), evidence=NO_EVIDENCE, now=now())

    # The person's own yes

    def confirmed_an_opt_in(self, topic: Topic) -> None:
        signup = Signup.objects.create(
            form=self.form, email=ANA, address_hash=address_hash("email", ANA), topics=[[str(topic.id), "Yes, please"]]
        )
        confirm_signup(signup.id, evidence=NO_EVIDENCE)

    def chose_on_their_page(self, topic: Topic) -> None:
        key = f"email:{topic.id}"
        keep_preferences(self.letter(), shown=[key], chosen=[key], evidence=NO_EVIDENCE, now=now())

    def took_a_leaving_back(self, topic: Topic) -> None:
        come_back(self.letter(), [topic.id], evidence=NO_EVIDENCE, now=now())

    def news(self) -> None:
        """A letter to many about each topic, for whoever they are now."""
        for topic in self.topics:
            self.letters += 1
            news(self.person, topic, self.letters)


OTHERS = [
    Town.brought_in_by_a_list, Town.told_by_a_program, Town.written_down_by_the_team, Town.deleted_and_brought_back,
    Town.called_unwanted, Town.came_back, Town.stopped_by_the_team, Town.erased, Town.left_by_a_link,
    Town.stopped_everything,
]  # fmt: skip
THEIR_YES = [Town.confirmed_an_opt_in, Town.chose_on_their_page, Town.took_a_leaving_back]


def ledger() -> list[dict[str, object]]:
    return rows(_LEDGER)


def stops() -> set[tuple[str, object]]:
    return set(Suppression.objects.filter(lifted_at=None).values_list("address_hash", "topic_id"))


def noes() -> set[tuple[object, object]]:
    """Who said no to what, and has not said yes since."""
    return set(ConsentState.objects.filter(state="withdrawn").values_list("contact_id", "topic_id"))


def is_live(person: Contact, topic: Topic) -> bool:
    """Whether the ledger holds a yes to the topic from this address that no later no and no stop took back.

    Read from the rows alone, not from what the product keeps of them.
    """
    hashes = channel_hashes("email", [ANA])
    said = Consent.objects.filter(contact=person, channel="email").exclude(act="requested").order_by("-id")
    newest = next((row for row in said if row.topic_id in (topic.id, None)), None)
    is_yes = newest is not None and newest.act != "withdrawn" and newest.address_hash in hashes
    return is_yes and not any(topic_id in (None, topic.id) for _hash, topic_id in stops() if _hash in hashes)


@pytest.fixture
def account(shop) -> ProviderAccount:
    return add_account(provider="mailgun", name="Mailgun", secret=SECRET)


STEP = st.tuples(st.sampled_from(OTHERS + THEIR_YES), st.integers(0, 1))


@settings(
    max_examples=int(size(20, 40)),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@example(history=[(Town.confirmed_an_opt_in, 0), (Town.left_by_a_link, 0), (Town.told_by_a_program, 0)])
@example(history=[(Town.confirmed_an_opt_in, 0), (Town.left_by_a_link, 0), (Town.brought_in_by_a_list, 0)])
@example(history=[(Town.chose_on_their_page, 1), (Town.stopped_everything, 0), (Town.written_down_by_the_team, 1)])
@example(history=[(Town.confirmed_an_opt_in, 0), (Town.erased, 0), (Town.brought_in_by_a_list, 0)])
@given(history=st.lists(STEP, min_size=2, max_size=9))
def test_sec_59_no_history_mails_without_a_live_yes_or_lifts_a_stop_but_by_their_own(
    shop, account, mail_server, history
):
    with transaction.atomic():
        live_through(shop, account, mail_server, history)
        transaction.set_rollback(True)


def live_through(shop, account, mail_server, history: list[tuple[Callable[[Town, Topic], None], int]]) -> None:
    topics = [make_topic(f"Topic {number}", promised_count=100, promised_days=30) for number in range(2)]
    town = Town(shop, topics, account, make_form(*topics))
    allow(100)
    for act, number in history:
        before_rows, before_stops, before_noes = ledger(), stops(), noes()
        try:
            with transaction.atomic():
                act(town, topics[number])
        except DomainError:
            assert ledger() == before_rows
            assert stops() == before_stops
        assert ledger()[: len(before_rows)] == before_rows, f"{act.__name__} changed a row"
        if act not in THEIR_YES:
            gone = before_stops - stops()
            assert not gone, f"{act.__name__} lifted {gone}"
            assert before_noes <= noes(), f"{act.__name__} made a yes of a no"
        assert consent_states_differ() == []
        person = town.person
        allowed = {topic.id for topic in topics if is_live(person, topic)}
        town.news()
        sent = len(mail_server.accepted)
        work("broadcast", times=2)
        letters = Message.objects.filter(lane="broadcast").order_by("-id")[:2]
        reached = {letter.topic_id for letter in letters if letter.state == "accepted"}
        assert reached <= allowed, f"{act.__name__} mailed without a yes"
        assert len(mail_server.accepted) - sent == len(reached)
        if not any(one is Town.came_back or one is Town.called_unwanted for one, _ in history):
            assert reached == allowed
