"""Every page of a business asked by everybody: what the table allows is answered, all else is refused."""

from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from ecosystem.base.access import PERMISSIONS, Action, Role
from ecosystem.base.tenancy import business_scope
from ecosystem.permissions_page import permissions_page
from ecosystem.services.api_keys import make_api_key
from ecosystem.services.invitations import invite
from ecosystem.urls import urlpatterns
from tests.factories.ecosystem import make_member, make_user, membership_of, sign_in

ABSENT = str(UUID(int=7))

# name, method, action, status for whoever may
ROUTES = [
    ("setup", "get", Action.EDIT_SETTINGS, 302),
    ("setup_business", "get", Action.EDIT_SETTINGS, 200),
    ("setup_message", "get", Action.EDIT_SETTINGS, 200),
    ("setup_sender", "get", Action.EDIT_SETTINGS, 200),
    ("setup_people", "get", Action.EDIT_SETTINGS, 200),
    ("setup_finish", "post", Action.EDIT_SETTINGS, 302),
    ("profile", "get", Action.EDIT_SETTINGS, 200),
    ("profile", "post", Action.EDIT_SETTINGS, 422),
    ("kind_list", "get", Action.EDIT_SETTINGS, 200),
    ("kind_edit", "get", Action.EDIT_SETTINGS, 200),
    ("kind_edit", "post", Action.EDIT_SETTINGS, 422),
    ("kind_undo", "post", Action.EDIT_SETTINGS, 302),
    ("team", "get", Action.SEE_TEAM, 200),
    ("team_invite", "get", Action.MANAGE_TEAM, 200),
    ("team_invite", "post", Action.MANAGE_TEAM, 422),
    ("member_edit", "get", Action.MANAGE_TEAM, 200),
    ("member_edit", "post", Action.MANAGE_TEAM, 422),
    ("member_remove", "post", Action.MANAGE_TEAM, 302),
    ("team_leave", "get", Action.SEE_TODAY, 200),
    ("team_leave", "post", Action.SEE_TODAY, 200),
    ("team_second_step", "get", Action.SECURE_TEAM, 200),
    ("team_second_step", "post", Action.SECURE_TEAM, 422),
    ("invitation_resend", "post", Action.MANAGE_TEAM, 302),
    ("invitation_revoke", "post", Action.MANAGE_TEAM, 302),
    ("api_key_list", "get", Action.MANAGE_KEYS, 200),
    ("api_key_new", "get", Action.MANAGE_KEYS, 200),
    ("api_key_new", "post", Action.MANAGE_KEYS, 422),
    ("api_key_revoke", "post", Action.MANAGE_KEYS, 302),
]
IDS = [f"{name}-{method}" for name, method, _action, _status in ROUTES]


@pytest.fixture
def addresses(nora, bakery) -> dict[str, str]:
    """The address of every route, each with a row that is there."""
    other = membership_of(bakery, make_member(bakery, Role.HELPER))
    owner = membership_of(bakery, nora)
    with business_scope(bakery, nora):
        invitation = invite(email="new@example.com", role="helper", actor=owner)
        key = make_api_key(name="Till", scopes=["contacts:read"], expires_at=None, actor=owner).key
    more = {
        "kind_edit": {"kind": "client"},
        "kind_undo": {"kind": "client"},
        "member_edit": {"membership_id": other.pk},
        "member_remove": {"membership_id": other.pk},
        "invitation_resend": {"invitation_id": invitation.pk},
        "invitation_revoke": {"invitation_id": invitation.pk},
        "api_key_revoke": {"key_id": key.pk},
    }
    names = {name for name, *_rest in ROUTES}
    return {name: reverse(f"ecosystem:{name}", kwargs={"slug": bakery.slug, **more.get(name, {})}) for name in names}


@pytest.mark.parametrize(("name", "method", "action", "status"), ROUTES, ids=IDS)
def test_each_role_gets_what_the_table_says(addresses, bakery, name, method, action, status):
    for role in reversed(Role):
        client = sign_in(Client(), make_member(bakery, role))
        expected = status if action in PERMISSIONS[role] else 403
        if name == "member_remove" and role == Role.MANAGER:
            assert getattr(client, method)(addresses[name]).status_code == expected, role
            continue
        if name == "member_remove" and role == Role.OWNER:
            expected = 404  # the manager before has removed them
        assert getattr(client, method)(addresses[name]).status_code == expected, role


@pytest.mark.parametrize(("name", "method", "action", "status"), ROUTES, ids=IDS)
def test_a_visitor_is_led_to_the_login_and_a_stranger_finds_nothing(addresses, bakery, name, method, action, status):
    visitor = getattr(Client(), method)(addresses[name])
    assert visitor.status_code == 302
    assert visitor.url.startswith(reverse("account_login"))
    stranger = sign_in(Client(), make_user())
    here = getattr(stranger, method)(addresses[name])
    nowhere = getattr(stranger, method)(addresses[name].replace(bakery.slug, "not-there-at-all"))
    assert here.status_code == nowhere.status_code == 404
    assert here.content == nowhere.content


@pytest.mark.parametrize(
    "name", ["member_edit", "member_remove", "invitation_resend", "invitation_revoke", "api_key_revoke"]
)
def test_an_id_that_is_not_there_is_a_404(as_nora, addresses, name):
    address = addresses[name]
    id_ = next(part for part in address.split("/") if len(part) == 36)
    assert as_nora.post(address.replace(id_, ABSENT)).status_code == 404


def test_pages_that_change_something_do_not_answer_to_get(as_nora, addresses):
    for name in ("setup_finish", "member_remove", "invitation_resend", "invitation_revoke", "api_key_revoke"):
        assert as_nora.get(addresses[name]).status_code == 405, name


def test_every_route_of_the_settings_pages_stands_in_the_table():
    owned = {"ecosystem.views.setup", "ecosystem.views.team", "ecosystem.views.kinds", "ecosystem.views.profile"}
    owned |= {"ecosystem.views.api_keys", "ecosystem.views.account_security"}
    names = {route.name for route in urlpatterns if route.callback.__module__ in owned}
    assert names - {"business_new", "second_step_wanted"} == {name for name, *_rest in ROUTES}


def test_the_page_about_permissions_says_what_the_code_asks():
    page = Path(settings.BASE_DIR, "docs", "permissions.md").read_text()
    assert page == permissions_page(), "Run manage.py permissions_reference > docs/permissions.md"
