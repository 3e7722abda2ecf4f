"""What stands open in the story: texts, a night without power, an account of their own, a list, two of one person."""

from collections import Counter
from collections.abc import Sequence as Many
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse

from campaigns.demo.texts import DAY, PICKUP_LETTER, PICKUP_TEXT
from campaigns.models import (
    Content,
    Enrollment,
    Message,
    ProviderAccount,
    QueuedMessage,
    SenderDomain,
    Sequence,
    Step,
    TextSender,
)
from campaigns.services.sequence_steps import add_end, add_letter, add_wait
from campaigns.services.sequences import create_sequence, start_sequence
from contacts.models import Act, Basis, Channel, Consent, ConsentEvidence, ConsentState, Contact, Topic
from contacts.services.contacts import ContactDetails, add_contact
from contacts.services.import_slices import work_import
from contacts.services.imports import map_import, permit_import, start_import, upload_import
from ecosystem.base.addresses import address_hash
from ecosystem.base.sealing import seal
from ecosystem.models import Absence, BusinessProfile, Membership, Tally
from ecosystem.queries.businesses import current_business
from ecosystem.services.notices import tell

FAR = timedelta(days=3_650)
TEXTED, HELD = 40, 8
# How the texts of the story stand: state, reason, how many. The rest arrived.
ENDS = (
    (Message.State.DEFERRED, "quiet_hours", 6),
    (Message.State.UNKNOWN, "no_answer", 3),
    (Message.State.SKIPPED, "no_consent", 3),
    (Message.State.SKIPPED, "left", 1),
    (Message.State.FAILED, "no such number", 2),
)
LIST = """Name,Email,Phone,Town
Greta Holm,greta.holm@example.com,212 555 0121,Marlow Bend
Paul Ames,paul.ames@example,212 555 0122,Marlow Bend
Ida Moreau,ida.moreau@example.com,,Harbor
,,,
Otto Finch,otto.finch@example.com,call me,Marlow Bend
Nell Byrne,nell@@example.com,212 555 0125,Harbor
Rosa Vance,rosa.vance@example.com,212 555 0126,Harbor
"""


def write_standing(starter: Sequence, contacts: Many[Contact], team: Many[Membership], now: datetime) -> None:
    """Everything that waits for somebody, so that each page of the product has something to show."""
    owner = team[0]
    write_texts(contacts, owner, now)
    write_night_without_power(starter, now)
    if settings.MAIL_SINK_DIR:
        write_own_account(now)
    write_twins(owner, now)
    write_list(owner)
    write_notices(owner)


def write_texts(contacts: Many[Contact], owner: Membership, now: datetime) -> Sequence:
    """A sequence of a letter and a text, with texts in every state that one can be in."""
    TextSender.objects.create(
        brand="Oat & Ember",
        terms_url="https://www.example.com/terms",
        privacy_url="https://www.example.com/privacy",
        help_line="hello@example.com",
    )
    topic = Topic.objects.create(
        name="Your order",
        key="your-order",
        promise="One letter and one text for each order, nothing else",
        promised_count=2,
        promised_days=7,
        message_class=Topic.MessageClass.RELATIONSHIP,
    )
    sequence = _begin(topic, owner, now)
    people = [one for one in contacts if one.primary_phone and one.primary_email and one.stage == "client"][:TEXTED]
    for channel in (Channel.EMAIL, Channel.SMS):
        _say_yes(people, topic, channel, now - timedelta(days=9))
    _walk(sequence, people, now)
    return sequence


def _begin(topic: Topic, owner: Membership, now: datetime) -> Sequence:
    sequence = create_sequence(name="Your order is ready", topic=topic, trigger="added_by_staff", actor=owner)
    letter = Content.objects.create(
        name=PICKUP_LETTER.name,
        subject=PICKUP_LETTER.subject,
        preheader=PICKUP_LETTER.preheader,
        body=PICKUP_LETTER.text,
    )
    text = Content.objects.create(kind=Content.Kind.TEXT, name="Ready to pick up", text_body=PICKUP_TEXT)
    add_letter(sequence, letter)
    add_wait(sequence, DAY)
    add_letter(sequence, text)
    add_end(sequence)
    running = start_sequence(sequence, actor=owner)
    Sequence.objects.filter(id=running.id).update(live_since=now - timedelta(days=20))
    return running


def _say_yes(people: Many[Contact], topic: Topic, channel: Channel, moment: datetime) -> None:
    wording = f"{topic.name}: {topic.promise}"
    consents, states, evidence = [], [], []
    for person in people:
        address = person.primary_phone if channel == Channel.SMS else person.primary_email
        hashed, basis = address_hash(channel, address), Basis.EXPRESS_WRITTEN
        consent = Consent(
            contact=person,
            address_hash=hashed,
            channel=channel,
            topic=topic,
            act=Act.CONFIRMED,
            basis=basis,
            wording=wording,
            source="paper",
            source_detail="Order slip",
            occurred_at=moment,
        )
        consents.append(consent)
        evidence.append(ConsentEvidence(consent=consent, contact=person, address=address))
        states.append(
            ConsentState(
                contact=person,
                channel=channel,
                topic=topic,
                state=ConsentState.State.GRANTED,
                basis=basis,
                address_hash=hashed,
                since=moment,
                consent=consent,
            )
        )
    Consent.objects.bulk_create(consents)
    ConsentEvidence.objects.bulk_create(evidence)
    ConsentState.objects.bulk_create(states)


def _walk(sequence: Sequence, people: Many[Contact], now: datetime) -> None:
    """Everybody had the letter; of their texts most arrived, the others stand as ENDS says."""
    version = sequence.versions.get(number=sequence.live_version)
    letter, _wait, text, end = version.steps.order_by("position")
    states = [(state, reason) for state, reason, number in ENDS for _ in range(number)]
    states += [(Message.State.DELIVERED, "")] * (len(people) - len(states))
    tallies: Counter[tuple[str, str]] = Counter()
    tallies[("sequence.entered", str(sequence.id))] = tallies[("sequence.completed", str(sequence.id))] = len(people)
    tallies[("step.sent", f"{sequence.id}:{letter.step_key}")] = len(people)
    walks, messages = [], []
    for number, (person, (state, reason)) in enumerate(zip(people, states, strict=True)):
        moment = now - timedelta(days=3, minutes=11 * number)
        walk = Enrollment(
            sequence=sequence,
            version_of=version,
            contact=person,
            source="added_by_staff",
            state=Enrollment.State.COMPLETED,
            position=end.position,
            due_at=moment,
            ended_at=moment + timedelta(days=1),
            created_at=moment,
        )
        walks.append(walk)
        messages.append(_message(walk, letter, Channel.EMAIL, Message.State.DELIVERED, "", moment))
        messages.append(_message(walk, text, Channel.SMS, state, reason, moment + timedelta(days=1)))
        tallies[(_TALLIES.get(state, "") + (reason if state == Message.State.SKIPPED else ""), str(text.step_key))] += 1
    Enrollment.objects.bulk_create(walks)
    Message.objects.bulk_create(messages)
    waiting = [one for one in messages if one.state == Message.State.DEFERRED]
    for one in waiting:
        one.due_at = now + timedelta(days=1)
    Message.objects.bulk_update(waiting, ["due_at"])
    QueuedMessage.objects.bulk_create([QueuedMessage(id=one.id, lane=one.lane, due_at=one.due_at) for one in waiting])
    Tally.objects.bulk_create(
        [
            Tally(
                name=name, key=key if ":" in key or key == str(sequence.id) else f"{sequence.id}:{key}", amount=amount
            )
            for (name, key), amount in tallies.items()
            if name
        ]
    )


_TALLIES = {
    Message.State.DELIVERED: "step.sent",
    Message.State.UNKNOWN: "step.unknown",
    Message.State.FAILED: "step.failed",
    Message.State.SKIPPED: "step.skipped:",
}


def _message(
    walk: Enrollment, step: Step, channel: Channel, state: str, reason: str, moment: datetime, visit: int = 1
) -> Message:
    """One letter or text of a walk, as it stands."""
    person, is_text = walk.contact, channel == Channel.SMS
    address = person.primary_phone if is_text else person.primary_email
    has_left = state in (Message.State.DELIVERED, Message.State.UNKNOWN, Message.State.FAILED)
    return Message(
        message_class=Message.MessageClass.RELATIONSHIP,
        channel=channel,
        lane=Message.Lane.TEXT if is_text else Message.Lane.SEQUENCE,
        idem_key=f"s:{walk.id}:{step.step_key}:{visit}",
        contact=person,
        topic_id=walk.sequence.topic_id,
        sequence=walk.sequence,
        enrollment=walk,
        step_key=step.step_key,
        content_version_id=step.content_version_id,
        address=address,
        address_hash=address_hash(channel, address),
        merge={"contact.first_name": person.given_name},
        state=state,
        reason=reason,
        due_at=moment,
        handed_at=moment if has_left else None,
        accepted_at=moment if state == Message.State.DELIVERED else None,
        attempt=1 if has_left else 0,
        created_at=moment,
    )


def write_night_without_power(sequence: Sequence, now: datetime) -> None:
    """Three hours in which nothing ran: letters that were due then are held until somebody decides."""
    version = sequence.versions.get(number=sequence.live_version)
    steps = list(version.steps.order_by("position"))
    walks = [
        walk
        for walk in Enrollment.objects.filter(sequence=sequence, state=Enrollment.State.ACTIVE).order_by("due_at")
        if steps[walk.position].kind == Step.Kind.WAIT and walk.position + 2 < len(steps)
    ][:HELD]
    moment = now - timedelta(hours=2)
    letters = []
    for walk in Enrollment.objects.filter(id__in=[walk.id for walk in walks]).select_related("contact", "sequence"):
        letter, rests_on = steps[walk.position + 1], steps[walk.position + 2]
        letters.append(_message(walk, letter, Channel.EMAIL, Message.State.PLANNED, "while_away", moment))
        for step, amount in ((steps[walk.position], -1), (rests_on, 1)):
            Tally.objects.create(name="step.here", key=f"{sequence.id}:{step.step_key}", amount=amount)
        due_at = moment + timedelta(seconds=rests_on.wait_seconds or DAY)
        Enrollment.objects.filter(id=walk.id).update(position=rests_on.position, due_at=due_at)
    Message.objects.bulk_create(letters)
    absence = Absence.objects.create(
        kind=Absence.Kind.DOWNTIME,
        of_business_id=sequence.business_id,
        from_at=now - timedelta(hours=4),
        until_at=now - timedelta(hours=1),
        evidence="The story of the demo",
    )
    BusinessProfile.objects.update(absence_held=absence.pk)


def write_own_account(now: datetime) -> None:
    """A mail server of their own: the mailbox of this machine, with a domain that stands as proved."""
    SenderDomain.objects.create(
        domain="example.com",
        token="demo" * 8,
        selector="lampwalk",
        found={"owner": "yes", "spf": "yes", "dkim": "yes", "dmarc": "yes"},
        look_at=now + FAR,
        checked_at=now,
        good_until=now + FAR,
    )
    ProviderAccount.objects.create(
        provider=ProviderAccount.Provider.SMTP,
        name="The mailbox of this machine",
        sealed_address=seal(settings.EMAIL_URL.encode()),
        carries=True,
        carries_since=now,
        per_second=20,
        per_day=5_000,
        trial=ProviderAccount.Trial.PASSED,
        trial_at=now,
    )


def write_twins(owner: Membership, now: datetime) -> None:
    """One person who stands here twice: at the counter with her number, on the page with her address."""
    for given, email in (("Martha", "martha.novak@example.com"), ("Marta", "m.novak@example.com")):
        details = ContactDetails(given_name=given, family_name="Novak", email=email, phone="+12125550188")
        add_contact(details, source="staff", actor=owner, now=now - timedelta(days=30), stage="client")


def write_list(owner: Membership) -> None:
    """A list from the market stall, brought in; some of its rows could not be read."""
    imported = upload_import(LIST.encode(), file_name="Market stall.csv", uploaded_by=owner)
    map_import(imported.id, mapping=imported.mapping)
    permit_import(imported.id, rule="none", tags=["Market stall"])
    job_id = start_import(imported.id, started_by=owner).job_id
    while work_import(owner.business_id, job_id):
        pass


def write_notices(owner: Membership) -> None:
    """What the owner has been told and has not read yet."""
    slug = current_business().slug
    team = reverse("ecosystem:team", args=[slug])
    sequences = reverse("campaigns:sequence_list", args=[slug])
    tell("invitation_accepted", [owner], key="demo-ruth", about="Ruth Adeyemi", url=team)
    tell("sending_stopped", [owner], key="demo-night", about="3 hours without power, 8 letters wait", url=sequences)
