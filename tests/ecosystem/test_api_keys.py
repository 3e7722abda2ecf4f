"""Keys for other programs: shown once, never more than their maker, ended at once."""

import hashlib
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ecosystem.base.access import Role
from ecosystem.base.errors import Invalid, NotAllowed
from ecosystem.base.tenancy import business_scope
from ecosystem.models import ApiKey, ApiKeyIndex, AuditEntry, Business, Membership, Notice
from ecosystem.scopes import Scope
from ecosystem.services.api_key_days import work_api_keys
from ecosystem.services.api_keys import NewKey, allows, authenticate_key, make_api_key, note_use
from tests.factories.ecosystem import make_member, make_user, membership_of


def url(name: str, business: Business, **more: object) -> str:
    return reverse(f"ecosystem:{name}", kwargs={"slug": business.slug, **more})


def make_key(business: Business, user, *scopes: str, **more) -> NewKey:
    with business_scope(business, user):
        actor = membership_of(business, user)
        chosen = list(scopes or ["contacts:read"])
        return make_api_key(name="Till", scopes=chosen, expires_at=more.get("expires_at"), actor=actor)


def test_sec_26_a_key_is_shown_once_and_only_its_fingerprint_is_kept(as_nora, bakery):
    response = as_nora.post(url("api_key_new", bakery), {"name": "Till", "scopes": ["contacts:read"]})
    assert response.status_code == 201
    text = response.context["new"].text
    assert text.startswith("lw_")
    assert len(text) == 3 + 43
    assert text in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    page = as_nora.get(url("api_key_list", bakery)).content.decode()
    assert text not in page
    assert text[:12] in page
    with connections["default"].cursor() as cursor, business_scope(bakery):
        cursor.execute("SELECT key::text FROM ecosystem_apikey key")
        (row,) = cursor.fetchone()
    assert text not in row
    assert hashlib.sha256(text.encode()).hexdigest() in row


def test_a_page_loaded_anew_or_a_second_click_makes_no_second_key(as_nora, bakery):
    form = as_nora.get(url("api_key_new", bakery)).context["form"]
    asked = {"name": "Till", "scopes": ["contacts:read"], "key_id": str(form["key_id"].value())}
    first = as_nora.post(url("api_key_new", bakery), asked)
    again = as_nora.post(url("api_key_new", bakery), asked, follow=True)
    assert first.status_code == 201
    assert "This key was made already and cannot be shown again." in again.content.decode()
    assert first.context["new"].text not in again.content.decode()
    with business_scope(bakery):
        assert ApiKey.objects.get().pk == first.context["new"].key.pk


def test_the_text_of_a_key_opens_its_business(nora, bakery, garage):
    new = make_key(bakery, nora)
    business_id, key = authenticate_key(new.text)
    assert (business_id, key.pk) == (bakery.pk, new.key.pk)


@pytest.mark.parametrize("text", ["", "lw_", "lw_wrong", "Bearer lw_x", "lw_" + "A" * 43, "lw_" + "A" * 5000])
def test_other_texts_open_nothing(db, text):
    assert authenticate_key(text) is None


def test_sec_28_an_ended_key_opens_nothing_from_the_next_call_on(as_nora, nora, bakery):
    new = make_key(bakery, nora)
    as_nora.post(url("api_key_revoke", bakery, key_id=new.key.pk))
    assert authenticate_key(new.text) is None
    assert not ApiKeyIndex.objects.exists()
    with business_scope(bakery):
        assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True))[-2:] == [
            "api_key_made",
            "api_key_revoked",
        ]


def test_sec_28_a_key_is_over_after_its_last_day(nora, bakery):
    new = make_key(bakery, nora, expires_at=timezone.now() + timedelta(days=1))
    assert authenticate_key(new.text) is not None
    with time_machine.travel(timezone.now() + timedelta(days=1, seconds=1), tick=False):
        assert authenticate_key(new.text) is None


def test_sec_28_two_keys_work_side_by_side_until_the_old_one_is_ended(as_nora, nora, bakery):
    old, new = make_key(bakery, nora), make_key(bakery, nora)
    assert authenticate_key(old.text) is not None
    assert authenticate_key(new.text) is not None
    as_nora.post(url("api_key_revoke", bakery, key_id=old.key.pk))
    assert authenticate_key(old.text) is None
    assert authenticate_key(new.text) is not None


def test_sec_28_the_list_shows_when_and_from_where_a_key_was_used(as_nora, nora, bakery):
    new = make_key(bakery, nora)
    with business_scope(bakery):
        note_use(new.key, ip="203.0.113.5")
    assert "203.0.113.5" in as_nora.get(url("api_key_list", bakery)).content.decode()


def test_a_key_of_a_member_whose_days_are_over_opens_nothing(nora, bakery):
    other = make_member(bakery, Role.OWNER)
    new = make_key(bakery, other)
    with business_scope(bakery):
        Membership.objects.filter(user=other).update(expires_at=timezone.now() - timedelta(days=1), role=Role.STAFF)
    assert authenticate_key(new.text) is None


def test_sec_27_a_key_shrinks_with_its_makers_role(nora, bakery):
    other = make_member(bakery, Role.OWNER)
    new = make_key(bakery, other, "contacts:read", "contacts:write")
    with business_scope(bakery):
        Membership.objects.filter(user=other).update(role=Role.HELPER)
    _business_id, key = authenticate_key(new.text)
    assert allows(key, Scope.CONTACTS_READ)
    assert not allows(key, Scope.CONTACTS_WRITE)
    assert not allows(key, Scope.INTERACTIONS_WRITE)


def test_sec_27_a_key_cannot_be_allowed_more_than_its_maker(bakery):
    sam = make_member(bakery, Role.HELPER)
    with pytest.raises(NotAllowed):
        make_key(bakery, sam, "contacts:write")
    with pytest.raises(NotAllowed):
        make_key(bakery, sam, "keys:manage")
    with business_scope(bakery):
        assert not ApiKey.objects.exists()


def test_a_key_for_nothing_is_refused(nora, bakery):
    with business_scope(bakery, nora), pytest.raises(Invalid):
        make_api_key(name="Till", scopes=[], expires_at=None, actor=membership_of(bakery, nora))


def test_a_form_without_scopes_or_with_unknown_ones_makes_no_key(as_nora, bakery):
    for scopes in ([], ["keys:manage"]):
        response = as_nora.post(url("api_key_new", bakery), {"name": "Till", "scopes": scopes})
        assert response.status_code == 422
    assert not ApiKeyIndex.objects.exists()


def test_last_use_is_noted_once_a_minute(nora, bakery):
    new = make_key(bakery, nora)
    with business_scope(bakery):
        note_use(new.key, ip="203.0.113.5")
        first = ApiKey.objects.get()
        note_use(first, ip="203.0.113.6")
        assert ApiKey.objects.get().last_used_ip == "203.0.113.5"
        assert ApiKey.objects.get().last_used_at == first.last_used_at


def test_keys_of_another_business_are_not_there(as_gus, nora, bakery, garage):
    new = make_key(bakery, nora)
    assert as_gus.post(url("api_key_revoke", garage, key_id=new.key.pk)).status_code == 404
    assert "Till" not in as_gus.get(url("api_key_list", garage)).content.decode()
    assert authenticate_key(new.text) is not None


def test_making_a_key_asks_again_who_is_there_after_a_quarter_of_an_hour(as_nora, bakery):
    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=False):
        response = as_nora.post(url("api_key_new", bakery), {"name": "Till", "scopes": ["contacts:read"]})
    assert response.url.startswith(reverse("account_reauthenticate"))
    assert not ApiKeyIndex.objects.exists()


def test_command_prints_a_key_that_works_and_nothing_else(nora, bakery):
    out = StringIO()
    call_command(
        "api_key", business=bakery.slug, user="Nora@example.com", scopes=["contacts:read", "stages:write"], stdout=out
    )
    business_id, key = authenticate_key(out.getvalue().strip())
    assert business_id == bakery.pk
    assert key.scopes == ["contacts:read", "stages:write"]


def test_command_refuses_a_stranger(gus, bakery, garage):
    with pytest.raises(CommandError, match="not in the team"):
        call_command("api_key", business=bakery.slug, user=gus.email, scopes=["contacts:read"])
    assert not ApiKeyIndex.objects.exists()


def test_garage_owner_signed_in_sees_no_key_page_of_the_bakery(as_gus, bakery):
    assert as_gus.get(url("api_key_list", bakery)).status_code == 404
    assert Client().get(url("api_key_list", bakery)).status_code == 302


def test_a_key_that_ends_within_a_week_is_told_once_to_its_maker_and_the_owners(bakery, nora, sam):
    now = timezone.now()
    manager = make_member(bakery, "manager", make_user("Theo Hart"))
    with business_scope(bakery, nora):
        owner = Membership.objects.get(user=nora)
        make_api_key(name="Till", scopes=["contacts:read"], expires_at=now + timedelta(days=20), actor=owner)
        make_api_key(name="Shop", scopes=["contacts:read"], expires_at=now + timedelta(days=40), actor=owner)
        make_api_key(name="For ever", scopes=["contacts:read"], expires_at=None, actor=owner)
    told = {"kind": "api_key_ends"}
    following = work_api_keys(bakery.pk, now)
    assert following == now + timedelta(days=13)
    with business_scope(bakery):
        assert not Notice.objects.filter(**told).exists()
    for _turn in range(2):
        assert work_api_keys(bakery.pk, now + timedelta(days=13)) == now + timedelta(days=33)
    with business_scope(bakery):
        notice = Notice.objects.get(**told)
        assert notice.member.user_id == nora.pk
        assert "“Till”" in notice.about
        assert Membership.objects.filter(user=manager).get().unread_notices == 0
