"""Filters of the list of everyone that are kept under a name."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from contacts.models import PeopleView, Tag
from contacts.queries.people_filter import PeopleFilter
from contacts.services.people_views import MOST_VIEWS, keep_view
from ecosystem.base.clock import now
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Membership
from tests.factories.contacts import make_contact, make_contacts
from tests.factories.permission import make_topic
from tests.statements import statements_of


def url(business, name="contact_list", **kwargs):
    return reverse(f"contacts:{name}", kwargs={"slug": business.slug, **kwargs})


def keep(client, business, query="kind=client", name="Regulars", **more):
    sent = dict(pair.split("=") for pair in query.split("&"))
    return client.post(url(business, "people_view_keep"), {"name": name, **sent, **more})


def tabs_of(client, business, query=""):
    """The names of the kept views above the list, with the one that is shown marked."""
    page = client.get(url(business) + query).content.decode()
    found = re.search(r'<nav class="views" aria-label="Kept views">(.*?)</nav>', page, re.DOTALL)
    if found is None:
        return []
    links = re.findall(r'<a href="([^"]*)"( aria-current="page")?>.*?</svg>(.*?)</a>', found[1], re.DOTALL)
    return [(re.sub(r"(<[^>]+>)+", "|", words).strip("|"), bool(current)) for _href, current, words in links]


def test_a_filter_is_kept_under_a_name_and_opens_by_its_address(as_nora, bakery):
    make_contact(bakery, "Ana Ruiz", stage="client", tags=["rye"])
    make_contact(bakery, "Ben Ode", stage="client")
    with business_scope(bakery):
        rye = Tag.objects.get()
    kept = keep(as_nora, bakery, f"kind=client&tag={rye.pk}&touched=not_month", "  Regulars   gone quiet ")
    with business_scope(bakery):
        view = PeopleView.objects.get()
    assert (view.name, view.deleted_at) == ("Regulars gone quiet", None)
    assert kept.status_code == 302
    # The order that the list showed is kept with it.
    assert kept.url == f"{url(bakery)}?kind=client&tag={rye.pk}&touched=not_month&sort=quiet"
    assert tabs_of(as_nora, bakery) == [("Regulars gone quiet", False)]
    assert tabs_of(as_nora, bakery, f"?kind=client&tag={rye.pk}&touched=not_month") == [("Regulars gone quiet", True)]
    assert as_nora.get(url(bakery, "people_view_open", id=view.pk)).url == kept.url


def test_a_tab_says_how_many_where_a_count_is_kept(as_nora, bakery):
    make_contact(bakery, "Ana Ruiz", stage="client")
    keep(as_nora, bakery, "kind=client", "Regulars")
    keep(as_nora, bakery, "kind=client&touched=week", "Fresh")
    assert tabs_of(as_nora, bakery) == [("Fresh", False), ("Regulars|1", False)]


def test_the_way_to_keep_a_view_stands_where_there_is_one_to_keep(as_nora, bakery):
    make_contact(bakery, "Ana Ruiz", stage="client")
    shown = {query: as_nora.get(url(bakery) + query).content.decode() for query in ("", "?q=Ana", "?kind=client")}
    assert [query for query, page in shown.items() if 'id="keep"' in page] == ["?kind=client"]
    keep(as_nora, bakery)
    page = as_nora.get(url(bakery) + "?kind=client").content.decode()
    assert 'id="keep"' not in page
    assert "Change this view" in page


@pytest.mark.parametrize(
    ("query", "name", "sentence"),
    [
        ("kind=client", "  ", "Give it a name, such as “Regulars gone quiet”."),
        ("q=ana@example.com", "Ana", "A view keeps filters, not a name that you searched for."),
        ("kind=client&q=Ana", "Ana", "A view keeps filters, not a name that you searched for."),
        ("sort=newest", "All", "Choose a filter or an order first."),
    ],
)
def test_what_cannot_be_kept_is_said_and_nothing_is_kept(as_nora, bakery, query, name, sentence):
    refused = keep(as_nora, bakery, query, name)
    assert refused.status_code == 422
    assert sentence in refused.content.decode()
    with business_scope(bakery):
        assert not PeopleView.objects.exists()


def test_a_broken_filter_is_not_kept(as_nora, bakery):
    assert keep(as_nora, bakery, "kind=nonsense").status_code == 400
    with business_scope(bakery):
        assert not PeopleView.objects.exists()


def test_a_name_stands_once_but_everybody_has_their_own(as_nora, as_sam, bakery):
    keep(as_nora, bakery, "kind=client", "Régulars")
    refused = keep(as_nora, bakery, "kind=prospect", "REGULARS")
    assert refused.status_code == 422
    assert "There is a view of this name already. Choose another name." in refused.content.decode()
    assert 'value="REGULARS"' in refused.content.decode()
    assert keep(as_sam, bakery, "kind=prospect", "Regulars").status_code == 302
    assert tabs_of(as_sam, bakery) == [("Regulars|0", False)]
    keep(as_nora, bakery, "kind=client", "Of all", for_team="on")
    assert keep(as_sam, bakery, "kind=prospect", "Of all", for_team="on").status_code == 422


def test_a_second_click_keeps_nothing_twice(as_nora, bakery):
    key = str(uuid7())
    for _click in range(2):
        assert keep(as_nora, bakery, key=key).status_code == 302
    with business_scope(bakery):
        assert PeopleView.objects.count() == 1


def test_a_view_is_its_keepers_alone_until_it_is_shown_to_the_team(as_nora, as_sam, as_helper, bakery):
    keep(as_sam, bakery)
    with business_scope(bakery):
        view = PeopleView.objects.get()
    edit = url(bakery, "people_view_edit", id=view.pk)
    assert tabs_of(as_nora, bakery) == []
    for name in ("people_view_open", "people_view_edit"):
        assert as_nora.get(url(bakery, name, id=view.pk)).status_code == 404
    assert as_nora.post(url(bakery, "people_view_delete", id=view.pk)).status_code == 404
    as_sam.post(edit, {"name": "Good people", "for_team": "on", "version": view.version})
    assert tabs_of(as_nora, bakery) == [("Good people| (of the team)|0", False)]
    assert tabs_of(as_helper, bakery) == [("Good people| (of the team)|0", False)]


def test_of_the_teams_views_one_changes_what_one_kept_and_an_owner_changes_all(as_nora, as_sam, as_helper, bakery):
    keep(as_nora, bakery, for_team="on")
    with business_scope(bakery):
        view = PeopleView.objects.get()
    for client in (as_sam, as_helper):
        assert client.get(url(bakery, "people_view_edit", id=view.pk)).status_code == 403
        assert client.post(url(bakery, "people_view_delete", id=view.pk)).status_code == 403
    with business_scope(bakery):
        assert PeopleView.objects.get().deleted_at is None
    keep(as_sam, bakery, "kind=prospect", "Sam's", for_team="on")
    with business_scope(bakery):
        of_sam = PeopleView.objects.get(name="Sam's")
    assert as_nora.post(url(bakery, "people_view_delete", id=of_sam.pk)).status_code == 302


def test_a_helper_keeps_views_for_themselves_and_an_adviser_none(as_helper, as_adviser, bakery):
    assert keep(as_helper, bakery).status_code == 302
    assert keep(as_helper, bakery, "kind=prospect", "Of all", for_team="on").status_code == 403
    assert keep(as_adviser, bakery).status_code == 403
    with business_scope(bakery):
        assert PeopleView.objects.get().member_id is not None


def test_sec_10_a_view_tells_nobody_what_they_may_not_filter_by(as_nora, as_helper, bakery):
    with business_scope(bakery):
        topic = make_topic("Bread news")
    keep(as_nora, bakery, f"said=email:{topic.pk}", "May be written to", for_team="on")
    keep(as_nora, bakery, "kind=client", "Clients", for_team="on")
    assert tabs_of(as_helper, bakery) == [("Clients| (of the team)|0", False)]
    assert keep(as_helper, bakery, f"said=email:{topic.pk}", "Mine").status_code == 400


def test_a_view_is_called_otherwise(as_nora, bakery):
    keep(as_nora, bakery)
    with business_scope(bakery):
        view = PeopleView.objects.get()
    edit = url(bakery, "people_view_edit", id=view.pk)
    as_nora.post(edit, {"name": "Good people", "version": view.version})
    assert tabs_of(as_nora, bakery) == [("Good people|0", False)]
    stale = as_nora.post(edit, {"name": "Best people", "version": view.version})
    assert stale.status_code == 422
    assert "Meanwhile somebody called this view “Good people”." in stale.content.decode()
    again = re.search(r'name="version" value="(\d+)"', stale.content.decode())
    as_nora.post(edit, {"name": "Best people", "version": again[1]})
    assert tabs_of(as_nora, bakery) == [("Best people|0", False)]


def test_a_view_that_is_taken_away_comes_back_with_undo(as_nora, bakery):
    keep(as_nora, bakery)
    with business_scope(bakery):
        view = PeopleView.objects.get()
    undo = url(bakery, "people_view_restore", id=view.pk)
    page = as_nora.post(url(bakery, "people_view_delete", id=view.pk), follow=True).content.decode()
    assert "The view “Regulars” is gone." in page
    assert f'action="{undo}"' in page
    assert tabs_of(as_nora, bakery) == []
    assert as_nora.get(url(bakery, "people_view_open", id=view.pk)).status_code == 404
    as_nora.post(undo)
    assert tabs_of(as_nora, bakery) == [("Regulars|0", False)]
    as_nora.post(url(bakery, "people_view_delete", id=view.pk))
    keep(as_nora, bakery, "kind=prospect")
    assert as_nora.post(undo).status_code == 409
    assert tabs_of(as_nora, bakery, "?kind=prospect") == [("Regulars|0", True)]


def test_what_was_taken_away_is_forgotten_after_thirty_days(as_nora, bakery):
    for name in ("Old", "New"):
        keep(as_nora, bakery, name=name)
        with business_scope(bakery):
            view = PeopleView.objects.get(name=name)
        as_nora.post(url(bakery, "people_view_delete", id=view.pk))
        with business_scope(bakery):
            days = {"Old": 31, "New": 29}[name]
            PeopleView.objects.filter(pk=view.pk).update(deleted_at=now() - timedelta(days=days))
    keep(as_nora, bakery, name="Third")
    with business_scope(bakery):
        assert sorted(PeopleView.objects.values_list("name", flat=True)) == ["New", "Third"]


def test_nobody_keeps_more_than_they_can_look_over(as_nora, bakery):
    with business_scope(bakery):
        nora = Membership.objects.get(role="owner")
        for number in range(MOST_VIEWS):
            wanted = PeopleFilter(kind="client")
            keep_view(wanted, name=f"View {number}", for_team=False, actor=nora, now=now())
    refused = keep(as_nora, bakery, name="One more")
    assert refused.status_code == 422
    assert "20 views are as many as one can look over." in refused.content.decode()


def test_a_view_of_a_tag_that_is_gone_says_so(as_nora, bakery):
    make_contact(bakery, "Ana Ruiz", tags=["rye"])
    with business_scope(bakery):
        rye = Tag.objects.get()
    keep(as_nora, bakery, f"tag={rye.pk}", "Rye")
    with business_scope(bakery):
        view = PeopleView.objects.get()
        Tag.objects.all().delete()
    opened = as_nora.get(url(bakery, "people_view_open", id=view.pk), follow=True)
    assert opened.status_code == 400
    assert "Take that filter away" in opened.content.decode()


def test_views_cost_the_list_no_statement(as_nora, bakery):
    make_contacts(bakery, 3, stage="client")
    costs = []
    for more in range(3):
        costs.append(len(statements_of(as_nora, url(bakery))))
        keep(as_nora, bakery, name=f"View {more}")
    assert costs == [7, 7, 7]


def test_whoever_leaves_takes_their_own_views_along(as_nora, as_sam, bakery):
    keep(as_sam, bakery, name="Own")
    keep(as_sam, bakery, name="Of all", for_team="on")
    with business_scope(bakery):
        sam = Membership.objects.get(role="staff")
    as_nora.post(reverse("ecosystem:member_remove", args=[bakery.slug, sam.pk]))
    with business_scope(bakery), time_machine.travel(now(), tick=True):
        assert list(PeopleView.objects.values_list("name", "kept_by_id")) == [("Of all", None)]
