"""Narrowing the list of everyone, and putting it in order."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils.html import escape

from contacts.models import Affiliation, BulkEditItem, Contact, Tag
from contacts.queries.people_filter import ORDERS, PeopleFilter, matching
from contacts.services.bulk import edit_matching, work_bulk
from ecosystem.base.clock import now
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Membership
from tests.factories.contacts import make_contact, make_contacts, make_organization, make_talk
from tests.factories.permission import make_topic, say_yes
from tests.statements import statements_of


@pytest.fixture
def people(bakery) -> dict[str, Contact]:
    """Ana, Ben, Cleo and Dan, of whom everything differs."""
    ana = make_contact(bakery, "Ana Ruiz", email="ana@example.com", stage="client", tags=["rye"])
    ben = make_contact(bakery, "Ben Ode", stage="client", roles=["vendor"])
    cleo = make_contact(bakery, "Cleo Park", stage="prospect", tags=["rye"])
    dan = make_contact(bakery, "Dan Ek", email="dan@example.com", stage="suspect")
    for person, days_ago in ((ana, 2), (ben, 40), (cleo, 400)):
        make_talk(bakery, person, days_ago=days_ago)
    return {"Ana Ruiz": ana, "Ben Ode": ben, "Cleo Park": cleo, "Dan Ek": dan}


@pytest.fixture
def rye(bakery, people) -> Tag:
    with business_scope(bakery):
        return Tag.objects.get()


@pytest.fixture
def member(bakery) -> Membership:
    """Nora in her bakery."""
    with business_scope(bakery):
        return Membership.objects.get(role="owner")


def list_url(business) -> str:
    return reverse("contacts:contact_list", kwargs={"slug": business.slug})


def names_on(response) -> list[str]:
    assert response.status_code == 200, response.status_code
    return re.findall(r'<div class="who">.*?<a href="[^"]+">([^<]+)</a>', response.content.decode(), re.DOTALL)


def shown(client, bakery, **query) -> list[str]:
    """The names of a list without the team's own."""
    return [name for name in names_on(client.get(list_url(bakery), query)) if name != "Nora Bell"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"stage": "client"}, ["Ben Ode", "Ana Ruiz"]),
        ({"stage": "client", "kind": "vendor"}, ["Ben Ode"]),
        ({"stage": "client", "kind": "prospect"}, []),
        ({"touched": "week"}, ["Ana Ruiz"]),
        ({"touched": "quarter"}, ["Ana Ruiz", "Ben Ode"]),
        ({"touched": "quarter", "sort": "quiet"}, ["Ben Ode", "Ana Ruiz"]),
        ({"touched": "not_month"}, ["Cleo Park", "Ben Ode"]),
        ({"touched": "not_year"}, ["Cleo Park"]),
        ({"touched": "never"}, ["Dan Ek"]),
        ({"touched": "week", "q": "a"}, ["Ana Ruiz"]),
        ({"source": "staff"}, ["Dan Ek", "Cleo Park", "Ben Ode", "Ana Ruiz"]),
        ({"source": "api"}, []),
        ({"sort": "recent"}, ["Ana Ruiz", "Ben Ode", "Cleo Park", "Dan Ek"]),
        ({"sort": "quiet"}, ["Dan Ek", "Cleo Park", "Ben Ode", "Ana Ruiz"]),
        ({"sort": "name_back"}, ["Dan Ek", "Cleo Park", "Ben Ode", "Ana Ruiz"]),
        ({"sort": "oldest"}, ["Ana Ruiz", "Ben Ode", "Cleo Park", "Dan Ek"]),
    ],
)
def test_filters_and_orders_give_whom_they_say(as_nora, bakery, people, query, names):
    assert shown(as_nora, bakery, **query) == names


def test_somebody_who_looks_after_people_finds_them(as_nora, bakery, people, member):
    with business_scope(bakery):
        Contact.objects.filter(pk=people["Cleo Park"].pk).update(owner=member)
    assert shown(as_nora, bakery, owner=str(member.pk)) == ["Cleo Park"]
    assert shown(as_nora, bakery, owner="nobody", stage="client") == ["Ben Ode", "Ana Ruiz"]


def test_those_of_an_organization_are_found_while_they_belong_there(as_nora, bakery, people):
    mill = make_organization(bakery)
    with business_scope(bakery):
        place = Affiliation.objects.create(contact=people["Ben Ode"], organization=mill)
    response = as_nora.get(list_url(bakery), {"organization": mill.pk})
    assert names_on(response) == ["Ben Ode"]
    assert "Filter on: </span>Harbor Mill" in response.content.decode()
    with business_scope(bakery):
        Affiliation.objects.filter(pk=place.pk).update(ended_on=now().date())
    assert shown(as_nora, bakery, organization=str(mill.pk)) == []


def test_who_said_yes_to_a_topic_by_a_channel_is_found_until_it_runs_out(as_nora, bakery, people):
    with business_scope(bakery):
        topic = make_topic("Bread news")
        say_yes(people["Ana Ruiz"], topic)
        say_yes(people["Dan Ek"], topic)
        people["Dan Ek"].consent_states.update(expires_at=now() - timedelta(days=1))
    page = as_nora.get(list_url(bakery), {"said": f"email:{topic.pk}"})
    assert names_on(page) == ["Ana Ruiz"]
    assert "Bread news by email" in page.content.decode()
    assert shown(as_nora, bakery, said=f"sms:{topic.pk}") == []


def test_each_chip_takes_one_filter_away_and_keeps_the_others(as_nora, bakery, people, rye):
    query = {"stage": "prospect", "tag": str(rye.pk), "touched": "not_year", "sort": "quiet"}
    page = as_nora.get(list_url(bakery), query).content.decode()
    chips = re.findall(r'class="chip on" href="([^"]+)"', page)
    assert [set(query) - set(re.findall(r"[?;&](\w+)=", chip)) for chip in chips] == [{"tag"}, {"stage"}, {"touched"}]
    assert "Take all away" in page
    assert "cursor" not in "".join(chips)


def test_nobody_who_fits_offers_to_take_each_filter_away(as_nora, bakery, people, rye):
    page = as_nora.get(list_url(bakery), {"stage": "suspect", "tag": str(rye.pk)}).content.decode()
    assert "Nobody fits all of that" in page
    assert page.count('class="chip on"') == 4


def test_every_order_reads_forth_and_back_and_misses_nobody(as_nora, bakery):
    for person in make_contacts(bakery, 119)[:60]:
        make_talk(bakery, person, days_ago=3)
    for sort in ORDERS:
        url, forth, pages = f"{list_url(bakery)}?sort={sort}", [], []
        while url:
            page = as_nora.get(url)
            forth += (found := names_on(page))
            pages.append(found)
            after = re.search(r'rel="next" href="([^"]+)"', page.content.decode())
            url = list_url(bakery) + after[1].replace("&amp;", "&") if after else None
        assert (len(forth), len(set(forth))) == (120, 120), sort
        for former in reversed(pages[:-1]):
            before = re.search(r'rel="prev" href="([^"]+)"', page.content.decode())
            page = as_nora.get(list_url(bakery) + before[1].replace("&amp;", "&"))
            assert names_on(page) == former, sort


def test_headers_turn_the_order_and_say_which_it_is(as_nora, bakery, people):
    page = as_nora.get(list_url(bakery), {"sort": "name"}).content.decode()
    assert '<th scope="col" aria-sort="ascending"><a href="?sort=name_back">Name' in page
    page = as_nora.get(list_url(bakery), {"sort": "recent"}).content.decode()
    assert '<th scope="col" aria-sort="descending"><a href="?sort=quiet">What happened last' in page


def test_all_who_match_are_changed_by_the_very_filter(as_nora, bakery, people, member, rye):
    query = {"stage": "client", "touched": "not_month", "do": "tag", "word": "rye", "all": "1"}
    sent = as_nora.post(reverse("contacts:bulk_edit", kwargs={"slug": bakery.slug}), query)
    assert sent.status_code == 302
    with business_scope(bakery):
        edit = edit_matching(
            "tag", str(rye.pk), PeopleFilter(stage="client", touched="not_month"), actor=member, total=1
        )
    while work_bulk(bakery.pk, edit.job_id):
        pass
    with business_scope(bakery):
        assert [item.contact_id for item in BulkEditItem.objects.filter(edit=edit)] == [people["Ben Ode"].pk]


def test_days_of_a_change_to_many_count_from_when_it_was_asked(bakery, people, member, rye):
    with business_scope(bakery):
        edit = edit_matching("tag", str(rye.pk), PeopleFilter(touched="not_month"), actor=member, total=2)
    with time_machine.travel(now() + timedelta(days=60)):
        while work_bulk(bakery.pk, edit.job_id):
            pass
    with business_scope(bakery):
        assert [item.contact_id for item in BulkEditItem.objects.filter(edit=edit)] == [people["Ben Ode"].pk]


def test_a_filter_is_kept_and_read_back_as_it_was():
    wanted = PeopleFilter(kind="vendor", tag_id=uuid7(), channel="sms", topic_id=uuid7(), owner="nobody", sort="quiet")
    assert PeopleFilter.from_json(wanted.as_json()) == wanted
    assert PeopleFilter.from_json({"kind": "", "tag_id": "", "begins": "", "sort": "newest"}) == PeopleFilter()


def test_sec_10_nobody_filters_by_what_they_may_not_see(as_helper, bakery, people, member):
    with business_scope(bakery):
        topic = make_topic("Bread news")
        say_yes(people["Ana Ruiz"], topic)
    for query in ({"said": f"email:{topic.pk}"}, {"owner": str(member.pk)}, {"owner": "nobody"}):
        refused = as_helper.get(list_url(bakery), query)
        assert refused.status_code == 400
        assert "The list has no filter called" in refused.content.decode()
    page = as_helper.get(list_url(bakery)).content.decode()
    assert "Bread news" not in page
    assert 'name="owner"' not in page


@pytest.mark.parametrize("name", ["contact__email", "owner__user__email", "ordering", "include", "fields", "said__in"])
def test_sec_06_the_list_names_a_parameter_that_it_does_not_know(as_nora, bakery, people, name):
    response = as_nora.get(list_url(bakery), {name: "x", "stage": "client"})
    page = response.content.decode()
    assert response.status_code == 400
    assert f"The list has no filter called “{escape(name)}”." in page
    assert 'href="?stage=client">Take that filter away' in page


def test_every_list_costs_seven_statements_at_1_50_and_200_people(as_nora, bakery):
    queries = ["", "?stage=client&touched=not_month&sort=quiet", "?kind=vendor&source=staff&sort=name"]
    costs = {}
    for more in (1, 49, 150):
        make_contacts(bakery, more, stage="client")
        costs |= {(more, query): len(statements_of(as_nora, list_url(bakery) + query)) for query in queries}
    assert {place: cost for place, cost in costs.items() if cost != 7} == {}


def test_a_person_nothing_happened_with_stands_at_the_end_of_time(in_bakery, bakery):
    person = make_contact(bakery, "Eve Lund")
    assert list(matching(PeopleFilter(touched="never"), now=now()).filter(pk=person.pk)) == [person]


def test_sec_10_whoever_sees_no_addresses_is_told_so_when_they_type_one(as_adviser, as_nora, bakery, people):
    refused = as_adviser.get(list_url(bakery), {"q": "ana@example.com"})
    assert refused.status_code == 400
    page = refused.content.decode()
    assert "Your role does not see addresses, so you can find people here by their names only." in page
    assert "too long" not in page
    for client, hint in ((as_adviser, "Name"), (as_nora, "Name or email")):
        page = client.get(list_url(bakery)).content.decode()
        assert re.search(r'<input[^>]* id="q"[^>]* placeholder="([^"]+)"', page)[1] == hint
        assert ("or an email" in page) is (hint != "Name")


@pytest.mark.parametrize(("most", "words"), [(3, "more than 3"), (4, "4 people")])
def test_a_count_ends_where_counting_would_take_long_and_says_so(as_nora, bakery, monkeypatch, most, words):
    monkeypatch.setattr("contacts.queries.people_filter.MOST_COUNTED", most)
    for number in range(4):
        make_contact(bakery, f"Zoe {number}", stage="client")
    page = as_nora.get(list_url(bakery), {"stage": "client", "touched": "never", "count": "1"}).content.decode()
    status = re.search(r'role="status">(.*?)</span>', page, re.S)[1].strip()
    assert status == words
