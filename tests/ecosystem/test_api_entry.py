"""How programs come in: by a key that works, within its limits, and told plainly when not."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse
from rest_framework import serializers

from ecosystem.api.schema import described
from ecosystem.base.access import Role
from ecosystem.base.tenancy import business_scope
from ecosystem.models import ApiKey, Membership
from ecosystem.rest import entry
from ecosystem.rest.base import In, Stale, expect_version, page_of
from ecosystem.services.api_keys import make_api_key, revoke_api_key
from tests.factories.ecosystem import make_member, make_user, membership_of, sign_in

BUSINESS = reverse("ecosystem_api:business")


def key_of(business, user, *scopes: str) -> str:
    with business_scope(business, user):
        actor = membership_of(business, user)
        return make_api_key(name="Till", scopes=list(scopes or ["contacts:read"]), expires_at=None, actor=actor).text


def call(text: str, path: str = BUSINESS, **more: Any):
    return Client().get(path, headers={"authorization": f"Bearer {text}"}, **more)


@pytest.fixture
def till(nora, bakery) -> str:
    return key_of(bakery, nora)


def test_a_key_reads_its_own_business_and_no_other(till, bakery, garage):
    response = call(till)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store, private"
    found = response.json()
    assert (found["slug"], found["name"], found["scopes"]) == ("oat-ember", "Oat & Ember", ["contacts:read"])
    assert [kind["kind"] for kind in found["kinds"]][:3] == ["suspect", "online_user", "prospect"]
    assert "Garage" not in response.content.decode()


def test_sec_28_use_of_a_key_is_noted_with_its_address(till, bakery):
    call(till, REMOTE_ADDR="203.0.113.7")
    with business_scope(bakery):
        assert ApiKey.objects.get().last_used_ip == "203.0.113.7"


@pytest.mark.parametrize(
    ("header", "code"),
    [("", "no_key"), ("Bearer lw_wrong", "bad_key"), ("Basic abc", "bad_header"), ("Bearer", "bad_header")],
)
def test_without_a_key_that_works_the_answer_is_a_problem(db, header, code):
    response = Client().get(BUSINESS, headers={"authorization": header} if header else {})
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"
    assert response["WWW-Authenticate"].startswith("Bearer")
    found = response.json()
    assert (found["status"], found["code"]) == (401, code)
    assert found["title"]


def test_sec_28_an_ended_key_is_refused_at_its_next_call(till, nora, bakery):
    assert call(till).status_code == 200
    with business_scope(bakery, nora):
        revoke_api_key(ApiKey.objects.get(), actor=membership_of(bakery, nora))
    assert call(till).status_code == 401


def test_a_key_ends_with_its_makers_membership(nora, bakery):
    other = make_member(bakery, Role.OWNER)
    text = key_of(bakery, other)
    sign_in(Client(), nora).post(
        reverse(
            "ecosystem:member_remove", kwargs={"slug": bakery.slug, "membership_id": membership_of(bakery, other).pk}
        )
    )
    assert call(text).status_code == 401
    with business_scope(bakery):
        assert Membership.objects.count() == 1


def test_sec_29_a_key_in_the_address_is_refused_even_a_working_one(till):
    response = Client().get(BUSINESS, {"key": till})
    assert (response.status_code, response.json()["code"]) == (400, "key_in_address")


def test_a_key_beside_a_session_is_refused(till, as_nora):
    response = as_nora.get(BUSINESS, headers={"authorization": f"Bearer {till}"})
    assert (response.status_code, response.json()["code"]) == (400, "key_and_session")


def test_a_session_alone_opens_nothing_of_the_api(as_nora):
    assert as_nora.get(BUSINESS).status_code == 401


def test_a_key_opens_no_page(till, bakery):
    response = call(till, reverse("ecosystem:team", kwargs={"slug": bakery.slug}))
    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


def test_sec_29_a_key_asks_300_times_a_minute_and_a_business_1000_times():
    assert (entry.PER_KEY, entry.PER_BUSINESS) == (300, 1_000)


def test_sec_29_limit_of_a_key_is_exact_and_tells_when_to_come_back(till, monkeypatch):
    monkeypatch.setattr(entry, "PER_KEY", 3)
    assert [call(till).status_code for _call in range(4)] == [200, 200, 200, 429]
    refused = call(till)
    assert refused.json()["code"] == "too_often"
    assert 0 < int(refused["Retry-After"]) <= 60


def test_sec_29_limit_of_a_business_holds_over_its_keys(nora, bakery, gus, garage, monkeypatch):
    monkeypatch.setattr(entry, "PER_BUSINESS", 3)
    keys = [key_of(bakery, nora), key_of(bakery, nora)]
    assert [call(keys[number % 2]).status_code for number in range(4)] == [200, 200, 200, 429]
    assert call(key_of(garage, gus)).status_code == 200


def test_sec_29_guessing_keys_is_refused_after_twenty_tries_a_minute(db):
    statuses = [call("lw_guess").status_code for _try in range(21)]
    assert statuses == [401] * 20 + [429]


def test_an_unknown_parameter_is_named_not_ignored(till):
    response = call(till, f"{BUSINESS}?order=name&owner__email=x")
    assert response.status_code == 400
    assert response.json()["errors"].keys() == {"order", "owner__email"}


def test_an_address_that_is_not_there_is_a_problem_too(till):
    for path in ("/api/v1/nothing", "/api/v2/contacts", "/api/v1/business/"):
        response = call(till, path)
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_a_method_that_is_not_there_is_refused(till):
    response = Client().post(
        BUSINESS, data="{}", content_type="application/json", headers={"authorization": f"Bearer {till}"}
    )
    assert response.status_code == 405
    assert response.json()["code"] == "method_not_allowed"


def test_over_plain_http_the_api_refuses_instead_of_redirecting(till):
    with override_settings(SECURE_SSL_REDIRECT=True):
        response = call(till)
    assert (response.status_code, response.json()["code"]) == (403, "https_only")


def test_reading_the_business_costs_the_same_whatever_is_in_it(till, django_assert_max_num_queries):
    with django_assert_max_num_queries(20):
        call(till)


def test_openapi_file_is_valid_json_of_version_3_1_and_names_key_problem_and_scope(db):
    found = json.loads(Client().get(reverse("ecosystem_api:openapi")).content)
    assert found["openapi"].startswith("3.1")
    operation = found["paths"]["/api/v1/business"]["get"]
    assert operation["security"] == [{"key": []}]
    assert operation["x-scope"] == "any key"
    assert operation["responses"]["default"]["content"].keys() == {"application/problem+json"}
    assert found["components"]["securitySchemes"]["key"]["scheme"] == "bearer"


def test_page_for_people_shows_every_call_with_one_to_copy(client, db):
    page = client.get(reverse("api_docs")).content.decode()
    for path, operations in described()["paths"].items():
        assert path in page
        assert page.count("curl ") >= len(operations)
    assert "cdn" not in page


def test_somebody_chooses_a_key_of_theirs_by_its_first_letters(as_nora, nora, bakery, gus, garage):
    text, elsewhere = key_of(bakery, nora, "contacts:read"), key_of(garage, gus)
    page = as_nora.get(reverse("api_docs")).content.decode()
    assert f"{text[:12]}… Till, Oat &amp; Ember" in page
    with business_scope(bakery):
        key = ApiKey.objects.get()
    chosen = as_nora.get(reverse("api_docs"), {"key": str(key.pk)}).content.decode()
    assert f"Bearer {text[:12]}...THE-REST-OF-YOUR-KEY" in chosen
    assert chosen.count("The key you chose may not do this.") > 10
    assert chosen.count("The key you chose may do this.") > 3
    assert "<code>prospect</code> Prospect" in chosen
    # Never the whole of it, and never somebody else's.
    assert text[12:] not in chosen
    assert elsewhere[:12] not in page
    with business_scope(garage):
        foreign = ApiKey.objects.get()
    assert elsewhere[:12] not in as_nora.get(reverse("api_docs"), {"key": str(foreign.pk)}).content.decode()
    assert as_nora.get(reverse("api_docs"), {"name": "x"}).status_code == 400


def test_whoever_may_not_manage_keys_chooses_none(as_sam, bakery, nora, client):
    text = key_of(bakery, nora)
    assert text[:12] not in as_sam.get(reverse("api_docs")).content.decode()
    assert text[:12] not in client.get(reverse("api_docs")).content.decode()


class PairIn(In):
    name = serializers.CharField()


def test_a_field_that_does_not_exist_is_an_error_not_a_wish():
    serializer = PairIn(data={"name": "Ana", "business_id": 7, "is_owner": True})
    assert not serializer.is_valid()
    assert serializer.errors.keys() == {"business_id", "is_owner"}


def test_pages_of_two_lists_have_names_of_their_own():
    assert page_of(PairIn).__name__ == "PairInPage"


def test_rel_23_a_change_from_an_old_copy_is_refused():
    request = RequestFactory()
    expect_version(request.patch("/"), 3)
    expect_version(request.patch("/", headers={"if-match": '"3"'}), 3)
    with pytest.raises(Stale):
        expect_version(request.patch("/", headers={"if-match": '"2"'}), 3)


def test_no_business_stays_entered_after_a_call(till):
    call(till)
    assert getattr(connection, "business_id", None) is None
    assert make_user() is not None
