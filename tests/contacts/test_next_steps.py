"""What is to be done next for a person: set, done, put off, shown where it is due."""

import re
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from contacts.forms.next_steps import later_day
from contacts.models import Contact, Interaction, NextStep
from contacts.services.next_steps import NONE_YET, close_next_step, set_next_step
from contacts.services.owners import hand_over
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Membership
from tests.factories.clocks import today_of
from tests.factories.contacts import make_contact
from tests.statements import statements_of


def url(name, business, contact=None, step=None):
    kwargs = {"slug": business.slug}
    if contact is not None:
        kwargs["id"] = contact.pk
    if step is not None:
        kwargs["step_id"] = step.pk
    return reverse(f"contacts:{name}", kwargs=kwargs)


def make_step(business, contact, what="Ring about the cake", days=0, who=None):
    with business_scope(business):
        member = Membership.objects.get(user=who) if who else None
        due_on = today_of(business) + timedelta(days=days)
        return set_next_step(contact, what=what, due_on=due_on, assignee=member, version=NONE_YET, now=now())


def form(business, **said):
    return {
        "what": "Ring about the cake",
        "due_on": today_of(business).isoformat(),
        "assignee": "",
        "version": "0",
        **said,
    }


def step_of(business, contact):
    with business_scope(business):
        return NextStep.objects.filter(contact=contact, closed_at=None).first()


def undo_of(response):
    return re.search(r'<form method="post" action="([^"]+)">[^<]*<input[^>]+>\s*<button>Undo', response).group(1)


def test_a_step_is_set_and_stands_first_on_the_page_on_today_and_on_the_card(as_sam, bakery, ana):
    page = as_sam.post(url("next_step_set", bakery, ana), form(bakery), follow=True).content.decode()
    assert "Next: Ring about the cake." in page
    assert page.index("Ring about the cake", page.index('id="next-step"')) < page.index("Everything between us")
    today_page = as_sam.get(reverse("ecosystem:today", kwargs={"slug": bakery.slug})).content.decode()
    assert "To be done today" in today_page
    assert "Ring about the cake" in today_page
    board = as_sam.get(url("ladder", bakery)).content.decode()
    assert "Ring about the cake, Today" in board


def test_what_is_due_later_or_for_somebody_deleted_is_not_on_today(as_nora, bakery, ana):
    make_step(bakery, ana, "Much later", days=3)
    gone = make_contact(bakery, "Tom Everly")
    make_step(bakery, gone, "For nobody")
    with business_scope(bakery):
        Contact.objects.filter(pk=gone.pk).update(deleted_at=now())
    page = as_nora.get(reverse("ecosystem:today", kwargs={"slug": bakery.slug})).content.decode()
    assert "Much later" not in page
    assert "For nobody" not in page
    listed = as_nora.get(url("next_step_list", bakery)).content.decode()
    assert "Much later" in listed
    assert "For nobody" not in listed


def test_done_is_told_in_the_timeline_and_taken_back(as_sam, bakery, ana):
    step = make_step(bakery, ana)
    for _ in range(2):
        page = as_sam.post(url("next_step_close", bakery, ana, step), {"outcome": "done"}, follow=True).content.decode()
    assert "That was closed already." in page
    assert "Sam Reed did what was next" in page
    with business_scope(bakery):
        assert Interaction.objects.filter(contact=ana, kind="next_step_done").count() == 1
        assert Contact.objects.get(pk=ana.pk).last_touch_at is None
    page = as_sam.post(url("next_step_reopen", bakery, ana, step), follow=True).content.decode()
    assert "To be done again: Ring about the cake." in page
    assert "Taken back: it is still to be done" in page
    assert step_of(bakery, ana).outcome == ""


def test_not_needed_any_more_leaves_no_line_and_can_be_taken_back(as_sam, bakery, ana):
    step = make_step(bakery, ana)
    page = as_sam.post(url("next_step_close", bakery, ana, step), {"outcome": "dropped"}, follow=True).content.decode()
    assert "Taken away: Ring about the cake." in page
    assert "did what was next" not in page
    as_sam.post(undo_of(page))
    assert step_of(bakery, ana).what == "Ring about the cake"


def test_later_puts_it_off_and_undo_puts_it_back_even_to_a_day_that_is_over(as_sam, bakery, ana):
    step = make_step(bakery, ana)
    with business_scope(bakery):
        NextStep.objects.filter(pk=step.pk).update(due_on=today_of(bakery) - timedelta(days=3))
    page = as_sam.post(url("next_step_later", bakery, ana, step), {"until": "week"}, follow=True).content.decode()
    assert step_of(bakery, ana).due_on == today_of(bakery) + timedelta(days=7)
    as_sam.post(undo_of(page))
    assert step_of(bakery, ana).due_on == today_of(bakery) - timedelta(days=3)


@pytest.mark.parametrize("until", ["", "yesterday", "2001-01-01", "9999-12-31"])
def test_a_day_that_cannot_be_is_refused_and_nothing_moves(as_sam, bakery, ana, until):
    step = make_step(bakery, ana)
    page = as_sam.post(url("next_step_later", bakery, ana, step), {"until": until}, follow=True).content.decode()
    assert "Choose today or a later day." in page
    assert step_of(bakery, ana).due_on == step.due_on


def test_words_for_later():
    day = date(2026, 5, 4)
    assert later_day("tomorrow", day) == date(2026, 5, 5)
    assert later_day("month", day) == date(2026, 6, 3)
    assert later_day("2026-05-09", day) == date(2026, 5, 9)


def test_what_somebody_else_set_meanwhile_is_told_and_what_was_typed_stays(as_nora, as_sam, bakery, ana):
    as_sam.post(url("next_step_set", bakery, ana), form(bakery, what="Sam rings"))
    refused = as_nora.post(url("next_step_set", bakery, ana), form(bakery, what="Nora visits"))
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "Meanwhile somebody wrote down “Sam rings”. Save again to put yours in its place." in page
    assert 'value="Nora visits"' in page
    version = re.search(r'name="version" value="(\d+)"', page[page.index('id="next-step"') :]).group(1)
    assert (
        as_nora.post(url("next_step_set", bakery, ana), form(bakery, what="Nora visits", version=version)).status_code
        == 302
    )
    assert step_of(bakery, ana).what == "Nora visits"


def test_a_step_that_was_done_meanwhile_is_not_written_over_unseen(as_nora, bakery, ana):
    step = make_step(bakery, ana)
    with business_scope(bakery):
        close_next_step(step, "done", actor=None, now=now())
    refused = as_nora.post(url("next_step_set", bakery, ana), form(bakery, version=str(step.version)))
    assert "Somebody closed the next step meanwhile. Save again to set yours." in refused.content.decode()
    assert step_of(bakery, ana) is None


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"what": " "}, "Write what is to be done."),
        ({"due_on": "2001-01-01"}, "That day is over. Choose today or a later one."),
        ({"due_on": "soon"}, "Write the day, such as 2026-05-04."),
        ({"due_on": "2100-01-01"}, "Choose a day within the next ten years."),
        ({"what": "x" * 201}, "200"),
        ({"assignee": str(uuid4())}, "Choose one of the list."),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(as_sam, bakery, ana, wrong, sentence):
    response = as_sam.post(url("next_step_set", bakery, ana), form(bakery, **wrong))
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert step_of(bakery, ana) is None


def test_a_second_step_cannot_be_brought_back_beside_a_newer_one(as_sam, bakery, ana):
    first = make_step(bakery, ana, "First")
    as_sam.post(url("next_step_close", bakery, ana, first), {"outcome": "done"})
    make_step(bakery, ana, "Second")
    page = as_sam.post(url("next_step_reopen", bakery, ana, first), follow=True).content.decode()
    assert "Meanwhile somebody wrote down “Second”." in page
    assert step_of(bakery, ana).what == "Second"


def test_a_helper_sets_steps_and_an_adviser_only_reads_them(as_helper, as_adviser, bakery, ana):
    assert as_helper.post(url("next_step_set", bakery, ana), form(bakery)).status_code == 302
    step = step_of(bakery, ana)
    page = as_adviser.get(url("contact_detail", bakery, ana)).content.decode()
    assert "Ring about the cake" in page
    assert "Change the next step" not in page
    for name, step_or_none in (("next_step_set", None), ("next_step_close", step), ("next_step_later", step)):
        assert as_adviser.post(url(name, bakery, ana, step_or_none), form(bakery)).status_code == 403
    assert step_of(bakery, ana).version == step.version


def test_a_step_of_another_business_is_not_there(as_gus, as_nora, garage, bakery, ana):
    step = make_step(bakery, ana)
    bolt = make_contact(garage, "Bo Bolt")
    assert as_gus.post(url("next_step_close", garage, bolt, step)).status_code == 404
    assert as_gus.get(url("next_step_list", bakery)).status_code == 404
    assert step_of(bakery, ana).closed_at is None


def test_mine_are_those_that_i_have_taken_on(as_sam, sam, bakery, ana):
    make_step(bakery, ana, "Sam rings", who=sam)
    make_step(bakery, make_contact(bakery, "Tom Everly"), "Anybody rings")
    page = as_sam.get(url("next_step_list", bakery), {"of": "me"}).content.decode()
    assert "Sam rings" in page
    assert "Anybody rings" not in page


def test_the_list_costs_the_same_for_1_step_as_for_60_and_goes_on_by_its_cursor(as_nora, bakery):
    make_step(bakery, make_contact(bakery, "First Person"), "Step 00")
    few = statements_of(as_nora, url("next_step_list", bakery))
    for number in range(1, 60):
        make_step(bakery, make_contact(bakery), f"Step {number:02}", days=number)
    more = statements_of(as_nora, url("next_step_list", bakery))
    assert len(few) == len(more) <= 8
    page = as_nora.get(url("next_step_list", bakery)).content.decode()
    shown = re.findall(r"Step \d\d(?=<small>)", page)
    assert shown == [f"Step {number:02}" for number in range(50)]
    cursor = re.search(r"cursor=([\w-]+)", page).group(1)
    rest = as_nora.get(url("next_step_list", bakery), {"cursor": cursor}).content.decode()
    assert "Step 59" in rest
    assert "Step 49" not in rest


def test_nothing_to_do_says_where_steps_are_set(as_nora, bakery):
    assert "A next step is set on a person" in as_nora.get(url("next_step_list", bakery)).content.decode()


@pytest.mark.parametrize("has_heir", [True, False])
def test_the_steps_of_who_leaves_the_team_go_to_the_heir_or_to_whoever_has_time(in_bakery, sam, nora, ana, has_heir):
    make_step(in_bakery, ana, "Sam rings", who=sam)
    leaver, heir = Membership.objects.get(user=sam), Membership.objects.get(user=nora)
    hand_over(leaver.pk, to=heir.pk if has_heir else None)
    assert step_of(in_bakery, ana).assignee_id == (heir.pk if has_heir else None)
