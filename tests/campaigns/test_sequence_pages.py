"""The pages of a sequence behind its numbers: who walks it and what became of a letter."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from campaigns.models import ChannelRule, Message
from campaigns.queries.messages import OUTCOMES
from campaigns.services.enrollments import enroll_contact
from campaigns.services.sequences import archive_sequence
from campaigns.views.sequences import OUTCOME_TITLES
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from tests.factories.campaigns import make_friend, make_sequence, pass_time, work
from tests.factories.permission import owner_of
from tests.statements import statements_of


@pytest.fixture
def nora(client, shop):
    """Nora in her browser."""
    client.force_login(owner_of(shop).user)
    return client


def page_of(business, name, **kwargs):
    return reverse(f"campaigns:{name}", kwargs={"slug": business.slug, **kwargs})


def test_who_is_inside_is_shown_with_the_letter_that_comes_next(nora, shop, seasonal, mail_server):
    sequence = make_sequence(seasonal, letters=2)
    enroll_contact(sequence, make_friend(seasonal), source="staff")
    work()
    people = page_of(shop, "sequence_people", id=sequence.id)
    assert "Next: Letter 2" in nora.get(people).content.decode()
    pass_time(86_401)
    work()
    through = nora.get(people).content.decode()
    assert "Next:" not in through
    assert "Through" in through


def test_the_people_of_a_sequence_cost_the_same_for_1_as_for_9(nora, shop, seasonal, mail_server):
    sequence = make_sequence(seasonal, letters=2)
    people = page_of(shop, "sequence_people", id=sequence.id)
    enroll_contact(sequence, make_friend(seasonal), source="staff")
    few = statements_of(nora, people)
    for number in range(1, 9):
        enroll_contact(sequence, make_friend(seasonal, number), source="staff")
    assert len(statements_of(nora, people)) == len(few)


def test_the_people_behind_a_number_are_shown_with_the_letter_and_the_reason(nora, shop, seasonal, mail_server):
    sequence = make_sequence(seasonal)
    friend = make_friend(seasonal)
    enroll_contact(sequence, friend, source="staff")
    work()
    with business_scope(shop):
        was_due = datetime(2026, 5, 14, 12, 7, tzinfo=UTC)
        Message.objects.update(state="skipped", reason="too_late", accepted_at=None, due_at=was_due)
        step = sequence.versions.get().steps.get(position=0)
    skipped = page_of(shop, "step_messages", id=sequence.id, step_key=step.step_key, outcome="skipped")
    page = nora.get(skipped).content.decode()
    assert step.content.name in page
    assert "Its time was over before it could be sent." in page
    assert "14 May 2026, 8:07 AM" in page, "when it was due, not when one looks"


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_number_of_a_letter_opens_into_a_page_with_a_name_of_its_own(nora, shop, seasonal, mail_server, outcome):
    sequence = make_sequence(seasonal)
    enroll_contact(sequence, make_friend(seasonal), source="staff")
    work()
    with business_scope(shop):
        Message.objects.update(opened_at=now(), clicked_at=now(), delayed_at=now())
        step = sequence.versions.get().steps.get(position=0)
    url = page_of(shop, "step_messages", id=sequence.id, step_key=step.step_key, outcome=outcome)
    answer = nora.get(url)
    assert answer.status_code == 200
    assert f"<h1>{OUTCOME_TITLES[outcome]}</h1>" in answer.content.decode()


@pytest.mark.parametrize(
    ("opens", "closes", "at_weekends", "words"),
    [
        (480, 1200, True, "Quiet 8 PM to 8 AM<"),
        (480, 1200, False, "Quiet 8 PM to 8 AM and at weekends<"),
        (None, None, False, "Quiet at weekends<"),
        (None, None, True, ""),
    ],
)
def test_the_quiet_hours_stand_above_the_line_of_steps(nora, shop, seasonal, opens, closes, at_weekends, words):
    page = page_of(shop, "sequence_detail", id=make_sequence(seasonal).id)
    nora.get(page)
    before = len(statements_of(nora, page))
    assert "Quiet " not in nora.get(page).content.decode()
    with business_scope(shop):
        ChannelRule.objects.create(
            channel="email",
            most_count=3,
            most_days=7,
            opens_minute=opens,
            closes_minute=closes,
            at_weekends=at_weekends,
        )
    shown = nora.get(page).content.decode()
    assert (words in shown, "Quiet " in shown) == (True, bool(words))
    assert len(statements_of(nora, page)) == before


def test_whoever_takes_somebody_off_is_asked_once_and_told_of_the_pause(nora, shop, seasonal, mail_server):
    """There is no way back: whoever walked it does not walk it again."""
    walk = enroll_contact(make_sequence(seasonal, letters=2), make_friend(seasonal), source="staff")
    ends = page_of(shop, "enrollment_exit", id=walk.id)
    card = {"slug": shop.slug, "id": walk.contact_id, "card": "sequences"}
    for url in (page_of(shop, "sequence_people", id=walk.sequence_id), reverse("contacts:contact_panel", kwargs=card)):
        page = nora.get(url).content.decode()
        asked = page.partition(f'id="off-{walk.id}" popover role="dialog"')[2]
        assert f'popovertarget="off-{walk.id}">Take off' in page
        assert "they do not walk it again" in asked
        assert page.count(ends) == asked.count(ends) == 1
    nora.post(ends)
    walk.refresh_from_db()
    assert (walk.state, walk.exit_reason) == ("exited", "manual")


def test_a_sequence_that_was_put_away_says_so_and_offers_no_change(nora, shop, seasonal):
    sequence = make_sequence(seasonal)
    archive_sequence(sequence, actor=None)
    step = sequence.versions.get().steps.get(position=0)
    page = nora.get(page_of(shop, "sequence_detail", id=sequence.id), {"step": step.step_key}).content.decode()
    assert "Put away" in page
    assert "Being written" not in page
    for word in ("Add a step", "Take out", "Let it run", "Name and topic"):
        assert word not in page, word
    assert "Put away" in nora.get(page_of(shop, "sequence_list")).content.decode()
