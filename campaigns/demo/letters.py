"""The opt-in page and the live sequence of the story: five letters for people who keep a sourdough starter."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.utils import timezone

from campaigns.demo.cast import SEED, Person
from campaigns.demo.texts import LETTERS
from campaigns.models import Content, Enrollment, Message, Sequence, Signup, SignupForm, SignupFormTopic, Step
from campaigns.queries.signups import ASKED, CONFIRMED, SHOWN
from campaigns.services.sequence_steps import add_end, add_letter, add_wait
from campaigns.services.sequences import create_sequence, start_sequence
from contacts.models import Channel, Contact, Interaction, Topic
from contacts.services.interactions import NewInteraction, record_interactions
from ecosystem.base.addresses import address_hash
from ecosystem.models import Membership, Tally
from ecosystem.services.tallies import count

STARTER_WORDING = "Yes, send me the five starter letters by email."


def write_topics() -> tuple[Topic, Topic]:
    """What people can say yes to."""
    starter = Topic.objects.create(
        name="Starter letters",
        key="starter-letters",
        promise="Five letters in three weeks, then only what you choose",
        promised_count=5,
        promised_days=21,
        message_class=Topic.MessageClass.RELATIONSHIP,
    )
    season = Topic.objects.create(
        name="Season news",
        key="season-news",
        promise="2 mails a month, mostly what is in the oven",
        promised_count=2,
        promised_days=30,
    )
    return starter, season


def write_signup_form(starter: Topic, season: Topic, now: datetime) -> SignupForm:
    """The opt-in page on the counter."""
    form = SignupForm.objects.create(
        slug="keep-it-alive",
        headline="Keep your starter alive",
        intro="Five short letters from our bakers: what to feed it, how it should smell, and the loaf we bake at home.",
        promise_no_abuse="We never pass your address on, and never sell anything in these letters.",
        promise_how_often="Five letters in three weeks. After that you decide.",
        promise_how_to_leave="One tap at the foot of every letter, and it counts from that second.",
        thank_you="Your first letter is on its way. It likes to hide among the offers; drag it out once.",
        frame_sites="https://www.example.com",
        published_at=now - timedelta(days=330),
    )
    boxes = (
        (starter, "Yes, send me the five starter letters by email."),
        (season, "Also tell me twice a month what is new."),
    )
    for position, (topic, wording) in enumerate(boxes):
        SignupFormTopic.objects.create(form=form, topic=topic, wording=wording, position=position)
    return form


def write_sequence(starter: Topic, owner: Membership, now: datetime) -> Sequence:
    """Write the five letters, put them in line and start it."""
    sequence = create_sequence(name="Starter letters", topic=starter, trigger="said_yes", actor=owner)
    for letter in LETTERS:
        content = Content.objects.create(
            name=letter.name,
            subject=letter.subject,
            preheader=letter.preheader,
            body=letter.text,
            button_label=letter.button_label,
            button_url=letter.button_url,
        )
        if letter.wait_seconds:
            add_wait(sequence, letter.wait_seconds)
        add_letter(sequence, content)
    add_end(sequence)
    running = start_sequence(sequence, actor=owner)
    running.live_since = now - timedelta(days=330)
    running.save(update_fields=["live_since"])
    return running


def write_walks(sequence: Sequence, people: list[Person], contacts: list[Contact], now: datetime) -> int:
    """Let everybody who said yes have walked the letters up to today; answers how many letters were sent."""
    random = Random(SEED + 2)  # noqa: S311
    version = sequence.versions.get(number=sequence.live_version)
    steps = list(version.steps.order_by("position"))
    letters = [step for step in steps if step.kind == Step.Kind.SEND]
    chances = {step.position: letter.click_chance for step, letter in zip(letters, LETTERS, strict=True)}
    tallies: dict[tuple[str, str], int] = {}
    walks: list[Enrollment] = []
    messages: list[Message] = []
    lines: list[NewInteraction] = []

    def note(name: str, step: Step | None = None) -> None:
        key = (name, f"{sequence.id}:{step.step_key}" if step else str(sequence.id))
        tallies[key] = tallies.get(key, 0) + 1

    # Who said yes first comes first, as ids tell the order in which lists show them.
    asked = [
        (person.said_yes_at, person, contact)
        for person, contact in zip(people, contacts, strict=True)
        if person.said_yes_at is not None
    ]
    for said_yes_at, person, contact in sorted(asked, key=lambda one: one[0]):
        walk = Enrollment(sequence=sequence, version_of=version, contact=contact, source="said_yes", due_at=now)
        walk.created_at = said_yes_at + timedelta(minutes=6)
        walks.append(walk)
        note("sequence.entered")
        moment = said_yes_at + timedelta(minutes=7)
        for step in steps:
            if step.kind == Step.Kind.WAIT:
                moment += timedelta(seconds=step.wait_seconds)
            walk.position, walk.due_at = step.position, moment
            if person.said_no_at and moment >= person.said_no_at:
                walk.state, walk.exit_reason, walk.ended_at = Enrollment.State.EXITED, "unsubscribed", person.said_no_at
                note("sequence.left:unsubscribed")
                break
            if moment > now:
                break
            if step.kind == Step.Kind.SEND:
                message = _message(sequence, walk, step, contact, moment)
                messages.append(message)
                note("step.sent", step)
                lines.append(_line(message, "message_sent", moment))
                if random.random() < chances[step.position]:
                    clicked_at = moment + timedelta(minutes=random.randint(4, 2000))
                    if clicked_at < now:
                        message.clicked_at = clicked_at
                        note("step.clicked", step)
                        lines.append(_line(message, "content_clicked", clicked_at))
            if step.kind == Step.Kind.END:
                walk.state, walk.ended_at = Enrollment.State.COMPLETED, moment
                note("sequence.completed")
        if walk.state == Enrollment.State.ACTIVE:
            note("step.here", steps[walk.position])
    Enrollment.objects.bulk_create(walks, batch_size=2000)
    Message.objects.bulk_create(messages, batch_size=2000)
    Tally.objects.bulk_create([Tally(name=name, key=key, amount=amount) for (name, key), amount in tallies.items()])
    lines.sort(key=lambda line: line.occurred_at)
    for start in range(0, len(lines), 4000):
        record_interactions(lines[start : start + 4000])
    return len(messages)


def _message(sequence: Sequence, walk: Enrollment, step: Step, contact: Contact, moment: datetime) -> Message:
    return Message(
        message_class=Message.MessageClass.RELATIONSHIP,
        lane=Message.Lane.SEQUENCE,
        idem_key=f"s:{walk.id}:{step.step_key}:1",
        contact=contact,
        topic_id=sequence.topic_id,
        sequence=sequence,
        enrollment=walk,
        step_key=step.step_key,
        content_version_id=step.content_version_id,
        address=contact.primary_email,
        address_hash=address_hash(Channel.EMAIL, contact.primary_email),
        state=Message.State.ACCEPTED,
        due_at=moment,
        handed_at=moment,
        accepted_at=moment,
        attempt=1,
        created_at=moment,
    )


def _line(message: Message, kind: str, moment: datetime) -> NewInteraction:
    contact_id: Any = message.contact_id
    is_click = kind == "content_clicked"
    return NewInteraction(
        contact_id=contact_id,
        kind=kind,
        source="campaigns.link" if is_click else "campaigns.message",
        occurred_at=moment,
        channel=Channel.EMAIL,
        direction=Interaction.Direction.NONE if is_click else Interaction.Direction.OUT,
        external_id=f"{message.id}:1:{moment:%Y-%m-%d}" if is_click else str(message.id),
        object_id=message.id,
        params={"link_number": 1} if is_click else {},
    )


def write_signups(form: SignupForm, starter: Topic, people: list[Person], contacts: list[Contact]) -> None:
    """Keep what people sent through the page, and a few who have not confirmed yet."""
    Signup.objects.bulk_create(
        [
            Signup(
                form=form,
                given_name=person.given_name,
                email=person.email,
                address_hash=address_hash(Channel.EMAIL, person.email),
                topics=[[str(starter.id), STARTER_WORDING]],
                state=Signup.State.CONFIRMED,
                confirmed_at=person.said_yes_at + timedelta(minutes=6),
                contact=contact,
                created_at=person.said_yes_at,
            )
            for person, contact in zip(people, contacts, strict=True)
            if person.said_yes_at is not None
        ],
        batch_size=2000,
    )
    now = timezone.now()
    confirmed = sum(1 for person in people if person.said_yes_at is not None)
    count(SHOWN, form.id.hex, confirmed * 3)
    count(ASKED, form.id.hex, confirmed + 3)
    count(CONFIRMED, form.id.hex, confirmed)
    Signup.objects.bulk_create(
        [
            Signup(
                form=form,
                given_name=name,
                email=f"waiting{number}@example.com",
                address_hash=address_hash(Channel.EMAIL, f"waiting{number}@example.com"),
                topics=[[str(starter.id), STARTER_WORDING]],
                created_at=now - timedelta(hours=5 * number + 1),
            )
            for number, name in enumerate(("Noor", "Piotr", "Lucía"))
        ]
    )
