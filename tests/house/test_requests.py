"""Through the door and out again: what a request sees, and what it leaves behind."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ecosystem.base.tenancy import BusinessNotSet, business_scope, find_current_business_id
from ecosystem.middleware import forget_businesses
from ecosystem.models import Business, Membership, User
from tests.house import urls
from tests.house.tenantapp.models import Shelf

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.house.urls")]


@pytest.fixture
def town(tenantapp, two_businesses):
    """Nora in the bakery, Gus in the garage, shelves in both."""
    urls.HOOKS.clear()
    for business, name in zip(two_businesses, ("nora", "gus"), strict=True):
        user = User.objects.create_user(f"{name}@example.com")
        with business_scope(business):
            Membership.objects.create(user=user, role="owner")
            Shelf.objects.bulk_create(Shelf(name=f"{name} {n:02}") for n in range(8))
    return two_businesses


def client_of(name: str) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(email=f"{name}@example.com"))
    return client


@pytest.fixture
def nora(town) -> Client:
    return client_of("nora")


def shelves_of(business: Business) -> list[str]:
    with business_scope(business):
        return list(Shelf.objects.order_by("name").values_list("name", flat=True))


NORAS = [f"nora {n:02}" for n in range(8)]


def test_a_member_sees_their_business(nora):
    answer = nora.get("/b/oat-and-ember/listing/")
    assert (answer.status_code, answer.content.decode()) == (200, ",".join(NORAS))
    assert answer.wsgi_request.membership.role == "owner"
    assert answer.wsgi_request.business.slug == "oat-and-ember"
    assert find_current_business_id() is None


def test_a_lazy_template_is_drawn_inside(nora):
    assert nora.get("/b/oat-and-ember/lazy_listing/").content.decode().split() == " ".join(NORAS).split()


def test_not_there_and_not_yours_are_the_same_404(nora):
    answers = [nora.get(f"/b/{slug}/listing/") for slug in ("garage", "no-such-place")]
    answers.append(nora.get("/b/oat-and-ember/missing/"))
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1


def test_a_visitor_is_led_to_the_login_whether_there_is_such_a_business_or_not(town):
    for slug in ("oat-and-ember", "no-such-place"):
        answer = Client().get(f"/b/{slug}/listing/?page=2")
        assert (answer.status_code, answer["Location"]) == (302, f"/login/?next=%2Fb%2F{slug}%2Flisting%2F%3Fpage%3D2")


def test_a_membership_ends_when_it_says_so(nora, town):
    with business_scope(town[0]):
        Membership.objects.update(expires_at=timezone.now())
    assert nora.get("/b/oat-and-ember/listing/").status_code == 404
    with business_scope(town[0]):
        Membership.objects.all().delete()
    assert nora.get("/b/oat-and-ember/listing/").status_code == 404


def test_a_role_without_the_right_is_refused(nora, town):
    assert nora.get("/b/oat-and-ember/owners_only/").status_code == 200
    with business_scope(town[0]):
        Membership.objects.update(role="manager")
    assert nora.get("/b/oat-and-ember/owners_only/").status_code == 403


def test_sec_09_a_page_that_says_nothing_of_who_may_see_it_is_refused_to_everybody(nora, town):
    assert nora.get(f"/b/{town[0].slug}/unguarded/").status_code == 403
    assert nora.get(f"/b/{town[0].slug}/listing/").status_code == 200


def test_a_closed_business_is_not_there(nora, town):
    Business.objects.filter(slug="oat-and-ember").update(state=Business.State.CLOSED)
    forget_businesses()
    assert nora.get("/b/oat-and-ember/listing/").status_code == 404
    assert Client().get("/p/oat-and-ember/listing/").status_code == 404


def test_a_public_page_enters_the_business_without_a_user(town):
    answer = Client().get("/p/garage/listing/")
    assert (answer.status_code, answer.content.decode()[:6]) == (200, "gus 00")
    assert answer.wsgi_request.membership is None
    assert Client().get("/p/no-such-place/listing/").status_code == 404


def test_the_door_costs_five_statements_once_the_business_is_known(nora):
    nora.get("/b/oat-and-ember/listing/")
    with CaptureQueriesContext(connection) as asked:
        nora.get("/b/oat-and-ember/listing/")
    said = [query["sql"].split(" ")[0] for query in asked]
    # session, user; the user is told, membership, the business is told; the page; the business is forgotten twice
    # (inside the test's own transaction), and savepoints of the test and of the view.
    assert [word for word in said if word not in ("SAVEPOINT", "RELEASE")] == ["SELECT"] * 8


@pytest.mark.parametrize("page", ["write_and_fail", "write_and_fail_while_drawing", "write_and_answer_500"])
def test_rel_36_a_request_that_ends_in_500_leaves_nothing(nora, town, page):
    assert nora.get(f"/b/oat-and-ember/{page}/").status_code == 500
    assert nora.get(f"/p/oat-and-ember/{page}/").status_code == 500
    assert shelves_of(town[0]) == NORAS
    assert find_current_business_id() is None


def test_rel_36_a_broken_rule_leaves_nothing_and_says_its_sentence(nora, town):
    page = nora.get("/b/oat-and-ember/write_and_refuse/")
    assert (page.status_code, "Somebody else was first." in page.content.decode()) == (409, True)
    fragment = nora.get("/b/oat-and-ember/write_and_refuse/", headers={"HX-Request": "true"})
    assert fragment.content.decode().startswith('<p class="err" role="alert" data-code="taken">')
    problem = nora.get("/b/oat-and-ember/write_and_refuse/", headers={"Accept": "application/json"})
    assert (problem.status_code, problem["Content-Type"]) == (409, "application/problem+json")
    assert problem.json() == {
        "type": "about:blank",
        "title": "Somebody else was first.",
        "status": 409,
        "code": "taken",
        "errors": {"name": ["Somebody else was first."]},
    }
    assert shelves_of(town[0]) == NORAS


def test_a_savepoint_keeps_the_rest_of_the_request(nora, town):
    assert nora.get("/b/oat-and-ember/write_twice/").status_code == 409
    assert shelves_of(town[0]) == ["kept", *NORAS]


@pytest.mark.django_db(transaction=True)
def test_rel_35_a_stream_has_every_row_of_its_business(nora):
    answer = nora.get("/b/oat-and-ember/stream/")
    assert b"".join(answer.streaming_content).decode().split("\n")[:-1] == NORAS
    forgetful = nora.get("/b/oat-and-ember/forgetful_stream/")
    with pytest.raises(BusinessNotSet):
        list(forgetful.streaming_content)


@pytest.mark.django_db(transaction=True)
def test_rel_35_a_commit_hook_enters_its_business_itself(nora):
    assert nora.get("/b/oat-and-ember/with_hook/").status_code == 200
    assert urls.HOOKS == [(None, NORAS)]


@pytest.mark.django_db(transaction=True)
def test_a_lost_database_is_a_503_without_a_trace_and_the_next_request_works(nora, town):
    for page in ("lose_the_database", "lose_the_connection"):
        answer = nora.get(f"/b/oat-and-ember/{page}/")
        assert (answer.status_code, answer["Retry-After"]) == (503, "5"), page
        assert "Content-Security-Policy" in answer.headers
        assert b"Traceback" not in answer.content
        assert b"terminat" not in answer.content
        answer.close()
        connection.close()
        assert shelves_of(town[0]) == NORAS
    assert nora.get("/b/oat-and-ember/listing/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_before_the_view_is_a_503_too(nora, settings):
    port, connection.settings_dict["PORT"] = connection.settings_dict["PORT"], 1
    connection.close()
    try:
        for address in ("/b/oat-and-ember/listing/", "/p/garage/listing/", "/outside/"):
            answer = nora.get(address)
            assert (answer.status_code, answer["Retry-After"]) == (503, "5"), address
    finally:
        connection.settings_dict["PORT"] = port
        connection.close()
    assert nora.get("/b/oat-and-ember/listing/").status_code == 200


@pytest.mark.parametrize(
    "address",
    ["/b/oat-and-ember/listing/", "/b/garage/listing/", "/b/oat-and-ember/write_and_fail/", "/outside/", "/nowhere/"],
)
def test_sec_11_what_a_signed_in_person_gets_is_kept_by_no_cache(nora, address):
    assert nora.get(address)["Cache-Control"] == "no-store, private"


def test_sec_11_what_everybody_gets_may_be_kept(town):
    assert "Cache-Control" not in Client().get("/outside/").headers


@pytest.mark.parametrize("address", ["/b/oat-and-ember/listing/", "/nowhere/", "/b/oat-and-ember/write_and_fail/"])
def test_sec_47_every_answer_says_what_a_browser_may_not_do(nora, address):
    said = nora.get(address).headers
    assert said["Permissions-Policy"].startswith("camera=(), microphone=()")
    assert said["Cross-Origin-Resource-Policy"] == "same-origin"
    assert said["Cross-Origin-Opener-Policy"] == "same-origin"
    assert said["X-Frame-Options"] == "DENY"
    assert said["X-Content-Type-Options"] == "nosniff"
    assert said["Referrer-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in said["Content-Security-Policy"]
