"""One's own page: the name the team sees, the time that pages show, and the ways to the rest of a login."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry, Business, Membership, User
from tests.factories.ecosystem import make_member, sign_in


@pytest.fixture
def url(bakery: Business) -> str:
    return reverse("ecosystem:me", kwargs={"slug": bakery.slug})


@pytest.mark.parametrize("role", ["manager", "staff", "helper", "adviser"])
def test_every_role_says_its_own_name(bakery: Business, url: str, role: str):
    user = make_member(bakery, role)
    client = sign_in(Client(), user)
    answer = client.post(url, {"name": "  Sam   Reed ", "time_zone": "", "theme": "dark"})
    assert answer.status_code == 302
    user.refresh_from_db()
    assert (user.name, user.theme) == ("Sam Reed", "dark")
    page = client.get(url).content.decode()
    for name in ("account_change_password", "mfa_index", "usersessions_list", "account_email"):
        assert f'href="{reverse(name)}"' in page


def test_no_name_and_no_such_place_are_refused_and_what_was_typed_stays(as_nora: Client, nora: User, url: str):
    answer = as_nora.post(url, {"name": " ", "time_zone": "Europe/London", "theme": "dark"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Write your name" in page
    assert '<option value="Europe/London" selected>' in page
    assert as_nora.post(url, {"name": "N", "time_zone": "Moon/Sea", "theme": "dark"}).status_code == 422
    nora.refresh_from_db()
    assert (nora.name, nora.time_zone, nora.theme) == ("Nora Bell", "", "system")


def test_times_on_their_pages_follow_their_own_zone_and_on_others_the_business(as_nora, bakery, nora, sam, url):
    with business_scope(bakery):
        AuditEntry.objects.create(
            actor_user_id=nora.pk,
            actor_kind="member",
            action="setup_finished",
            created_at=datetime(2027, 3, 3, 17, 0, tzinfo=UTC),
        )
        Membership.objects.filter(user=sam).update(role="manager")
    acts = reverse("ecosystem:audit", kwargs={"slug": bakery.slug})
    as_nora.post(url, {"name": "Nora Bell", "time_zone": "Asia/Tokyo", "theme": "system"})
    own, other = as_nora.get(acts).content.decode(), sign_in(Client(), sam).get(acts).content.decode()
    assert ("4 Mar 2027, 2 AM" in own, "3 Mar 2027, noon" in other) == (True, True)


def test_gus_next_door_finds_nothing(as_gus: Client, url: str):
    assert as_gus.get(url).status_code == 404
