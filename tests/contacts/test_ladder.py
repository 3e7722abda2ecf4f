"""The ladder: moving people, taking it back, the board, who rose."""

import re
import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.urls import reverse

from contacts.events import StagesChanged
from contacts.models import Contact, Interaction, StageChange, Tag
from contacts.queries.ladder import rose_this_week, rungs_of
from contacts.services.bulk import edit_chosen
from contacts.services.interactions import NewInteraction, record_interactions
from contacts.services.next_steps import NONE_YET, set_next_step
from contacts.services.stages import change_stage, undo_stage_change
from contacts.services.tags import tag_contact
from ecosystem.base.clock import now
from ecosystem.base.errors import Conflict, Invalid, NotFound
from ecosystem.base.events import on
from ecosystem.base.tenancy import business_scope
from ecosystem.days import business_day
from ecosystem.middleware import forget_businesses
from ecosystem.models import BusinessProfile, KindSetting, Membership
from ecosystem.queries.stakeholders import words_by_kind
from ecosystem.queries.tallies import tally
from tests.factories.clocks import today_of
from tests.factories.contacts import make_contact, make_contacts, make_talk
from tests.factories.ecosystem import make_business
from tests.statements import statements_of


def board_url(business):
    return reverse("contacts:ladder", kwargs={"slug": business.slug})


def move_url(business, contact):
    return reverse("contacts:stage_change", kwargs={"slug": business.slug, "id": contact.pk})


def lane_on(response, stage):
    lane = re.search(rf'data-lane="{stage}".*?</section>', response.content.decode(), re.S).group()
    count = re.search(r'class="count">([\d,]+)<', lane).group(1)
    return count, re.findall(r'<li class="pc".*?<a href="[^"]+">([^<]+)</a>', lane, re.S)


def test_a_move_is_written_down_with_who_why_and_when(as_sam, bakery, ana, sam):
    heard = []
    on(StagesChanged)(heard.append)
    response = as_sam.post(move_url(bakery, ana), {"stage": "client", "reason": "Paid the deposit"}, follow=True)
    assert "Moved Ana Ruiz to Clients." in response.content.decode()
    with business_scope(bakery):
        ana.refresh_from_db()
        change = StageChange.objects.filter(contact=ana).order_by("-id")[0]
        line = Interaction.objects.get(contact=ana, object_id=change.pk)
        assert change.actor.user_id == sam.pk
    assert (ana.stage, ana.stage_since) == ("client", change.occurred_at)
    assert (change.from_stage, change.to_stage, change.reason) == ("prospect", "client", "Paid the deposit")
    assert (change.actor_kind, line.kind, line.params["to"]) == ("member", "stage_change", "client")
    moves = [(move.from_stage, move.to_stage, move.is_undo) for event in heard for move in event.moves]
    assert moves == [("prospect", "client", False)]
    page = as_sam.get(reverse("contacts:contact_detail", kwargs={"slug": bakery.slug, "id": ana.pk})).content.decode()
    assert "Sam Reed moved them from Prospect to Client" in page
    assert "Paid the deposit" in page


def test_the_same_rung_again_is_nothing(as_nora, bakery, ana):
    as_nora.post(move_url(bakery, ana), {"stage": "prospect"})
    with business_scope(bakery):
        assert StageChange.objects.filter(contact=ana).count() == 1
        assert Contact.objects.get(pk=ana.pk).version == ana.version


def test_undo_puts_back_the_rung_and_since_when(as_nora, bakery, ana):
    since = ana.stage_since
    response = as_nora.post(move_url(bakery, ana), {"stage": "client", "reason": "Paid"}, follow=True)
    undo = re.search(r'action="([^"]+/undo/)"', response.content.decode()).group(1)
    for _ in range(2):
        response = as_nora.post(undo, follow=True)
        assert response.status_code == 200
    with business_scope(bakery):
        ana.refresh_from_db()
        changes = list(StageChange.objects.filter(contact=ana).order_by("id"))
    assert (ana.stage, ana.stage_since) == ("prospect", since)
    assert [(change.from_stage, change.to_stage) for change in changes] == [
        ("", "prospect"),
        ("prospect", "client"),
        ("client", "prospect"),
    ]
    assert changes[2].undoes_id == changes[1].pk


def test_a_move_that_was_followed_by_another_cannot_be_taken_back(in_bakery, ana):
    first = change_stage(ana, "client", actor=None, reason="asked", now=now())
    change_stage(ana, "advocate", actor=None, reason="asked", now=now())
    with pytest.raises(Conflict) as refused:
        undo_stage_change(first, actor=None, now=now())
    assert refused.value.code == "stage_moved_on"
    assert Contact.objects.get(pk=ana.pk).stage == "advocate"


def test_hunger_counts_from_the_rung_until_the_first_feeding(in_bakery):
    long_ago = now() - timedelta(days=90)
    tom = make_contact(in_bakery, "Tom Everly", stage="suspect", at=long_ago)
    assert tom.fed_at == long_ago
    change_stage(tom, "prospect", actor=None, reason="asked", now=now() - timedelta(days=10))
    tom.refresh_from_db()
    assert (now() - tom.fed_at).days == 10
    make_talk(in_bakery, tom, days_ago=5)
    change_stage(tom, "client", actor=None, reason="asked", now=now())
    tom.refresh_from_db()
    assert (now() - tom.fed_at).days == 5


def test_what_is_no_rung_is_refused(as_nora, in_bakery, ana):
    for wrong, code in (("king", "stage_unknown"), ("vendor", "stage_unknown"), ("online_user", "stage_off")):
        with pytest.raises(Invalid) as refused:
            change_stage(ana, wrong, actor=None, reason="asked", now=now())
        assert refused.value.code == code
    page = as_nora.post(move_url(in_bakery, ana), {"stage": "king"}, follow=True).content.decode()
    assert "Choose a rung of the ladder." in page
    page = as_nora.post(move_url(in_bakery, ana), {"stage": "online_user"}, follow=True).content.decode()
    assert "That step is switched off in your settings." in page
    assert Contact.objects.get(pk=ana.pk).stage == "prospect"


def test_a_week_without_a_rise_is_said_calmly(as_nora, bakery, ana):
    assert "Nobody in the last seven days." in as_nora.get(board_url(bakery)).content.decode()


@pytest.mark.parametrize(
    ("start", "to", "suggested"),
    [
        ("prospect", "client", "Bought something"),
        ("client", "advocate", "Brought us a friend"),
        ("client", "prospect", "It did not come to anything"),
    ],
)
def test_up_to_an_earned_rung_and_down_the_page_asks_why_and_keeps_everything(as_sam, bakery, start, to, suggested):
    ana = make_contact(bakery, "Ana Ruiz", stage=start)
    asked = as_sam.post(move_url(bakery, ana), {"stage": to, "seen": start, "next": board_url(bakery)})
    page = asked.content.decode()
    assert asked.status_code == 422
    assert "Why does Ana Ruiz move?" in page
    assert suggested in page
    assert "Write a word or two" not in page
    with business_scope(bakery):
        assert Contact.objects.get(pk=ana.pk).stage == start
    again = as_sam.post(move_url(bakery, ana), {"stage": to, "seen": start, "reason": "  "})
    assert again.status_code == 422
    assert "Write a word or two" in again.content.decode()
    done = as_sam.post(move_url(bakery, ana), {"stage": to, "seen": start, "reason": "", "said": suggested})
    assert done.status_code == 302
    with business_scope(bakery):
        assert Contact.objects.get(pk=ana.pk).stage == to
        assert StageChange.objects.filter(contact=ana).order_by("-id")[0].reason == suggested


def test_the_board_gets_the_question_alone(as_sam, bakery, ana):
    asked = as_sam.post(move_url(bakery, ana), {"stage": "client"}, headers={"X-Board": "1"})
    assert asked.status_code == 422
    assert "<html" not in asked.content.decode()
    assert 'name="reason"' in asked.content.decode()


def test_up_to_a_rung_that_is_not_earned_needs_no_reason(as_sam, bakery):
    tom = make_contact(bakery, "Tom Everly", stage="suspect")
    assert as_sam.post(move_url(bakery, tom), {"stage": "prospect"}).status_code == 302
    with business_scope(bakery):
        assert Contact.objects.get(pk=tom.pk).stage == "prospect"


def test_who_has_bought_is_a_client_by_the_purchase(as_sam, bakery, ana):
    with business_scope(bakery):
        record_interactions([NewInteraction(contact_id=ana.pk, kind="purchase", source="till", occurred_at=now())])
    assert as_sam.post(move_url(bakery, ana), {"stage": "client"}).status_code == 302
    with business_scope(bakery):
        change = StageChange.objects.filter(contact=ana).order_by("-id")[0]
        assert Interaction.objects.get(pk=change.evidence_id).kind == "purchase"


def test_a_card_that_somebody_else_moved_meanwhile_stays_where_they_put_it(as_nora, as_sam, bakery, ana):
    as_sam.post(move_url(bakery, ana), {"stage": "client", "seen": "prospect", "reason": "Paid"})
    late = {"stage": "advocate", "seen": "prospect", "reason": "Tells others"}
    page = as_nora.post(move_url(bakery, ana), late, follow=True).content.decode()
    assert "Sam Reed moved Ana Ruiz meanwhile: Client. Nothing else was changed. Move them from there." in page
    page = as_nora.post(move_url(bakery, ana), {**late, "stage": "client"}, follow=True).content.decode()
    assert "Ana Ruiz stands there already: Clients." in page
    with business_scope(bakery):
        assert Contact.objects.get(pk=ana.pk).stage == "client"
        assert StageChange.objects.filter(contact=ana).count() == 2


def test_who_may_only_look_has_no_handle_on_the_board(as_helper, as_adviser, bakery, ana):
    for client in (as_helper, as_adviser):
        page = client.get(board_url(bakery)).content.decode()
        assert "Ana Ruiz" in page
        assert "data-grip" not in page
        assert client.post(move_url(bakery, ana), {"stage": "client", "reason": "x"}).status_code == 403


def test_a_deleted_person_cannot_be_moved(in_bakery, ana):
    Contact.objects.filter(pk=ana.pk).update(deleted_at=now())
    with pytest.raises(NotFound):
        change_stage(ana, "client", actor=None, reason="asked", now=now())


def test_five_lanes_stand_where_online_users_are_switched_on_else_four(as_nora, bakery):
    lanes = re.findall(r'data-lane="(\w+)"', as_nora.get(board_url(bakery)).content.decode())
    assert lanes == ["suspect", "prospect", "client", "advocate"]
    with business_scope(bakery):
        KindSetting.objects.filter(kind="online_user").update(is_on=True)
    lanes = re.findall(r'data-lane="(\w+)"', as_nora.get(board_url(bakery)).content.decode())
    assert lanes == ["suspect", "online_user", "prospect", "client", "advocate"]


def test_a_lane_shows_its_newest_twenty_and_the_way_to_the_rest(as_nora, bakery):
    for number in range(45):
        make_contact(bakery, f"Person {number:02}", stage="client")
    response = as_nora.get(board_url(bakery))
    count, shown = lane_on(response, "client")
    assert (count, shown) == ("45", [f"Person {number:02}" for number in range(44, 24, -1)])
    assert "See 25 more" in response.content.decode()
    assert lane_on(response, "suspect") == ("0", [])
    more = re.search(r'hx-get="([^"]+)"', response.content.decode()).group(1)
    fragment = as_nora.get(more, headers={"HX-Request": "true"}).content.decode()
    names = re.findall(r'<li class="pc".*?<a href="[^"]+">([^<]+)</a>', fragment, re.S)
    assert names == [f"Person {number:02}" for number in range(24, 4, -1)]
    assert "See more" in fragment
    assert "<html" not in fragment
    whole = as_nora.get(more)
    assert whole.status_code == 200
    assert "<h1>Clients</h1>" in whole.content.decode()


@pytest.mark.parametrize("stage", ["king", "online_user", "vendor"])
def test_a_lane_that_is_not_there_is_not_found(as_nora, bakery, stage):
    assert as_nora.get(reverse("contacts:ladder_lane", kwargs={"slug": bakery.slug, "stage": stage})).status_code == 404


def test_the_board_costs_the_same_for_3_people_a_lane_as_for_30(as_nora, bakery):
    def fill(how_many):
        for stage in ("suspect", "prospect", "client", "advocate"):
            make_contacts(bakery, how_many, stage=stage)

    fill(3)
    asked = statements_of(as_nora, board_url(bakery))
    fill(27)
    more = statements_of(as_nora, board_url(bakery))
    # profile, kinds, tags and team, counts, risen, cards, who rose, the user's businesses
    assert len(asked) == len(more) == 8, more


def test_who_rose_this_week_stands_below_with_the_reason_and_who_was_taken_back_does_not(as_nora, bakery):
    ana, ben, cleo, dan = (
        make_contact(bakery, name, stage="prospect") for name in ("Ana Ruiz", "Ben Ode", "Cleo Park", "Dan Wu")
    )
    with business_scope(bakery):
        change_stage(ana, "client", actor=None, reason="Paid a deposit", now=now())
        change_stage(ben, "suspect", actor=None, reason="asked", now=now())
        back = change_stage(cleo, "advocate", actor=None, reason="asked", now=now())
        undo_stage_change(back, actor=None, now=now())
        change_stage(dan, "client", actor=None, reason="asked", now=now() - timedelta(days=40))
    response = as_nora.get(board_url(bakery))
    risen = response.content.decode().split("Who rose this week, and why")[1]
    assert re.findall(r'<b><a href="[^"]+">([^<]+)</a></b>: ([^<]+)<small>', risen) == [("Ana Ruiz", "Paid a deposit")]
    assert (
        "1 moved up in 30 days"
        in re.search(r'data-lane="prospect".*?</section>', response.content.decode(), re.S).group()
    )


def test_who_rose_this_week_is_not_hidden_by_many_who_were_moved_down_since(bakery, nora):
    ana = make_contact(bakery, "Ana Ruiz", stage="prospect")
    many = [make_contact(bakery, stage="client") for _ in range(51)]
    with business_scope(bakery, nora):
        change_stage(ana, "client", actor=None, reason="Paid a deposit", now=now() - timedelta(minutes=5))
        edit_chosen("stage", "suspect", [one.pk for one in many], actor=None, now=now())
        assert [(rise.contact, rise.to_stage) for rise in rose_this_week(now=now())] == [(ana, "client")]


def test_the_board_counts_the_days_of_the_business_as_today_does(as_nora, bakery):
    with business_scope(bakery):
        BusinessProfile.objects.update(timezone="Pacific/Auckland")
        first = business_day(now(), "Pacific/Auckland").midnight - timedelta(days=29)
        for name, minutes in (("Ana Ruiz", 1), ("Dan Wu", -1)):
            contact = make_contact(bakery, name, stage="prospect")
            change_stage(contact, "client", actor=None, reason="asked", now=first + timedelta(minutes=minutes))
    forget_businesses()
    board = as_nora.get(board_url(bakery)).content.decode()
    assert re.findall(r"(\d+) moved up in 30 days", board) == ["0", "1", "0"]
    today = as_nora.get(reverse("ecosystem:today", kwargs={"slug": bakery.slug}), {"period": "30"}).content.decode()
    assert "1 moved up" in today


def test_nobody_is_counted_as_rising_from_the_top(as_nora, bakery):
    board = as_nora.get(board_url(bakery)).content.decode()
    assert [stage for stage in ("suspect", "prospect", "client", "advocate") if "moved up" in _lane(board, stage)] == [
        "suspect",
        "prospect",
        "client",
    ]


def _lane(board, stage):
    return re.search(rf'data-lane="{stage}".*?</section>', board, re.S).group()


def test_a_card_says_who_is_starving(as_nora, bakery):
    make_contact(bakery, "Tom Everly", stage="client", at=now() - timedelta(days=130))
    assert "Starving, 130 days" in as_nora.get(board_url(bakery)).content.decode()


def test_the_form_leads_back_to_our_own_pages_only(as_nora, bakery, ana):
    response = as_nora.post(move_url(bakery, ana), {"stage": "client", "said": "Paid", "next": "https://evil.example/"})
    assert response.url == board_url(bakery)
    response = as_nora.post(
        move_url(bakery, ana), {"stage": "prospect", "said": "Paid", "next": board_url(bakery) + "?x=1"}
    )
    assert response.url == board_url(bakery) + "?x=1"


def test_rungs_tell_since_when_also_after_a_step_back(in_bakery):
    days = [now() - timedelta(days=ago) for ago in (90, 60, 30, 10)]
    ana = make_contact(in_bakery, "Ana Ruiz", stage="suspect", at=days[0])
    for stage, day in zip(("prospect", "advocate", "client"), days[1:], strict=True):
        change_stage(ana, stage, actor=None, reason="asked", now=day)
    rungs = {rung.words.kind: rung for rung in rungs_of(ana, words_by_kind())}
    assert [(rung.is_reached, rung.is_here) for rung in rungs.values()] == [
        (True, False),
        (True, False),
        (True, True),
        (False, False),
    ]
    assert [rung.since for rung in rungs.values()] == [days[0], days[1], days[3], None]


def test_another_persons_move_cannot_be_undone_through_mine(as_nora, bakery, garage, ana):
    bolt = make_contact(garage, "Bo Bolt")
    with business_scope(garage):
        theirs = change_stage(bolt, "client", actor=None, reason="asked", now=now())
    for change_id in (theirs.pk, uuid4()):
        kwargs = {"slug": bakery.slug, "id": ana.pk, "change_id": change_id}
        assert as_nora.post(reverse("contacts:stage_undo", kwargs=kwargs)).status_code == 404
    with business_scope(garage):
        assert Contact.objects.get(pk=bolt.pk).stage == "client"


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_move_once():
    bakery = make_business("Oat & Ember")
    ana = make_contact(bakery, "Ana Ruiz", stage="prospect")
    start, outcomes = threading.Barrier(2), []

    def move():
        start.wait()
        with business_scope(bakery):
            outcomes.append(change_stage(ana, "client", actor=None, reason="asked", now=now()) is not None)
        connection.close()

    threads = [threading.Thread(target=move) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False, True]
    with business_scope(bakery):
        assert StageChange.objects.filter(contact=ana).count() == 2
        assert [tally("people_by_stage", stage) for stage in ("prospect", "client")] == [0, 1]


def names_on(board):
    """Who stands on the board, by lane."""
    lanes = re.findall(r'data-lane="(\w+)".*?</section>', board, re.S)
    cards = {
        lane: re.findall(r'<li class="pc".*?<a href="[^"]+">([^<]+)</a>', _lane(board, lane), re.S) for lane in lanes
    }
    return {lane: names for lane, names in cards.items() if names}


@pytest.fixture
def told_apart(bakery):
    """Ana has a next step, Ben is looked after by Nora, Cleo has a tag; all of them are clients but Cleo."""
    ana = make_contact(bakery, "Ana Ruiz", stage="client")
    ben = make_contact(bakery, "Ben Ode", stage="client")
    make_contact(bakery, "Cleo Park", stage="prospect", tags=["rye"])
    with business_scope(bakery):
        nora = Membership.objects.get(role="owner")
        set_next_step(ana, what="Ring her", due_on=today_of(bakery), assignee=nora, version=NONE_YET, now=now())
        Contact.objects.filter(pk=ben.pk).update(owner=nora)
        return {"owner": str(nora.pk), "tag": str(Tag.objects.get().pk), "step": "1"}


@pytest.mark.parametrize(
    ("name", "left"),
    [("step", {"client": ["Ana Ruiz"]}), ("owner", {"client": ["Ben Ode"]}), ("tag", {"prospect": ["Cleo Park"]})],
)
def test_the_board_shows_only_some_and_every_lane_goes_on_with_them(as_nora, bakery, told_apart, name, left):
    asked = {name: told_apart[name]}
    board = as_nora.get(board_url(bakery), asked).content.decode()
    assert names_on(board) == left
    lane = reverse("contacts:ladder_lane", kwargs={"slug": bakery.slug, "stage": "client"})
    page = as_nora.get(lane, asked).content.decode()
    assert [person for person in ("Ana Ruiz", "Ben Ode") if person in page] == left.get("client", [])


def test_a_narrowed_board_counts_who_fits_and_leads_on_to_the_same_people(as_nora, bakery):
    make_contacts(bakery, 3, stage="client")
    for contact in make_contacts(bakery, 22, stage="prospect"):
        with business_scope(bakery):
            tag_contact(contact, ["rye"])
    with business_scope(bakery):
        rye = Tag.objects.get(name="rye").pk
    board = as_nora.get(board_url(bakery), {"tag": rye}).content.decode()
    assert [_count_of(board, lane) for lane in ("client", "prospect")] == ["0", ""]
    assert f"&amp;tag={rye}" in _lane(board, "prospect")
    assert "moved up in 30 days" not in board


def _count_of(board, lane):
    found = re.search(r'<span class="count">([^<]*)</span>', _lane(board, lane))
    return found[1] if found else ""


def test_a_board_that_nobody_fits_says_so_and_leads_back(as_nora, bakery):
    make_contact(bakery, "Ana Ruiz", stage="client")
    board = as_nora.get(board_url(bakery), {"step": "1"}).content.decode()
    assert "Nobody fits all of that" in board
    assert "Nobody stands on your ladder yet" not in board


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"step": "yes"}, "The board shows who has a next step, or everybody."),
        ({"tag": "rye"}, "There is no such tag here any more."),
        ({"owner": str(uuid4())}, "There is nobody like that in your team."),
    ],
)
def test_a_filter_that_means_nothing_to_the_board_is_named(as_nora, bakery, asked, sentence):
    answer = as_nora.get(board_url(bakery), asked)
    assert answer.status_code == 400
    assert sentence in answer.content.decode()


def test_a_helper_does_not_narrow_the_board_by_the_team(as_helper, bakery, told_apart):
    assert as_helper.get(board_url(bakery), {"owner": told_apart["owner"]}).status_code == 400
    assert 'name="owner"' not in as_helper.get(board_url(bakery)).content.decode()
