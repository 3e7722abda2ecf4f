"""Closing the account: nothing is sent at once, thirty days to think, then nothing is left but a polite answer."""

import os
import subprocess
import sys
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.demo.tenants import DemoTenant, write_tenants
from campaigns.models import AccountSuspension, ProviderAccount
from ecosystem.base.errors import Conflict, NotAllowed
from ecosystem.base.fields import business_field_of
from ecosystem.base.tenancy import business_scope
from ecosystem.middleware import forget_businesses
from ecosystem.models import AuditEntry, Business, BusinessProfile, Membership, User
from ecosystem.services.closing import GRACE, begin_closing, businesses_to_delete, delete_business, undo_closing
from ecosystem.services.sending import pause_sending, resume_sending
from tests.factories.ecosystem import make_member, make_user, membership_of, sign_in
from tests.house.doors import tokens_of
from tests.house.routes import contents_of

OWNER = "owner"


@pytest.fixture
def url(bakery: Business) -> str:
    return reverse("ecosystem:close", kwargs={"slug": bakery.slug})


def state_of(business: Business) -> tuple[str, bool]:
    with business_scope(business):
        paused = BusinessProfile.objects.get().sending_paused_at is not None
    return Business.objects.get(pk=business.pk).state, paused


@pytest.mark.django_db
def test_the_owner_is_told_what_goes_and_when_and_nothing_is_sent_from_then_on(as_nora, as_sam, bakery, url):
    page = as_nora.get(url).content.decode()
    for words in ("At once", "For 30 days", "Nobody can bring them back", "What stays"):
        assert words in page
    assert as_nora.post(f"{url}now/", {"name": "oat  & EMBER"}).status_code == 302
    assert state_of(bakery) == ("closing", True)
    banner = as_sam.get(f"/b/{bakery.slug}/").content.decode()
    assert "This account is being closed" in banner
    assert "Take it back" not in banner
    assert "Take it back" in as_nora.get(f"/b/{bakery.slug}/").content.decode()
    with business_scope(bakery):
        assert AuditEntry.objects.filter(action="closing_begun").count() == 1


@pytest.mark.django_db
def test_another_name_closes_nothing(as_nora, bakery, url):
    answer = as_nora.post(f"{url}now/", {"name": "Oat"})
    assert (answer.status_code, state_of(bakery)) == (422, ("active", False))
    assert "That is not the name" in answer.content.decode()


@pytest.mark.django_db
def test_only_an_owner_closes_it_and_only_after_a_fresh_sign_in(nora, bakery, as_gus, as_sam, url):
    manager = sign_in(Client(), make_member(bakery, "manager", make_user("Theo Hart")))
    typed = {"name": bakery.name}
    for client, status in ((as_sam, 403), (manager, 403), (as_gus, 404)):
        assert [client.get(url).status_code, client.post(f"{url}now/", typed).status_code] == [status, status]
    client = sign_in(Client(), nora)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        answer = client.post(f"{url}now/", typed)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert state_of(bakery) == ("active", False)


@pytest.mark.django_db
def test_taking_it_back_lets_letters_go_unless_they_were_stopped_before(as_nora, bakery, nora, url):
    as_nora.post(f"{url}now/", {"name": bakery.name})
    assert as_nora.post(f"{url}undo/").status_code == 302
    assert state_of(bakery) == ("active", False)
    actor, now = membership_of(bakery, nora), timezone.now()
    with business_scope(bakery, nora):
        pause_sending(reason="Holiday.", actor=actor, now=now)
        begin_closing(actor=actor, now=now)
        undo_closing(actor=actor, now=now)
    assert state_of(bakery) == ("active", True)


@pytest.mark.django_db
def test_nobody_lets_letters_go_while_it_is_closing_and_the_first_day_stays(bakery, nora):
    actor, now = membership_of(bakery, nora), timezone.now()
    with business_scope(bakery, nora):
        day = begin_closing(actor=actor, now=now).closes_at
        assert begin_closing(actor=actor, now=now + timedelta(days=9)).closes_at == day == now + GRACE
        with pytest.raises(NotAllowed):
            resume_sending(actor=actor, now=now)
        with pytest.raises(Conflict):
            undo_closing(actor=actor, now=now + GRACE)
    assert state_of(bakery) == ("closing", True)


@pytest.fixture
def tenants(transactional_db) -> list[DemoTenant]:
    forget_businesses()
    return write_tenants()


def close(tenant: DemoTenant, *, at) -> None:
    with business_scope(tenant.business, tenant.owner):
        begin_closing(actor=Membership.objects.get(user=tenant.owner), now=at)


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(300)
def test_sec_69_after_thirty_days_nothing_of_it_is_left_and_the_one_next_door_is_untouched(tenants, capsys):
    a, b = tenants
    tokens, key = tokens_of(a), a.api_key
    with business_scope(a.business):
        accounts = [f"own:{pk}" for pk in ProviderAccount.objects.values_list("pk", flat=True)]
    others, users = contents_of(b.business), User.objects.count()
    filled = {table for table, lines in contents_of(a.business).items() if lines}
    assert len(filled) > 50
    now = timezone.now()
    close(a, at=now)
    with time_machine.travel(now + GRACE - timedelta(minutes=1)):
        call_command("delete_closed_businesses")
    assert {table for table, lines in contents_of(a.business).items() if lines} == filled
    with time_machine.travel(now + GRACE + timedelta(minutes=1)):
        call_command("delete_closed_businesses")
    assert "rows deleted" in capsys.readouterr().out

    left = {table: len(lines) for table, lines in contents_of(a.business).items() if lines}
    assert left == {}
    assert contents_of(b.business) == others
    assert User.objects.count() == users
    assert rows_outside(a.business.pk) == {}
    assert not AccountSuspension.objects.filter(account_key__in=accounts).exists()
    kept = Business.objects.get(pk=a.business.pk)
    assert (kept.state, kept.name, a.marker.lower() in kept.slug) == ("closed", "", False)

    forget_businesses()
    client = Client()
    for path in (f"/u/{tokens['u']}", f"/prefs/{tokens['prefs']}", f"/c/{tokens['c']}"):
        answer = client.get(path)
        assert (path, answer.status_code) == (path, 200)
        assert "Nothing comes any more" in answer.content.decode()
    assert client.post(f"/u/{tokens['u']}", {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert client.get(f"/p/{a.business.slug}/join/{tokens['p']}/").status_code == 404
    assert client.get("/api/v1/contacts", headers={"Authorization": f"Bearer {key}"}).status_code == 401
    assert sign_in(Client(), a.owner).get(f"/b/{a.business.slug}/").status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(300)
def test_sec_69_whoever_takes_it_back_in_the_last_minute_keeps_every_row(tenants):
    a, _b = tenants
    now = timezone.now()
    close(a, at=now)
    assert businesses_to_delete(now=now + GRACE, using=OWNER) == [a.business.pk]
    with business_scope(a.business, a.owner):
        undo_closing(actor=Membership.objects.get(user=a.owner), now=now)
    before = contents_of(a.business)
    assert delete_business(a.business.pk, now=now + GRACE, using=OWNER) == 0
    assert contents_of(a.business) == before


def rows_outside(business_id: int) -> dict[str, int]:
    """Rows of global tables that name a business, read from the registry of models."""
    found = {}
    for model in apps.get_models():
        names = [field.name for field in model._meta.concrete_fields if field.name.endswith("business_id")]
        if business_field_of(model) is None and names:
            count = sum(model._base_manager.filter(**{name: business_id}).count() for name in names)
            if count:
                found[model._meta.label] = count
    return found


@pytest.mark.django_db(transaction=True)
def test_sec_69_whoever_stays_deletes_what_is_due_and_ends_when_told(bakery, nora):
    now = timezone.now()
    with business_scope(bakery, nora):
        begin_closing(actor=membership_of(bakery, nora), now=now - GRACE)
    environment = dict(os.environ)
    for name in ("DATABASE_URL", "MIGRATION_DATABASE_URL"):
        url = urlsplit(environ_url := environment[name])._replace(path=f"/{connection.settings_dict['NAME']}")
        environment[name] = urlunsplit(url)
        assert environ_url != environment[name]
    command = [sys.executable, "manage.py", "delete_closed_businesses", "--daily"]
    keeper = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True)
    try:
        assert "rows deleted" in keeper.stdout.readline()
        assert Business.objects.get(pk=bakery.pk).state == "closed"
        assert keeper.poll() is None
        keeper.terminate()
        assert keeper.wait(timeout=20) == 0
    finally:
        keeper.kill()
        keeper.wait()


@pytest.mark.django_db
def test_the_owner_finds_the_way_to_a_copy_before_anything_goes(as_nora, bakery, url):
    page = as_nora.get(url).content.decode()
    assert f'href="/b/{bakery.slug}/contacts/exports/"' in page
