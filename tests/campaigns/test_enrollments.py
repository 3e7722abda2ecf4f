"""Walking a sequence: who starts, who waits, who leaves, and that every step is taken once."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Enrollment, Message, Sequence
from campaigns.queries.enrollments import people_at_step
from campaigns.queries.sequences import find_published, sequence_numbers, steps_with_numbers
from campaigns.services.advancing import advance
from campaigns.services.enrollments import enroll_contact, enroll_contacts, exit_enrollments
from campaigns.services.sequence_steps import add_letter, add_wait, change_wait, move_step, remove_step
from campaigns.services.sequences import (
    archive_sequence,
    create_sequence,
    pause_sequence,
    publish_sequence,
    resume_sequence,
    start_sequence,
)
from contacts.models import Contact
from contacts.services.consent import withdraw_consent
from contacts.services.contacts import delete_contact
from ecosystem.base.clock import now
from ecosystem.base.errors import Conflict, Invalid
from ecosystem.models import AgendaNote, BusinessProfile
from tests.factories.campaigns import DAY, make_friend, make_letter, make_sequence, pass_time, states_of, work
from tests.factories.permission import make_person
from tests.smtp_server import Trouble


def subjects(mail_server) -> list[str]:
    """The subjects of the mails that were taken, in order."""
    lines = [
        line for mail in mail_server.accepted for line in mail.body.split(b"\r\n") if line.startswith(b"Subject: ")
    ]
    return [line[9:].decode() for line in lines]


def test_a_letter_goes_out_and_the_next_one_waits_its_time(shop, seasonal, mail_server):
    sequence = make_sequence(seasonal, letters=2)
    enroll_contact(sequence, make_friend(seasonal), source="staff")

    work()
    assert [mail.recipient for mail in mail_server.accepted] == ["friend0@example.com"]
    assert states_of(Enrollment) == ["active"]

    pass_time(DAY + 1)
    work()
    assert subjects(mail_server) == ["Letter 1", "Letter 2"]
    assert states_of(Enrollment) == ["completed"]
    assert states_of(Message) == ["accepted", "accepted"]


def test_a_yes_starts_the_sequence_of_its_topic_once(shop, seasonal, mail_server):
    sequence = make_sequence(seasonal)
    ana = make_friend(seasonal)
    work()
    walk = Enrollment.objects.get()
    assert (walk.contact_id, walk.sequence_id, walk.source) == (ana.id, sequence.id, "said_yes")
    assert len(mail_server.accepted) == 1


def test_who_has_not_said_yes_is_skipped_and_counted(shop, seasonal, mail_server):
    sequence = make_sequence(seasonal)
    enroll_contact(sequence, make_person(), source="staff")
    work()
    assert mail_server.accepted == []
    assert list(Message.objects.values_list("state", "reason")) == [("skipped", "no_consent")]
    (step,) = steps_with_numbers(sequence, find_published(sequence))
    assert [(reason.code, reason.people) for reason in step.reasons] == [("no_consent", 1)]
    assert (step.sent, step.skipped) == (0, 1)


def test_who_has_no_address_is_skipped_and_walks_on(shop, seasonal, mail_server):
    sequence = make_sequence(seasonal, letters=2)
    enroll_contact(sequence, make_person(email=""), source="staff")
    work()
    assert list(Message.objects.values_list("state", "reason")) == [("skipped", "no_address")]
    assert states_of(Enrollment) == ["active"]


def test_enrolling_twice_is_one_walk(shop, seasonal):
    sequence = make_sequence(seasonal)
    ana = make_person()
    first = enroll_contact(sequence, ana, source="staff")
    again = enroll_contact(sequence, ana, source="said_yes")
    assert first == again
    assert Enrollment.objects.count() == 1
    assert sequence_numbers(sequence).entered == 1


def test_who_walked_once_does_not_start_again_but_may_under_another_key(shop, seasonal, mail_server):
    sequence = make_sequence(seasonal)
    ana = make_friend(seasonal)
    work()
    assert states_of(Enrollment) == ["completed"]
    enroll_contact(sequence, ana, source="staff")
    assert Enrollment.objects.count() == 1
    enroll_contact(sequence, ana, entry_key="order-7", source="staff")
    assert Enrollment.objects.count() == 2


def test_a_sequence_that_does_not_run_takes_nobody_in(shop, seasonal):
    sequence = make_sequence(seasonal, is_live=False)
    with pytest.raises(Conflict, match="does not run yet"):
        enroll_contact(sequence, make_person(), source="staff")
    assert Enrollment.objects.count() == 0


def test_a_second_click_on_start_changes_nothing(shop, seasonal):
    """REL-01: a second click on Start."""
    sequence = make_sequence(seasonal)
    before = Sequence.objects.values().get()
    start_sequence(sequence)
    assert Sequence.objects.values().get() == before
    assert sequence.versions.count() == 1


def test_a_wait_counts_from_the_hand_over_and_not_from_the_plan(shop, seasonal, mail_server):
    sequence = make_sequence(seasonal, letters=2, wait=DAY)
    BusinessProfile.objects.update(sending_paused_at=None)
    enroll_contact(sequence, make_friend(seasonal), source="staff")
    advance(now())
    BusinessProfile.objects.update(sending_paused_at=now())
    pass_time(DAY - 600)
    BusinessProfile.objects.update(sending_paused_at=None)
    work("sequence")
    assert subjects(mail_server) == ["Letter 1"]

    pass_time(700)
    work("sequence")
    assert subjects(mail_server) == ["Letter 1"]
    assert Enrollment.objects.get().due_at > now() + timedelta(seconds=DAY - 1000)

    pass_time(DAY)
    work("sequence")
    assert subjects(mail_server) == ["Letter 1", "Letter 2"]


def test_nobody_walks_on_while_the_letter_before_has_not_left(shop, seasonal, mail_server):
    mail_server.script("*", Trouble("connect", "421 come back later"))
    sequence = make_sequence(seasonal, letters=2, wait=60)
    enroll_contact(sequence, make_friend(seasonal), source="staff")
    work()
    assert states_of(Message) == ["queued"]
    pass_time(65)
    advance(now())
    assert states_of(Message) == ["queued"]
    assert Enrollment.objects.get().position == 1


def test_a_withdrawn_yes_ends_the_walk_and_calls_the_letter_off(shop, seasonal, mail_server):
    sequence = make_sequence(seasonal, letters=2)
    ana = make_friend(seasonal)
    enroll_contact(sequence, ana, source="staff")
    advance(now())
    assert states_of(Message) == ["queued"]

    withdraw_consent(ana, channel="email", topic=seasonal, source="unsubscribe")
    assert list(Message.objects.values_list("state", "reason")) == [("cancelled", "left")]
    assert list(Enrollment.objects.values_list("state", "exit_reason")) == [("exited", "unsubscribed")]
    work()
    pass_time(DAY + 1)
    work()
    assert mail_server.accepted == []
    numbers = sequence_numbers(sequence)
    assert (numbers.entered, numbers.on_the_way, numbers.left, numbers.skipped) == (1, 0, 1, 1)


def test_a_deleted_person_leaves(shop, seasonal):
    sequence = make_sequence(seasonal, letters=2)
    ana = make_friend(seasonal)
    enroll_contact(sequence, ana, source="staff")
    delete_contact(ana, actor=None, now=now())
    assert list(Enrollment.objects.values_list("state", "exit_reason")) == [("exited", "deleted")]


def test_ending_a_walk_by_hand_leaves_the_others(shop, seasonal):
    sequence = make_sequence(seasonal, letters=2)
    first, second = make_friend(seasonal, 1), make_friend(seasonal, 2)
    walk = enroll_contact(sequence, first, source="staff")
    enroll_contact(sequence, second, source="staff")
    assert exit_enrollments(enrollment_id=walk.id, reason="manual") == 1
    assert exit_enrollments(enrollment_id=walk.id, reason="manual") == 0
    assert sorted(states_of(Enrollment)) == ["active", "exited"]


def test_a_paused_sequence_holds_its_letters_and_resuming_sends_them(shop, seasonal, mail_server):
    sequence = make_sequence(seasonal)
    enroll_contact(sequence, make_friend(seasonal), source="staff")
    advance(now())
    pause_sequence(sequence)
    pause_sequence(sequence)
    work()
    assert list(Message.objects.values_list("state", "reason", "attempt")) == [("deferred", "sequence_paused", 0)]
    assert mail_server.accepted == []
    resume_sequence(sequence)
    work()
    assert states_of(Message) == ["accepted"]


def test_resuming_can_shift_every_wait_by_the_pause(shop, seasonal, mail_server):
    sequence = make_sequence(seasonal, letters=2, wait=DAY)
    enroll_contact(sequence, make_friend(seasonal), source="staff")
    work()
    due_at = Enrollment.objects.get().due_at
    pause_sequence(sequence)
    Sequence.objects.update(paused_at=now() - timedelta(hours=3))
    resume_sequence(sequence, late="shift")
    assert Enrollment.objects.get().due_at - due_at >= timedelta(hours=3)


def test_an_archived_sequence_lets_everybody_go(shop, seasonal, mail_server):
    sequence = make_sequence(seasonal)
    enroll_contact(sequence, make_friend(seasonal), source="staff")
    advance(now())
    archive_sequence(sequence)
    work()
    assert mail_server.accepted == []
    assert list(Message.objects.values_list("state", "reason")) == [("cancelled", "sequence_ended")]


def test_who_walks_finishes_the_old_version(shop, seasonal, mail_server):
    sequence = make_sequence(seasonal, letters=2)
    enroll_contact(sequence, make_friend(seasonal, 1), source="staff")
    work()
    last = find_published(sequence).steps.order_by("position").last()
    remove_step(sequence, last.step_key)
    assert publish_sequence(sequence).number == 2
    enroll_contact(sequence, make_friend(seasonal, 2), source="staff")
    work()
    pass_time(DAY + 1)
    work()
    sent = sorted(
        (mail.recipient, subject) for mail, subject in zip(mail_server.accepted, subjects(mail_server), strict=True)
    )
    assert sent == [
        ("friend1@example.com", "Letter 1"),
        ("friend1@example.com", "Letter 2"),
        ("friend2@example.com", "Letter 1"),
    ]


def test_publishing_without_a_change_keeps_the_version(shop, seasonal):
    sequence = make_sequence(seasonal)
    assert publish_sequence(sequence).number == 1
    assert sequence.versions.count() == 1


def test_a_published_version_is_never_edited(shop, seasonal):
    sequence = make_sequence(seasonal, letters=2)
    published = find_published(sequence)
    before = list(published.steps.order_by("position").values("id", "position", "wait_seconds", "content_version_id"))
    wait = published.steps.get(kind="wait")
    change_wait(sequence, wait.step_key, 7 * DAY)
    add_letter(sequence, make_letter("Another"), position=0)
    after = list(published.steps.order_by("position").values("id", "position", "wait_seconds", "content_version_id"))
    assert before == after


@pytest.mark.parametrize(
    ("letter", "code", "sentence"),
    [
        ({"body": "Hello {{ contact.shoe_size }}"}, "unknown_merge_tag", "contact.shoe_size"),
        ({"body": "Hello {{ contact.first_name"}, "open_merge_tag", "open"),
        ({"subject": " "}, "letter_empty", "no subject"),
    ],
)
def test_a_letter_that_cannot_be_sent_stops_publishing(shop, seasonal, letter, code, sentence):
    sequence = create_sequence(name="Welcome", topic=seasonal)
    add_letter(sequence, make_letter("Broken", **letter))
    with pytest.raises(Invalid, match=sentence) as refused:
        start_sequence(sequence)
    assert refused.value.code == code
    assert "“Broken”" in str(refused.value)
    assert (Sequence.objects.get().state, Sequence.objects.get().live_version) == ("draft", None)


def test_a_sequence_without_a_letter_cannot_start(shop, seasonal):
    sequence = create_sequence(name="Welcome", topic=seasonal)
    add_wait(sequence, DAY)
    with pytest.raises(Invalid, match="no letter yet"):
        start_sequence(sequence)


def test_a_missing_postal_address_stops_publishing(shop, seasonal):
    BusinessProfile.objects.update(postal_address="")
    sequence = make_sequence(seasonal, is_live=False)
    with pytest.raises(Invalid, match="postal address"):
        start_sequence(sequence)


def test_a_stale_edit_is_refused(shop, seasonal):
    sequence = make_sequence(seasonal, is_live=False)
    seen = Sequence.objects.get().version
    add_wait(sequence, DAY, seen_version=seen)
    with pytest.raises(Conflict, match="Somebody changed"):
        add_wait(sequence, DAY, seen_version=seen)
    assert sequence.versions.get().steps.filter(kind="wait").count() == 1


def test_steps_move_and_close_up(shop, seasonal):
    sequence = make_sequence(seasonal, letters=3, is_live=False)
    steps = sequence.versions.get().steps
    third = steps.get(position=4)
    move_step(sequence, third.step_key, 0)
    remove_step(sequence, steps.get(position=2).step_key)
    assert list(steps.order_by("position").values_list("position", "kind")) == [
        (0, "send"),
        (1, "send"),
        (2, "send"),
        (3, "wait"),
    ]
    assert steps.get(position=0).step_key == third.step_key


def test_the_numbers_of_a_step_open_into_its_people(shop, seasonal, mail_server):
    sequence = make_sequence(seasonal, letters=2)
    for number in range(3):
        enroll_contact(sequence, make_friend(seasonal, number), source="staff")
    work()
    letter, wait, _second = steps_with_numbers(sequence)
    assert (letter.sent, letter.here, wait.here) == (3, 0, 3)
    assert people_at_step(sequence, wait.step.step_key).count() == 3


def test_a_thousand_people_take_a_step_in_the_same_number_of_statements(shop, seasonal):
    sequence = make_sequence(seasonal, letters=2)
    people = [
        Contact(given_name=f"P{n}", display_name=f"P{n}", sort_name=f"p{n}", primary_email=f"p{n}@example.com")
        for n in range(1000)
    ]
    Contact.objects.bulk_create(people)
    # The statement is prepared on this connection then, if no test before did so.
    assert advance(now(), batch=1000) == 0
    with CaptureQueriesContext(connection) as enrolling:
        assert enroll_contacts(sequence, [person.id for person in people], source="staff") == 1000
    assert AgendaNote.objects.filter(queue="steps").count() == 2
    with CaptureQueriesContext(connection) as for_many:
        assert advance(now(), batch=1000) == 1000
    assert Message.objects.count() == 1000
    with CaptureQueriesContext(connection) as for_none:
        assert advance(now(), batch=1000) == 0
    assert len(enrolling) <= 6
    assert (len(for_many), len(for_none)) == (2, 1)


def test_rel_01_case_5_two_advances_of_the_same_moment_write_one_message_each(shop, seasonal):
    """CAMPAIGNS 4m case 5 and REL-01: two that plan at the same moment."""
    sequence = make_sequence(seasonal)
    enroll_contact(sequence, make_friend(seasonal), source="staff")
    moment = now()
    walk = Enrollment.objects.get()
    advance(moment)
    Enrollment.objects.filter(id=walk.id).update(state="active", position=0, ended_at=None, due_at=moment)
    advance(moment)
    assert Message.objects.count() == 1
