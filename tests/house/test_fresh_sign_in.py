"""SEC-25: what takes people out, and where letters come from, is asked of whoever has just signed in."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry, BusinessProfile
from tests.factories.ecosystem import sign_in
from tests.house.routes import dashboard_routes, ids_of

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]


@pytest.fixture
def tenant(both):
    return both[0]


def two_hours_later():
    return time_machine.travel(timezone.now() + timedelta(hours=2))


@pytest.mark.parametrize(
    "name",
    ["campaigns:consent_export", "contacts:import_problems", "contacts:export_start", "contacts:export_file"],
)
def test_sec_25_no_file_of_people_goes_out_two_hours_after_the_sign_in(tenant, name):
    client = sign_in(Client(), tenant.owner)
    route = next(route for route in dashboard_routes() if route.name == name)
    url = route.url(tenant.business.slug, ids_of(tenant.business, route))
    method = client.get if client.get(url).status_code != 405 else client.post
    with business_scope(tenant.business):
        before = AuditEntry.objects.filter(action="consent.exported").count()
    with two_hours_later():
        answer = method(url)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    with business_scope(tenant.business):
        assert AuditEntry.objects.filter(action="consent.exported").count() == before
    now = method(url)
    assert "reauthenticate" not in now.headers.get("Location", "")


@pytest.mark.parametrize("name", ["ecosystem:profile", "ecosystem:setup_sender"])
def test_sec_25_letters_come_from_another_address_after_a_fresh_sign_in_only(tenant, name):
    client = sign_in(Client(), tenant.owner)
    url = reverse(name, kwargs={"slug": tenant.business.slug})
    form = client.get(url).context["form"]
    values = {field: form[field].value() or "" for field in form.fields}

    def sender():
        with business_scope(tenant.business):
            return BusinessProfile.objects.get().sender_email

    was = sender()
    with two_hours_later():
        refused = client.post(url, values | {"sender_email": "thief@example.net"})
        assert refused["Location"].startswith(reverse("account_reauthenticate"))
        assert sender() == was
        kept = client.post(url, values | {"sender_name": "Another name"})
    assert "reauthenticate" not in kept.headers.get("Location", "")
    with business_scope(tenant.business):
        assert BusinessProfile.objects.get().sender_name == "Another name"
    again = client.get(url).context["form"]
    values = {field: again[field].value() or "" for field in again.fields}
    assert not re.search("reauth", client.post(url, values | {"sender_email": "new@example.net"})["Location"])
    assert sender() == "new@example.net"
