"""One person's walk through a sequence, paused: their letters wait, and come later by the pause."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.urls import reverse

from campaigns.models import Enrollment, Message, Sequence
from campaigns.services.advancing import advance, next_step_due
from campaigns.services.enrollments import enroll_contact, exit_enrollments
from campaigns.services.proofs import lost_places, untold_letters, wrong_counts
from campaigns.services.sequences import pause_sequence, resume_sequence
from campaigns.services.walk_pauses import pause_walk, resume_walk
from contacts.services.consent import withdraw_consent
from ecosystem.base.access import Role
from ecosystem.base.clock import now
from ecosystem.base.errors import Conflict
from ecosystem.base.ids import uuid7
from ecosystem.models import AuditEntry
from tests.factories.campaigns import DAY, make_friend, make_sequence, pass_time, states_of, work
from tests.factories.ecosystem import sign_in
from tests.factories.permission import make_member, owner_of
from tests.statements import statements_of

HOUR = timedelta(hours=1)


@pytest.fixture
def sequence(shop, seasonal) -> Sequence:
    return make_sequence(seasonal, letters=2, wait=DAY)


@pytest.fixture
def walk(sequence, seasonal) -> Enrollment:
    return enroll_contact(sequence, make_friend(seasonal), source="staff")


def rest(seconds: float) -> None:
    """Let time pass, also for those who rest."""
    pass_time(seconds)
    Enrollment.objects.update(paused_at=F("paused_at") - timedelta(seconds=seconds))


def nothing_is_wrong() -> bool:
    return not wrong_counts() + lost_places() + untold_letters()


def test_who_rests_takes_no_step_and_the_others_walk_on(shop, sequence, walk, seasonal, mail_server):
    other = make_friend(seasonal, 1)
    enroll_contact(sequence, other, source="staff")
    pause_walk(walk)
    assert advance(now()) == 1
    work()
    assert [mail.recipient for mail in mail_server.accepted] == ["friend1@example.com"]
    assert next_step_due() == Enrollment.objects.get(contact=other).due_at
    resume_walk(walk)
    work()
    assert [mail.recipient for mail in mail_server.accepted] == ["friend1@example.com", "friend0@example.com"]
    assert nothing_is_wrong()


def test_a_letter_that_waits_is_held_at_the_gate_and_goes_when_they_walk_on(shop, walk, mail_server):
    advance(now())
    pause_walk(walk)
    work()
    assert mail_server.accepted == []
    assert list(Message.objects.values_list("state", "reason", "attempt")) == [("deferred", "walk_paused", 0)]
    resume_walk(walk)
    work()
    assert states_of(Message) == ["accepted"]
    assert nothing_is_wrong()


def test_what_was_to_come_comes_later_by_the_pause_and_not_at_once(shop, walk, mail_server):
    work()
    pass_time(DAY / 2)
    pause_walk(walk)
    rest(30 * DAY)
    work()
    assert len(mail_server.accepted) == 1
    resume_walk(walk)
    work()
    left = Enrollment.objects.get().due_at - now()
    assert timedelta(hours=11) < left < timedelta(hours=12)
    assert len(mail_server.accepted) == 1
    pass_time(DAY / 2 + 1)
    work()
    assert len(mail_server.accepted) == 2


def test_paused_twice_they_rest_since_the_first_time_and_walk_on_once(shop, walk):
    first = pause_walk(walk)
    assert pause_walk(walk).paused_at == first.paused_at
    due_at = resume_walk(walk).due_at
    assert resume_walk(walk).due_at == due_at
    actions = AuditEntry.objects.filter(action__in=["walk_paused", "walk_resumed"]).order_by("id")
    assert list(actions.values_list("action", flat=True)) == ["walk_paused", "walk_resumed"]


@pytest.mark.parametrize("late", ["now", "shift"])
def test_the_pause_of_one_and_of_all_are_told_apart(shop, sequence, walk, late):
    """They began to rest an hour before all did, and walk on while all still rest."""
    due_at = walk.due_at
    pause_walk(walk)
    pause_sequence(sequence)
    began = now() - 3 * HOUR
    Sequence.objects.update(paused_at=began)
    Enrollment.objects.update(paused_at=began - HOUR)
    assert resume_walk(walk).due_at - due_at == HOUR
    resume_sequence(sequence, late=late)
    shifted = Enrollment.objects.get().due_at - due_at
    assert shifted == HOUR if late == "now" else timedelta(0) <= shifted - 4 * HOUR < HOUR


def test_who_rests_on_when_all_walk_again_waits_no_hour_twice(shop, sequence, walk):
    """All rest for three hours; an hour after they began this one does too, and rests still when the others walk."""
    due_at = walk.due_at
    pause_sequence(sequence)
    pause_walk(walk)
    began = now() - 3 * HOUR
    Sequence.objects.update(paused_at=began)
    Enrollment.objects.update(paused_at=began + HOUR)
    resume_sequence(sequence, late="shift")
    assert Enrollment.objects.get().due_at - due_at == HOUR
    shifted = resume_walk(walk).due_at - due_at
    assert timedelta(0) <= shifted - 3 * HOUR < HOUR / 2


def test_a_letter_that_rests_for_all_and_for_one_goes_when_neither_rests(shop, sequence, walk, mail_server):
    advance(now())
    pause_sequence(sequence)
    pause_walk(walk)
    work()
    assert list(Message.objects.values_list("state", "reason")) == [("deferred", "sequence_paused")]
    resume_sequence(sequence)
    work()
    assert list(Message.objects.values_list("state", "reason")) == [("deferred", "walk_paused")]
    pause_sequence(sequence)
    resume_walk(walk)
    work()
    assert list(Message.objects.values_list("state", "reason")) == [("deferred", "sequence_paused")]
    resume_sequence(sequence)
    work()
    assert states_of(Message) == ["accepted"]


def test_who_says_stop_while_they_rest_leaves_and_cannot_be_let_walk_on(shop, walk, seasonal, mail_server):
    pause_walk(walk)
    withdraw_consent(walk.contact, channel="email", topic=seasonal, source="unsubscribe")
    walk.refresh_from_db()
    assert (walk.state, walk.exit_reason, walk.paused_at) == ("exited", "unsubscribed", None)
    for act in (pause_walk, resume_walk):
        with pytest.raises(Conflict, match="not on the way any more"):
            act(walk)
    work()
    assert mail_server.accepted == []
    assert nothing_is_wrong()


def url_of(shop, name: str, **ids) -> str:
    return reverse(f"campaigns:{name}", kwargs={"slug": shop.slug, **ids})


def test_the_person_and_the_people_of_a_sequence_say_so_and_lead_on_with_undo(client, shop, sequence, walk):
    nora = sign_in(client, owner_of(shop).user)
    person = reverse("contacts:contact_detail", kwargs={"slug": shop.slug, "id": walk.contact_id})
    people = url_of(shop, "sequence_people", id=sequence.id)
    pause, resume = url_of(shop, "walk_pause", id=walk.id), url_of(shop, "walk_resume", id=walk.id)
    card = reverse("contacts:contact_panel", kwargs={"slug": shop.slug, "id": walk.contact_id, "card": "sequences"})
    for page, shown_at in ((person, card), (people, people)):
        shown = nora.get(shown_at).content.decode()
        assert f'action="{pause}"' in shown
        assert resume not in shown
        assert f'name="next" value="{page}"' in shown
        answer = nora.post(pause, {"next": page}, follow=True)
        assert answer.redirect_chain == [(page, 302)]
        paused = answer.content.decode()
        assert "Paused. Friend 0 gets no letter of “Follow me home” until you go on." in paused
        assert f'action="{resume}?next={page}"' in paused
        shown = nora.get(shown_at).content.decode()
        assert "aused since" in shown
        assert f'action="{resume}"' in shown
        assert f'action="{pause}"' not in shown
        again = nora.post(f"{resume}?next={page}", follow=True).content.decode()
        assert "Friend 0 walks on. What is still to come comes later by the pause." in again
        assert f'action="{pause}?next={page}"' in again
        assert "aused since" not in nora.get(shown_at).content.decode()
    exit_enrollments(enrollment_id=walk.id, reason="manual")
    answer = nora.post(pause, {"next": "https://example.com/"}, follow=True)
    assert answer.redirect_chain == [(person, 302)]
    assert "They are not on the way any more." in answer.content.decode()
    audit = nora.get(reverse("ecosystem:audit", kwargs={"slug": shop.slug})).content.decode()
    assert "paused a sequence for" in audit
    assert "walk on along a sequence" in audit


def test_the_page_of_a_sequence_says_how_many_are_paused_and_leads_to_exactly_those(client, shop, sequence, seasonal):
    walks = [enroll_contact(sequence, make_friend(seasonal, number), source="staff") for number in range(4)]
    elsewhere = enroll_contact(make_sequence(seasonal), make_friend(seasonal, 9), source="staff")
    nora, page = sign_in(client, owner_of(shop).user), url_of(shop, "sequence_detail", id=sequence.id)
    people = url_of(shop, "sequence_people", id=sequence.id)
    before = statements_of(nora, page)
    shown = nora.get(page).content.decode()
    assert "paused" not in shown.partition("<main")[2]
    assert "Nobody is paused" in nora.get(people, {"show": "paused"}).content.decode()
    for walk in (*walks[:3], elsewhere):
        pause_walk(walk)
    exit_enrollments(enrollment_id=walks[2].id, reason="manual")
    shown = nora.get(page).content.decode()
    assert "2 people are paused one by one" in shown
    assert f'href="{people}?show=paused"' in shown
    assert len(statements_of(nora, page)) == len(before)
    listed = nora.get(people, {"show": "paused"})
    assert [row.walk.pk for row in listed.context["rows"]] == [walks[1].pk, walks[0].pk]
    assert f'name="next" value="{people}?show=paused"' in listed.content.decode()
    assert [row.walk.pk for row in nora.get(people).context["rows"]] == [walk.pk for walk in reversed(walks)]
    resume_walk(walks[0])
    assert "1 person is paused by themselves" in nora.get(page).content.decode()


def test_more_than_a_thousand_who_are_paused_are_counted_no_further(client, shop, sequence, walk):
    pause_walk(walk)
    values = {field.attname: getattr(Enrollment.objects.get(), field.attname) for field in Enrollment._meta.fields}
    copies = [Enrollment(**{**values, "id": uuid7(), "entry_key": str(number)}) for number in range(1_000)]
    Enrollment.objects.bulk_create(copies[:-1])
    nora, page = sign_in(client, owner_of(shop).user), url_of(shop, "sequence_detail", id=sequence.id)
    assert "1,000 people are paused one by one" in nora.get(page).content.decode()
    copies[-1].save(force_insert=True)
    assert "More than 1,000 people are paused one by one" in nora.get(page).content.decode()
    people = url_of(shop, "sequence_people", id=sequence.id)
    assert len(statements_of(nora, f"{people}?show=paused")) <= 8


@pytest.mark.parametrize(("role", "status"), [(Role.STAFF, 302), (Role.MANAGER, 302), (Role.HELPER, 403)])
def test_staff_and_whoever_stands_above_them_may_pause(client, shop, walk, role, status):
    sam = sign_in(client, make_member(shop, role=role).user)
    assert sam.post(url_of(shop, "walk_pause", id=walk.id)).status_code == status
    assert (Enrollment.objects.get().paused_at is None) == (status == 403)
    assert sam.post(url_of(shop, "walk_resume", id=walk.id)).status_code == status
