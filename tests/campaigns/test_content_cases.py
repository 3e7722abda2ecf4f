"""What is in a letter and whom it is for, on the way from the sequence to a mail server that takes it down."""

import re
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from benchmarks._database import add_people
from campaigns.models import ContentVersion, Enrollment, Message, ProviderAccount, QueuedMessage, Signup, TrackingEvent
from campaigns.queries.signups import confirm_url
from campaigns.services.accounts import add_account
from campaigns.services.advancing import advance
from campaigns.services.enrollments import enroll_contact, enroll_contacts
from campaigns.services.sequence_steps import add_letter
from campaigns.services.sequences import create_sequence, start_sequence
from contacts.models import ConsentState, Contact, ContactPoint, Suppression
from contacts.services.contacts import details_of, edit_contact
from contacts.services.import_slices import work_import
from contacts.services.imports import map_import, permit_import, start_import, upload_import
from ecosystem.base.clock import now
from ecosystem.base.errors import DomainError
from ecosystem.base.links import LINK, UNSUBSCRIBE, sign_link
from ecosystem.base.sql import rows
from ecosystem.base.tenancy import bind_business, business_scope
from ecosystem.models import RateCounter
from tests.campaigns.test_provider_events import SECRET, event, post
from tests.campaigns.test_provider_events import work as work_events
from tests.factories.campaigns import make_friend, make_letter, make_sequence, pass_time, states_of, work
from tests.factories.permission import join_url, make_form, make_person, make_topic, say_yes, send_form
from tests.house.active_content import active_content

READER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


def send(topic, people, body: str = "", **letter: str) -> None:
    """Walk people into a sequence of one letter, and let the workers send it."""
    sequence = create_sequence(name="One letter", topic=topic)
    add_letter(sequence, make_letter(body=body, **letter))
    enroll_contacts(start_sequence(sequence), [person.id for person in people], source="staff")
    work("maintenance", "sequence")


def mails(server) -> dict[str, object]:
    """What the server took, parsed, by recipient."""
    return {mail.recipient: message_from_bytes(mail.body, policy=policy.default) for mail in server.accepted}


def words(mail, kind: str = "plain") -> str:
    return mail.get_body((kind,)).get_content()


@pytest.fixture
def account(shop) -> ProviderAccount:
    return add_account(provider="mailgun", name="Mailgun", secret=SECRET)


ORDERS = (
    ("accepted", "delivered", "opened", "bounced"),
    ("bounced", "opened", "delivered", "accepted"),
    ("opened", "bounced", "bounced", "accepted", "delivered", "delivered", "opened"),
)


@pytest.mark.parametrize("order", ORDERS)
def test_case_30_a_sent_letter_ends_the_same_in_whatever_order_its_provider_tells(
    shop, seasonal, account, mail_server, order
):
    """CAMPAIGNS 4m case 30: duplicates, delivered before accepted, the bounce before the open and after it."""
    send(seasonal, [make_friend(seasonal)])
    message = Message.objects.get()
    assert (message.state, len(mail_server.accepted)) == ("accepted", 1)
    for kind in order:
        for _twice in range(2):
            post(account, event(kind, message.id, message.address))
        work_events(account)
    message.refresh_from_db()
    assert message.state == "bounced"
    assert list(Suppression.objects.values_list("reason", flat=True)) == ["bounced"]
    assert TrackingEvent.objects.filter(kind="opened").count() == 1
    assert len(mail_server.accepted) == 1


def test_case_31_a_forged_word_about_a_sent_letter_changes_nothing(shop, seasonal, account, mail_server):
    """CAMPAIGNS 4m case 31: another key, a changed body and no signature are turned away, a true one is heard."""
    send(seasonal, [make_friend(seasonal)])
    message = Message.objects.get()
    true = event("bounced", message.id, message.address)
    stamped = re.sub(rb'"timestamp": "\d+"', b'"timestamp": "1795000001"', true)
    for forged in (event("bounced", message.id, message.address, key="another-key"), stamped, b"{}"):
        post(account, forged, 401)
    work_events(account)
    message.refresh_from_db()
    assert (message.state, Suppression.objects.count()) == ("accepted", 0)
    post(account, true)
    work_events(account)
    message.refresh_from_db()
    assert message.state == "bounced"


@pytest.mark.parametrize("has_said_yes_anew", [False, True])
def test_case_32_a_letter_to_an_address_that_changed_meanwhile_does_not_go_there(
    shop, seasonal, mail_server, has_said_yes_anew
):
    """CAMPAIGNS 4m case 32: what was planned for the old address is skipped; the new one has its own yes or none."""
    ana = make_friend(seasonal)
    sequence = make_sequence(seasonal, letters=2)
    enroll_contact(sequence, ana, source="staff")
    advance(now())
    assert states_of(Message) == ["queued"]
    ana.refresh_from_db()
    changed = details_of(ana)
    changed = type(changed)(**{**vars(changed), "email": "new@example.com"})
    edit_contact(ana, changed, version=ana.version, actor=None, now=now())
    ana.refresh_from_db()
    if has_said_yes_anew:
        say_yes(ana, seasonal)
    work("sequence")
    first = Message.objects.earliest("id")
    assert (first.state, first.reason) == ("skipped", "other_address")
    assert mail_server.accepted == []
    pass_time(25 * 3600)
    work("maintenance", "sequence")
    assert [mail.recipient for mail in mail_server.accepted] == ["new@example.com"] * has_said_yes_anew


def test_case_33_a_letter_that_cannot_be_made_for_one_person_goes_to_all_others(shop, seasonal, mail_server):
    """CAMPAIGNS 4m case 33, with a thousand: she alone is skipped, with the reason; 999 get theirs."""
    people = add_people(seasonal, [f"P{number}" for number in range(1_000)])
    Contact.objects.update(family_name="7")
    Contact.objects.filter(id=people[512].id).update(family_name="Weiss")
    body = "Hello {% if contact.first_name %}{{ contact.first_name | truncate: contact.last_name }}{% endif %},"
    send(seasonal, people, body)
    for _round in range(60):
        if not QueuedMessage.objects.exists():
            break
        work("sequence", times=1)
    skipped = Message.objects.get(state="skipped")
    assert (skipped.contact_id, skipped.reason) == (people[512].id, "template_error")
    taken = sorted(mail.recipient for mail in mail_server.accepted)
    assert taken == sorted(one.primary_email for one in people if one != people[512])
    assert states_of(Message).count("accepted") == 999


def test_case_34_a_letter_to_somebody_without_a_name_has_no_hole(shop, seasonal, mail_server):
    """CAMPAIGNS 4m case 34: never “Hello ,”; the writer's default first, else ours."""
    people = [make_person(f"{number}@example.com", name="") for number in range(2)]
    Contact.objects.filter(id=people[1].id).update(given_name=" ")
    for person in people:
        say_yes(person, seasonal)
    body = 'Hello {{ contact.first_name }},\n\nand {{ contact.last_name | default: "neighbour" }}!'
    send(seasonal, people, body, subject="For {{ contact.first_name }}")
    assert len(mails(mail_server)) == 2
    for mail in mails(mail_server).values():
        assert mail["Subject"] == "For there"
        for kind in ("plain", "html"):
            assert "Hello there," in words(mail, kind)
            assert "and neighbour!" in words(mail, kind)


NAMES = {
    "break": "Ana\r\nBcc: eve@example.com\r\n\r\n",
    "markup": '<img src=x onerror="zzxss()">',
    "link": "[here](javascript:zzxss())",
    "tag": "{{ contact.last_name }}{% if 1 %}",
}


def test_case_35_a_name_opens_no_header_no_element_and_no_link(shop, seasonal, mail_server):
    """CAMPAIGNS 4m case 35: line breaks, HTML, a link to javascript: and merge tags in a name are letters of a name."""
    people = {}
    for kind, name in NAMES.items():
        person = make_person(f"{kind}@example.com", name="Ana")
        say_yes(person, seasonal)
        Contact.objects.filter(id=person.id).update(given_name=name)
        people[kind] = person
    send(seasonal, people.values(), "Hello {{ contact.first_name }},", subject="For {{ contact.first_name }}")
    found = mails(mail_server)
    assert set(found) == {person.primary_email for person in people.values()}
    for mail in found.values():
        assert "Bcc" not in mail
        assert mail.get_all("Subject")[0].count("\n") == 0
        html = words(mail, "html")
        seen = active_content(html, policy="default-src 'none'; sandbox", canary="zzxss")
        assert [fault for fault in seen.faults if "zzxss" in fault] == []
    assert "&lt;img src=x onerror=" in words(found["markup@example.com"], "html")
    assert "{{ contact.last_name }}{% if 1 %}" in words(found["tag@example.com"])


@pytest.mark.parametrize("target", ["javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "vbscript:x"])
def test_case_35_a_letter_with_a_link_that_acts_is_never_sent(shop, seasonal, mail_server, target):
    """CAMPAIGNS 4m case 35: a target that is no web address stops the sequence from starting, or is no link."""
    ana = make_friend(seasonal)
    try:
        send(seasonal, [ana], f"Read [this]({target}).")
    except DomainError:
        assert mail_server.accepted == []
        return
    html = words(mails(mail_server)[ana.primary_email], "html")
    assert not re.search(rf'href="\s*{target.partition(":")[0]}', html, re.IGNORECASE)


def test_case_36_two_people_of_one_address_get_one_letter(shop, seasonal, mail_server):
    """CAMPAIGNS 4m case 36: an address belongs to one person, by the form and by the table, and gets one letter."""
    ana = make_friend(seasonal)
    with pytest.raises(DomainError) as refused:
        make_person(f"  {ana.primary_email.upper()} ", name="Ana's sister")
    assert refused.value.code == "email_taken"
    sister = make_person("sister@example.com", name="Ana's sister")
    say_yes(sister, seasonal)
    with pytest.raises(DomainError):
        edit_contact(
            sister,
            type(details_of(sister))(**{**vars(details_of(sister)), "email": ana.primary_email}),
            version=sister.version,
            actor=None,
            now=now(),
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        ContactPoint.objects.filter(contact=sister, kind="email").update(value_norm=ana.primary_email)
    send(seasonal, [ana, sister])
    assert sorted(mail.recipient for mail in mail_server.accepted) == sorted([ana.primary_email, "sister@example.com"])


def test_case_36_two_people_whom_a_list_gave_one_address_get_one_letter(shop, seasonal, mail_server):
    """CAMPAIGNS 4m case 36: a mailbox of two, brought in by a list that says yes for both."""
    rows = "Name,Email\nAna Weiss,both@example.com\nBen Weiss,both@example.com\n"
    imported = upload_import(rows.encode(), file_name="two.csv")
    map_import(imported.id, mapping=imported.mapping)
    yesterday = (timezone.now() - timedelta(days=1)).date()
    permit_import(imported.id, rule="all", topic=seasonal, source="Their slip", said_on=yesterday)
    job_id = start_import(imported.id).job_id
    while work_import(shop.pk, job_id):
        pass
    both = list(Contact.objects.filter(family_name="Weiss"))
    assert len(both) in (1, 2)
    send(seasonal, both)
    assert [mail.recipient for mail in mail_server.accepted] == ["both@example.com"]


def test_case_37_a_second_yes_that_a_scanner_gave_is_none_and_the_persons_own_is(shop, seasonal, mail_server):
    """CAMPAIGNS 4m case 37: from the letter in the sink, every link followed, the button pressed, the trap sprung."""
    send_form(join_url(shop, make_form(seasonal)), seasonal)
    work("transactional")
    letter = words(mails(mail_server)["ana@example.com"], "html")
    scanner = Client()
    for link in set(re.findall(r"/c/[\w-]+", letter)):
        for ask in (scanner.get, scanner.head, scanner.get):
            page = ask(link)
        for inside in re.findall(r'href="(/c/[^"]+)"', page.content.decode()):
            scanner.get(inside)
        scanner.post(link)
    assert Signup.objects.get().state == "requested"
    assert not ConsentState.objects.exists()
    person = Client(headers=READER)
    link = confirm_url(shop.pk, Signup.objects.get().pk)
    path = link[link.index("/c/") :]
    person.get(path)
    person.post(path)
    assert Signup.objects.get().state == "requested"
    # Ten seconds later the note about the trap has run out.
    RateCounter.objects.update(expires_at=now())
    person.post(path)
    assert Signup.objects.get().state == "confirmed"
    assert ConsentState.objects.get(topic=seasonal).state == "granted"


def test_case_40_nobody_walks_past_a_letter_twice_however_often_their_way_is_looked_at(shop, seasonal, mail_server):
    """CAMPAIGNS 4m case 40: a sequence is a line with an end, so a loop cannot be written; no visit is repeated."""
    ana, sequence = make_friend(seasonal), make_sequence(seasonal, letters=2, wait=60)
    for _ in range(3):
        enroll_contacts(sequence, [ana.id], source="staff")
        for _turn in range(4):
            work("maintenance", "sequence")
            pass_time(90)
    assert [one.state for one in Enrollment.objects.all()] == ["completed"]
    sent = Message.objects.values_list("step_key", flat=True)
    assert len(sent) == len(set(sent)) == len(mail_server.accepted) == 2
    walk = Enrollment.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.create(
            message_class="marketing",
            lane="sequence",
            idem_key=f"s:{walk.id}:{sent[0]}:{walk.visit_no}",
            contact=ana,
            topic=seasonal,
            address=ana.primary_email,
            state="queued",
        )


def test_case_41_a_worker_reads_nothing_of_another_business_and_its_links_lead_nowhere_there(
    shop, seasonal, garage, mail_server, client
):
    """CAMPAIGNS 4m case 41: bound to Nora's shop, Gus's letters are not there; her tokens say nothing about him."""
    with business_scope(garage):
        tyres = make_topic("Winter tyres")
        gus_friend = make_friend(tyres, 7)
        sequence = make_sequence(tyres)
        enroll_contacts(sequence, [gus_friend.id], source="staff")
        theirs = ContentVersion.objects.get()
    send(seasonal, [make_friend(seasonal)])
    mine = Message.objects.get(state="accepted")
    with bind_business(shop), business_scope(shop):
        asked = {"id": theirs.id, "business_id": garage.pk}
        for table in ("campaigns_contentversion", "campaigns_message", "campaigns_queuedmessage", "contacts_contact"):
            assert rows(f"SELECT 1 FROM {table} WHERE business_id = %(business_id)s", asked) == []  # noqa: S608
        assert not ContentVersion.objects.filter(id=theirs.id).exists()
        with pytest.raises(IntegrityError), transaction.atomic():
            Message.objects.filter(id=mine.id).update(content_version_id=theirs.id)
    foreign = [sign_link(purpose, garage.pk, mine.id.bytes) for purpose in (LINK, UNSUBSCRIBE)]
    assert client.get(f"/l/{foreign[0]}/1", headers=READER).status_code == 404
    # The link for leaving answers kindly for ever; of a letter that is not theirs it stops nothing.
    assert client.post(f"/u/{foreign[1]}", {"List-Unsubscribe": "One-Click"}).status_code == 200
    for business in (shop, garage):
        with business_scope(business):
            assert not Suppression.objects.exists()
            assert set(ConsentState.objects.values_list("state", flat=True)) == {"granted"}
    assert not TrackingEvent.objects.exists()
