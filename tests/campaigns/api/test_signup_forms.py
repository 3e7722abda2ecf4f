"""Opt-in pages over the API."""

from uuid import uuid4

import pytest

from campaigns.models import SignupForm
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry, BusinessProfile
from tests.factories.permission import make_form, make_topic, send_form

PROMISES = {
    "intro": "Five short letters.",
    "promise_how_often": "Five in two weeks",
    "promise_no_abuse": "We never share your address",
    "promise_how_to_leave": "Leave with one tap",
}


@pytest.fixture
def starter(bakery):
    with business_scope(bakery):
        return make_topic("Starter")


@pytest.fixture
def page(bakery, starter) -> SignupForm:
    """A page that is live."""
    with business_scope(bakery):
        return make_form(starter)


def test_a_page_is_drafted_published_used_and_switched_off(till, bakery, starter, client):
    sites = ["www.example.com", "https://shop.example.com/offers"]
    body = {"headline": "Keep it alive", "boxes": [{"topic_id": str(starter.pk)}], "frame_sites": sites}
    made = till.post("signup-forms", body)
    assert made.status_code == 201
    draft = made.json()
    assert made["Location"] == f"/api/v1/signup-forms/{draft['id']}"
    assert (draft["is_live"], draft["shown"], draft["version"]) == (False, 0, 1)
    assert draft["boxes"] == [{"topic_id": str(starter.pk), "wording": "Starter, by email"}]
    assert draft["frame_sites"] == ["https://www.example.com", "https://shop.example.com"]
    assert {one["field"] for one in draft["missing"]} == set(PROMISES)
    where = f"/p/{bakery.slug}/join/keep-it-alive/"
    assert draft["address"].endswith(where)
    refused = till.post(f"signup-forms/{draft['id']}/publish", None)
    assert (refused.status_code, refused.json()["code"]) == (400, "signup_form_unfinished")
    assert client.get(where).status_code == 404

    worded = till.patch(f"signup-forms/{draft['id']}", PROMISES)
    assert (worded.status_code, worded.json()["missing"], worded["ETag"]) == (200, [], '"2"')
    assert worded.json()["boxes"] == draft["boxes"]
    live = till.post(f"signup-forms/{draft['id']}/publish", None).json()
    assert live["is_live"]
    assert send_form(where, starter).status_code in (200, 302)
    assert till.get(f"signup-forms/{draft['id']}").json()["asked"] == 1

    off = till.post(f"signup-forms/{draft['id']}/close", None).json()
    assert (off["is_live"], off["published_at"]) == (False, None)
    assert client.get(where).status_code == 404
    with business_scope(bakery):
        acts = (
            AuditEntry.objects.filter(action__startswith="signup_form").order_by("id").values_list("action", flat=True)
        )
        assert [act.rpartition("_")[2] for act in acts] == ["added", "edited", "published", "closed"]


def test_pages_are_listed_by_whether_people_may_use_them(till, bakery, page, starter):
    draft = till.post("signup-forms", {"headline": "Later"}).json()
    ids = {query: [one["id"] for one in till.get(f"signup-forms{query}").json()["items"]] for query in (
        "", "?state=live", "?state=off", "?limit=1",
    )}  # fmt: skip
    assert ids == {
        "": [draft["id"], str(page.pk)],
        "?state=live": [str(page.pk)],
        "?state=off": [draft["id"]],
        "?limit=1": [draft["id"]],
    }
    assert [row["id"] for rows in till.pages("signup-forms?limit=1") for row in rows] == ids[""]
    assert till.get("signup-forms?state=odd").status_code == 400


def test_boxes_that_are_sent_are_all_that_it_has_then(till, bakery, page, starter):
    with business_scope(bakery):
        season = make_topic("A season")
    path = f"signup-forms/{page.pk}"
    both = [{"topic_id": str(starter.pk), "wording": "Mine"}, {"topic_id": str(season.pk)}]
    assert till.patch(path, {"boxes": both}).json()["boxes"] == [
        {"topic_id": str(season.pk), "wording": "A season, by email"},
        {"topic_id": str(starter.pk), "wording": "Mine"},
    ]
    twice = till.patch(path, {"boxes": [both[0], both[0]]})
    assert (twice.status_code, list(twice.json()["errors"])) == (400, ["boxes"])
    kept = till.get(path).json()
    assert [box["topic_id"] for box in kept["boxes"]] == [str(season.pk), str(starter.pk)]


def test_a_live_page_keeps_its_promises(till, page):
    before = till.get(f"signup-forms/{page.pk}").json()
    for change in ({"promise_no_abuse": ""}, {"boxes": []}):
        refused = till.patch(f"signup-forms/{page.pk}", change)
        assert (refused.status_code, refused.json()["code"]) == (400, "signup_form_unfinished")
    assert till.get(f"signup-forms/{page.pk}").json() == before


def test_a_change_from_an_old_copy_is_refused_and_told_how_it_stands(till, page):
    path = f"signup-forms/{page.pk}"
    etag = till.get(path)["ETag"]
    assert till.patch(path, {"thank_you": "First"}, if_match=etag).status_code == 200
    stale = till.patch(path, {"thank_you": "Second"}, if_match=etag)
    assert (stale.status_code, stale.json()["current"]["thank_you"]) == (412, "First")
    old = till.patch(path, {"thank_you": "Second", "version": 1})
    assert (old.status_code, old.json()["version"]) == (409, 2)
    assert till.get(path).json()["thank_you"] == "First"


def test_a_key_is_used_once(till, bakery):
    first = till.post("signup-forms", {"headline": "Once"}, idempotency_key="one")
    again = till.post("signup-forms", {"headline": "Once"}, idempotency_key="one")
    assert (first.status_code, again.json(), again["Idempotent-Replay"]) == (201, first.json(), "true")
    with business_scope(bakery):
        assert SignupForm.objects.count() == 1


def test_a_topic_of_another_business_is_as_none(till, bakery, garage, page):
    with business_scope(garage):
        theirs = make_topic("Oil")
        put_away = make_form(theirs)
    for write in (
        lambda topic: till.post("signup-forms", {"headline": "X", "boxes": [{"topic_id": str(topic)}]}),
        lambda topic: till.patch(f"signup-forms/{page.pk}", {"boxes": [{"topic_id": str(topic)}]}),
    ):
        seen, missed = write(theirs.pk), write(uuid4())
        assert (seen.status_code, seen.content) == (404, missed.content)
    for ask in (till.get, lambda path: till.patch(path, {"intro": "Ours"})):
        assert ask(f"signup-forms/{put_away.pk}").status_code == 404
    with business_scope(bakery):
        assert SignupForm.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "headline"),
        ({"headline": " "}, "headline"),
        ({"headline": "x" * 121}, "headline"),
        ({"headline": "x", "slug": "mine"}, "slug"),
        ({"headline": "x", "asks_name": "yes"}, "asks_name"),
        ({"headline": "x", "boxes": [{"wording": "y"}]}, "boxes.0.topic_id"),
        ({"headline": "x", "frame_sites": ["www.example.com"] * 11}, "frame_sites"),
    ],
)
def test_what_is_wrong_is_named(till, bakery, body, field):
    refused = till.post("signup-forms", body)
    assert (refused.status_code, list(refused.json()["errors"])) == (400, [field])
    with business_scope(bakery):
        assert not SignupForm.objects.exists()


def test_a_site_that_is_none_is_named(till):
    refused = till.post("signup-forms", {"headline": "x", "frame_sites": ["http://www.example.com"]})
    assert (refused.status_code, refused.json()["code"]) == (400, "not_a_site")


def test_what_the_business_lacks_is_told_too(till, bakery, page):
    with business_scope(bakery):
        BusinessProfile.objects.update(postal_address="")
    (one,) = till.get(f"signup-forms/{page.pk}").json()["missing"]
    assert one == {"field": "postal_address", "title": "Add your postal address. The law wants it in letters."}
