"""Who may reach which address: nothing is open that nobody has opened."""

import re

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.urls import path

from ecosystem.base.access import PERMISSIONS, Action, Role
from ecosystem.config.urls import urlpatterns
from ecosystem.queries.routes import DASHBOARD, addresses, addresses_without_a_rule

UNGUARDED = path("b/<slug:slug>/unguarded/", lambda request, slug: None, name="unguarded")
NEW_DOOR = path("backdoor/", lambda request: None, name="backdoor")


@pytest.fixture
def forgotten(settings):
    """Two addresses of which nobody has said who may come in."""
    settings.ROOT_URLCONF = type("urls", (), {"urlpatterns": [*urlpatterns, UNGUARDED, NEW_DOOR]})


def test_sec_09_every_address_has_a_rule():
    assert addresses_without_a_rule() == []
    assert len(addresses()) > 100


def test_sec_09_no_start_while_an_address_has_no_rule(forgotten):
    assert addresses_without_a_rule() == ["unguarded (b/<slug:slug>/unguarded/)", "backdoor (backdoor/)"]
    errors = [error for error in run_checks(tags=["urls"]) if error.id == "ecosystem.E001"]
    assert ["unguarded" in errors[0].msg, "backdoor" in errors[1].msg, len(errors)] == [True, True, 2]


def test_sec_09_the_matrix_is_printed_with_every_address_and_what_each_role_may(capsys):
    call_command("routes_reference")
    page = capsys.readouterr().out
    rows = dict(re.findall(r"^\| `(b/[^`]+)` \| (.+) \|$", page, re.MULTILINE))
    for address in addresses():
        assert address.path in page or address.scopes, address
        if address.path.startswith(DASHBOARD):
            action, *may = [cell.strip() for cell in rows[address.path].split(" | ")]
            assert action == address.action
            assert [bool(cell) for cell in may] == [Action(action) in PERMISSIONS[role] for role in Role]


def test_sec_09_a_role_that_the_table_does_not_know_may_nothing():
    assert PERMISSIONS.get("guest", frozenset()) == frozenset()
    assert all(PERMISSIONS[Role.ADVISER].isdisjoint({action}) for action in (Action.EDIT_PEOPLE, Action.MANAGE_TEAM))
