"""A copy of somebody's data and their erasure, from the page that letters lead to and from the person's page."""

import io
import json
import re
import time
import zipfile
from datetime import timedelta

import pytest
import time_machine
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from campaigns.models import IncomingText, Message, QueuedMessage, Signup, TextSignup
from campaigns.services.tracking import note_trap
from contacts.models import (
    Consent,
    ConsentEvidence,
    ConsentState,
    Contact,
    ContactPoint,
    DataRequest,
    Import,
    ImportProblem,
    Interaction,
    Note,
    StageChange,
    Suppression,
)
from contacts.services.consent_proof import consent_states_differ
from contacts.services.contacts import restore_contact
from contacts.services.data_requests import EXPIRY_QUEUE, ask_for_copy, erase_contact, note_requests
from contacts.services.interactions import NewInteraction, record_interactions
from contacts.services.notes import add_note
from contacts.services.stages import change_stage
from ecosystem.base.addresses import address_hash, address_hashes
from ecosystem.base.clock import now
from ecosystem.base.errors import Conflict
from ecosystem.base.links import MessageSigner
from ecosystem.models import AuditEntry
from ecosystem.privacy import About, personal_tables
from ecosystem.services.agenda import note_work
from tests.campaigns.test_pressure import news
from tests.factories.campaigns import make_friend, work
from tests.factories.permission import make_member, make_topic, owner_of, say_yes

pytestmark = pytest.mark.django_db

MARK = "zebrafinch"


@pytest.fixture
def topic(shop):
    return make_topic("Bread news", promised_count=31, promised_days=30)


@pytest.fixture
def ana(topic, shop) -> Contact:
    """Somebody of whom much is known, under a name and an address that nobody else has."""
    person = make_friend(topic, 7)
    Contact.objects.filter(id=person.id).update(
        given_name=MARK, display_name=f"{MARK} Lima", sort_name=f"{MARK} lima", primary_email=f"{MARK}@example.com"
    )
    ContactPoint.objects.filter(contact=person).update(
        value=f"{MARK}@example.com", value_norm=f"{MARK}@example.com", verified_at=now()
    )
    ConsentState.objects.filter(contact=person).update(address_hash=address_hash("email", f"{MARK}@example.com"))
    ConsentEvidence.objects.filter(contact=person).update(address=f"{MARK}@example.com")
    person.refresh_from_db()
    hashed = address_hash("email", f"{MARK}@example.com")
    Signup.objects.create(email=f"{MARK}@example.com", given_name=MARK, address_hash=hashed, contact=person)
    number = address_hash("sms", "+12025550107")
    TextSignup.objects.create(given_name=MARK, number="+12025550107", number_hash=number, contact=person)
    IncomingText.objects.create(
        contact=person, number="+12025550107", number_hash=number, body=f"This is {MARK}", provider_id="1",
        meaning="other", received_at=now(),
    )  # fmt: skip
    line = ["Zoe", f"{MARK.upper()}@example.com"]
    imported = Import.objects.create(
        file_name="till.csv", file_hash="x", content=b"", encoding="utf-8", delimiter=",", sample=[["Ben", "b"], line]
    )
    ImportProblem.objects.create(imported=imported, line=2, row=line, code="x", sentence="x")
    add_note(person, body=f"{MARK} likes rye", actor=owner_of(shop), now=now())
    change_stage(person, "client", actor=owner_of(shop), reason=f"{MARK} bought a cake", now=now())
    return person


@pytest.fixture
def letter(ana, topic, mail_server) -> Message:
    message = news(ana, topic, 1, message_class="transactional", lane="transactional")
    Message.objects.filter(id=message.id).update(merge={"contact.first_name": MARK})
    work()
    return Message.objects.get(id=message.id)


def page_of(message: Message, name: str) -> str:
    token = MessageSigner(message.business_id).tokens(message.id).preferences
    return reverse(f"public:preferences_{name}", kwargs={"token": token})


def link_in(mail) -> str:
    """The link of a mail's button."""
    text = mail.body.replace(b"=\r\n", b"").replace(b"=3D", b"=").decode(errors="replace")
    return re.search(r"/(?:d|f)/[\w.-]+", text)[0]


def opened(answer) -> tuple[dict, str]:
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    return json.loads(archive.read("data.json")), archive.read("data.html").decode()


def found_in_database(*words: str) -> list[str]:
    """Tables in which any of the words stands in any row of the business, as text."""
    found = []
    for model in apps.get_models():
        if model._meta.app_label not in ("ecosystem", "contacts", "campaigns"):
            continue
        table = model._meta.db_table
        with connection.cursor() as cursor:
            for word in words:
                asked = f"SELECT count(*) FROM {table} AS one WHERE one::text ILIKE %s"  # noqa: S608 - tables of ours
                cursor.execute(asked, [f"%{word}%"])
                if cursor.fetchone()[0]:
                    found.append(f"{table}: {word}")
    return found


# A copy


def test_sec_67_a_copy_goes_to_the_confirmed_mailbox_alone_and_is_fetched_once(client, letter, ana, mail_server):
    before = len(mail_server.accepted)
    page = client.get(page_of(letter, "copy")).content.decode()
    assert "Send me my data" in page
    assert not DataRequest.objects.exists()
    assert "We put it together now" in client.post(page_of(letter, "copy")).content.decode()
    work(times=4)
    (mail,) = mail_server.accepted[before:]
    assert mail.recipient == f"{MARK}@example.com"
    link = link_in(mail)
    for _ in range(5):
        assert "Fetch my data" in client.get(link).content.decode()
        assert client.head(link).status_code == 200
    facts, html = opened(client.post(link))
    assert facts["tables"]["contacts.Contact"][0]["given_name"] == MARK
    assert f"{MARK} likes rye" in html
    assert "not here any more" in client.post(link).content.decode()
    request = DataRequest.objects.get()
    assert (request.state, request.sealed_copy) == ("fetched", None)
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {"data.copy_asked", "data.copy_fetched"}


def test_sec_67_a_copy_holds_every_row_of_every_table_about_them(client, letter, ana, shop):
    ask_for_copy(ana, actor=owner_of(shop))
    work(times=4)
    client.force_login(owner_of(shop).user)
    facts, _html = opened(
        client.post(
            reverse("contacts:data_request_fetch", kwargs={"slug": shop.slug, "id": DataRequest.objects.get().id})
        )
    )
    assert set(facts["tables"]) == {table.model._meta.label for table in personal_tables()}
    tables = facts["tables"]
    assert len(tables["contacts.Interaction"]) == Interaction.objects.filter(contact=ana).count()
    assert len(tables["contacts.Consent"]) == Consent.objects.filter(contact=ana).count()
    assert len(tables["contacts.StageChange"]) == StageChange.objects.filter(contact=ana).count()
    assert [row["id"] for row in tables["campaigns.Message"]] == [str(letter.id)]


def test_sec_67_nobody_elses_rows_stand_in_a_copy(client, letter, ana, topic, shop):
    other = make_friend(topic, 9)
    add_note(other, body="secret of another", actor=owner_of(shop), now=now())
    ask_for_copy(ana, actor=owner_of(shop))
    work(times=4)
    client.force_login(owner_of(shop).user)
    url = reverse("contacts:data_request_fetch", kwargs={"slug": shop.slug, "id": DataRequest.objects.get().id})
    facts, html = opened(client.post(url))
    text = json.dumps(facts) + html
    assert "secret of another" not in text
    assert "friend9@example.com" not in text
    assert str(other.id) not in text


def test_sec_67_a_copy_of_ten_thousand_events_takes_less_than_a_minute(ana, shop):
    moment = now()
    for start in range(0, 10_000, 2_000):
        record_interactions(
            [
                NewInteraction(
                    contact_id=ana.id,
                    kind="page_view",
                    source="test",
                    external_id=str(number),
                    occurred_at=moment - timedelta(minutes=number),
                )
                for number in range(start, start + 2_000)
            ]
        )
    ask_for_copy(ana, actor=owner_of(shop))
    began = time.monotonic()
    work("import", times=1)
    assert time.monotonic() - began < 60
    assert DataRequest.objects.get().state == "ready"


def test_sec_67_an_address_that_was_never_confirmed_gets_no_copy_and_the_team_is_told(
    client, letter, ana, shop, mail_server
):
    ContactPoint.objects.filter(contact=ana).update(verified_at=None)
    before = len(mail_server.accepted)
    assert "has been told and does it by hand" in client.post(page_of(letter, "copy")).content.decode()
    work(times=4)
    assert len(mail_server.accepted) == before
    assert DataRequest.objects.get().state == "team"
    client.force_login(owner_of(shop).user)
    today = client.get(reverse("ecosystem:today", kwargs={"slug": shop.slug})).content.decode()
    assert "1 person asked about their data" in today
    note_requests(now=now())
    today = client.get(reverse("ecosystem:today", kwargs={"slug": shop.slug})).content.decode()
    assert "asked about their data" not in today


def test_a_copy_that_nobody_fetches_is_thrown_away_after_seven_days(client, letter, ana, mail_server):
    client.post(page_of(letter, "copy"))
    work(times=4)
    link = link_in(mail_server.accepted[-1])
    with time_machine.travel(now() + timedelta(days=6), tick=False):
        assert client.get(link).status_code == 200
    with time_machine.travel(now() + timedelta(days=7, minutes=1), tick=False):
        assert client.get(link).status_code == 410
    DataRequest.objects.update(expires_at=now() - timedelta(seconds=1))
    note_work(EXPIRY_QUEUE)
    work("maintenance")
    assert DataRequest.objects.values_list("state", "sealed_copy").get() == ("expired", None)


def test_sec_67_the_fourth_copy_of_a_day_is_refused(client, letter):
    answers = [client.post(page_of(letter, "copy")) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert "several times today" in answers[3].content.decode()


def test_sec_55_a_machine_in_the_trap_asks_for_nothing(client, letter):
    note_trap(letter, now=now())
    client.post(page_of(letter, "copy"))
    client.post(page_of(letter, "erasure"))
    assert not DataRequest.objects.exists()


def test_sec_67_a_copy_stands_sealed_in_the_database(letter, ana, shop):
    ask_for_copy(ana, actor=owner_of(shop))
    work(times=4)
    assert MARK.encode() not in bytes(DataRequest.objects.get().sealed_copy)


# Erasure


def erase_by_link(client, letter, mail_server) -> None:
    client.post(page_of(letter, "erasure"))
    work(times=4)
    client.post(link_in(mail_server.accepted[-1]))
    work(times=4)


def test_sec_68_two_steps_erase_somebody_and_a_get_erases_nobody(client, letter, ana, mail_server):
    page = client.get(page_of(letter, "erasure")).content.decode()
    assert "What stays, and why" in page
    assert "One step is left" in client.post(page_of(letter, "erasure")).content.decode()
    work(times=4)
    ana.refresh_from_db()
    assert ana.erased_at is None
    link = link_in(mail_server.accepted[-1])
    for _ in range(5):
        client.get(link)
    ana.refresh_from_db()
    assert ana.erased_at is None
    assert "You are forgotten" in client.post(link).content.decode()
    ana.refresh_from_db()
    assert ana.erased_at is not None
    work(times=4)
    assert DataRequest.objects.get().state == "done"
    assert "You are forgotten" in client.post(link).content.decode()


def test_sec_68_nothing_of_the_person_is_left_in_any_table(client, letter, ana, mail_server):
    Message.objects.filter(contact=ana).update(reason=f"554 5.7.1 {MARK} is not welcome")
    assert {one.partition(":")[0] for one in found_in_database(MARK)} == {
        "contacts_contact",
        "contacts_contactpoint",
        "contacts_searchtoken",
        "contacts_note",
        "contacts_stagechange",
        "contacts_consentevidence",
        "contacts_consentstate",
        "contacts_importproblem",
        "contacts_import",
        "campaigns_message",
        "campaigns_signup",
        "campaigns_textsignup",
        "campaigns_incomingtext",
    }
    erase_by_link(client, letter, mail_server)
    assert found_in_database(MARK) == []
    assert Import.objects.get().sample == [["Ben", "b"]]
    assert not Note.objects.filter(contact=ana).exists()
    assert not ConsentEvidence.objects.filter(contact=ana).exists()
    assert not QueuedMessage.objects.exists()


def test_sec_68_the_stop_and_the_bare_proof_stay(client, letter, ana, topic, mail_server):
    rows = Consent.objects.filter(contact=ana).count()
    erase_by_link(client, letter, mail_server)
    stop = Suppression.objects.get(channel="email", topic=None)
    assert stop.reason == "erased"
    assert stop.address_hash in address_hashes("email", f"{MARK}@example.com")
    assert Consent.objects.filter(contact=ana).count() > rows
    assert set(ConsentState.objects.filter(contact=ana).values_list("state", flat=True)) == {"withdrawn"}
    assert consent_states_differ() == []


def test_sec_68_a_list_that_brings_the_address_back_does_not_mail(client, letter, ana, topic, mail_server):
    erase_by_link(client, letter, mail_server)
    again = make_friend(topic, 11)
    ContactPoint.objects.filter(contact=again).update(value=f"{MARK}@example.com", value_norm=f"{MARK}@example.com")
    Contact.objects.filter(id=again.id).update(primary_email=f"{MARK}@example.com")
    again.refresh_from_db()
    before = len(mail_server.accepted)
    news(again, topic, 30)
    work()
    assert len(mail_server.accepted) == before
    assert Message.objects.latest("id").state == "skipped"


def test_sec_68_what_waited_is_called_off_in_the_second_of_the_word(client, letter, ana, topic, mail_server):
    client.post(page_of(letter, "erasure"))
    work(times=4)
    link = link_in(mail_server.accepted[-1])
    later = now() + timedelta(days=1)
    news(ana, topic, 50, due_at=later)
    news(ana, topic, 51, due_at=later, message_class="transactional", lane="transactional")
    client.post(link)
    waiting = Message.objects.filter(due_at=later).order_by("id")
    assert list(waiting.values_list("state", "reason")) == [("cancelled", "left"), ("cancelled", "erased")]
    assert not QueuedMessage.objects.exists()


def test_case_45_an_erasure_while_a_letter_is_on_its_way(client, letter, ana, topic, mail_server, shop):
    """CAMPAIGNS 4m case 45."""
    handed = news(ana, topic, 60)
    Message.objects.filter(id=handed.id).update(state="handed")
    QueuedMessage.objects.filter(id=handed.id).update(claim_token=handed.id, handed_at=now())
    erase_contact(ana, actor=owner_of(shop), now=now())
    work("import", times=4)
    handed.refresh_from_db()
    assert (handed.contact_id, handed.address, handed.merge) == (None, "", {})
    assert QueuedMessage.objects.filter(id=handed.id).exists()


def test_case_14_links_of_old_letters_still_answer_after_an_erasure(client, letter, ana, mail_server):
    """CAMPAIGNS 4m case 14."""
    erase_by_link(client, letter, mail_server)
    tokens = MessageSigner(letter.business_id).tokens(letter.id)
    assert client.get(f"/u/{tokens.unsubscribe}").status_code == 200
    assert client.post(f"/u/{tokens.unsubscribe}", {"List-Unsubscribe": "One-Click"}).content == b"OK"
    assert client.get(f"/prefs/{tokens.preferences}").status_code == 200
    assert client.get(page_of(letter, "copy")).status_code == 410


def test_sec_68_the_team_is_told_of_an_erasure(client, letter, ana, shop, mail_server):
    erase_by_link(client, letter, mail_server)
    client.force_login(owner_of(shop).user)
    today = client.get(reverse("ecosystem:today", kwargs={"slug": shop.slug})).content.decode()
    assert "1 person asked about their data" in today
    listed = client.get(reverse("contacts:data_request_list", kwargs={"slug": shop.slug})).content.decode()
    assert "Somebody who was erased" in listed
    assert AuditEntry.objects.filter(action="contact.erased").count() == 1


def test_sec_68_nothing_brings_an_erased_person_back(letter, ana, shop):
    erase_contact(ana, actor=owner_of(shop), now=now())
    work("import", times=4)
    restore_contact(ana, actor=owner_of(shop), now=now())
    ana.refresh_from_db()
    assert ana.deleted_at is not None


def test_sec_68_only_the_words_about_an_erased_person_leave_the_history(letter, ana, shop):
    for values in ({"reason": "something else"}, {"reason": ""}):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            StageChange.objects.filter(contact=ana).update(**values)
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        StageChange.objects.filter(contact=ana).update(to_stage="suspect")


def test_somebody_of_the_team_is_not_erased_while_they_are(letter, ana, shop):
    Contact.objects.filter(id=ana.id).update(membership=owner_of(shop))
    ana.refresh_from_db()
    with pytest.raises(Conflict, match="in the team"):
        erase_contact(ana, actor=owner_of(shop), now=now())


def test_sec_68_a_second_address_that_they_gave_up_is_forgotten_too(letter, ana, topic, shop):
    say_yes(ana, topic)
    ConsentEvidence.objects.filter(contact=ana).update(address="old-finch@example.com")
    Signup.objects.create(
        email="old-finch@example.com", address_hash=address_hash("email", "old-finch@example.com"), topics=[]
    )
    erase_contact(ana, actor=owner_of(shop), now=now())
    work("import", times=4)
    assert found_in_database("old-finch") == []


# By the team


def test_the_team_reads_what_goes_under_headings_each_thing_once(client, ana, shop):
    client.force_login(owner_of(shop).user)
    page = client.get(reverse("contacts:contact_erase", kwargs={"slug": shop.slug, "id": ana.id})).content.decode()
    goes = page.split("What goes:")[1].split("What stays, and why")[0]
    told = re.findall(r"<b>(.*?)</b>|<li>([^<]+)</li>", goes)
    assert [heading for heading, _title in told if heading] == [str(about.label) for about in About]
    gone = [str(table.title) for table in personal_tables() if table.forget is not None]
    assert sorted(title for _heading, title in told if title) == sorted(map(escape, gone))


def test_sec_68_the_team_erases_with_a_ticked_box_a_right_and_a_fresh_login(client, ana, shop):
    owner, staff = owner_of(shop), make_member(shop)
    url = reverse("contacts:contact_erase", kwargs={"slug": shop.slug, "id": ana.id})
    other = Client()
    other.force_login(staff.user)
    assert other.post(url, {"sure": "yes"}).status_code == 403
    client.force_login(owner.user)
    assert client.post(url).status_code == 422
    ana.refresh_from_db()
    assert ana.erased_at is None
    with time_machine.travel(now() + timedelta(minutes=16), tick=False):
        answer = client.post(url, {"sure": "yes"})
    assert "/reauthenticate/" in answer["Location"]
    assert client.post(url, {"sure": "yes"}).status_code == 302
    ana.refresh_from_db()
    assert ana.erased_at is not None
    entry = AuditEntry.objects.get(action="contact.erased")
    assert entry.actor_user_id == owner.user_id


def test_sec_67_the_team_has_a_copy_made_with_a_right_and_a_fresh_login(client, ana, shop):
    url = reverse("contacts:contact_copy", kwargs={"slug": shop.slug, "id": ana.id})
    other = Client()
    other.force_login(make_member(shop).user)
    assert other.post(url).status_code == 403
    client.force_login(owner_of(shop).user)
    client.get(reverse("contacts:contact_data", kwargs={"slug": shop.slug, "id": ana.id}))
    with time_machine.travel(now() + timedelta(minutes=16), tick=False):
        assert "/reauthenticate/" in client.post(url)["Location"]
    assert not DataRequest.objects.exists()
    client.post(url)
    work(times=4)
    page = client.get(reverse("contacts:contact_data", kwargs={"slug": shop.slug, "id": ana.id})).content.decode()
    assert "Fetch it" in page


def test_sec_67_the_team_cannot_fetch_a_copy_that_went_to_the_person(client, letter, shop):
    client.post(page_of(letter, "copy"))
    work(times=4)
    client.force_login(owner_of(shop).user)
    url = reverse("contacts:data_request_fetch", kwargs={"slug": shop.slug, "id": DataRequest.objects.get().id})
    assert client.post(url).status_code == 404
    assert DataRequest.objects.get().state == "ready"
