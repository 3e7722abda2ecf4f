"""Every page of the dashboard says in plain words what it is for."""

import pytest
from django.test import Client

from campaigns.demo.tenants import write_tenants
from ecosystem.help import HELP, TODAY, help_for
from ecosystem.middleware import forget_businesses
from tests.factories.ecosystem import sign_in
from tests.house.routes import dashboard_routes, ids_of


@pytest.mark.django_db
@pytest.mark.timeout(300)
def test_every_page_has_its_help():
    forget_businesses()
    tenant, _other = write_tenants()
    client, start = sign_in(Client(), tenant.owner), f"/b/{tenant.business.slug}/"
    bare, pages = [], 0
    for route in dashboard_routes():
        url = route.url(tenant.business.slug, ids_of(tenant.business, route))
        answer = client.get(url)
        if answer.status_code == 200 and b'class="shell"' in answer.getvalue():
            pages += 1
            if b'<details class="help">' not in answer.getvalue():
                bare.append(f"{route.name}: add what helps at {url.removeprefix(start)} to a help_words.py")
    assert not bare, "\n".join(bare)
    assert pages > 30


def test_the_longest_start_wins_and_today_helps_on_today_only():
    assert help_for("contacts/imports/5") is HELP.get("contacts/imports")
    assert help_for("contacts/5/edit") is HELP.get("contacts")
    assert help_for("") is HELP.get(TODAY)
    assert help_for("contactsheet") is None


def test_help_is_short_and_plain():
    for _key, words in HELP.items():
        assert 1 <= len(words.lines) <= 3
        for line in (words.purpose, *words.lines):
            assert len(str(line)) <= 120, line
            assert str(line).endswith(".")
            assert "!" not in str(line)
