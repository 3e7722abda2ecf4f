"""Associates, vendors and partners: beside the ladder, from a day to a day."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from contacts.events import RoleAssigned, RoleEnded
from contacts.models import Interaction, RoleAssignment
from contacts.services.roles import assign_role, end_role, reopen_role
from ecosystem.base.clock import now
from ecosystem.base.errors import Invalid
from ecosystem.base.events import on
from ecosystem.base.tenancy import business_scope
from ecosystem.queries.tallies import tally
from tests.factories.contacts import make_contact, make_organization, make_role, make_talk


def url(business, contact, name="role_assign", **more):
    return reverse(f"contacts:{name}", kwargs={"slug": business.slug, "id": contact.pk, **more})


def test_a_client_becomes_a_vendor_and_stays_a_client(as_nora, bakery, ana):
    heard = []
    on(RoleAssigned)(heard.append)
    page = as_nora.post(url(bakery, ana), {"kind": "vendor"}, follow=True).content.decode()
    assert "Ana Ruiz is one of your Vendors." in page
    assert "Became: Vendor" in page
    with business_scope(bakery):
        role = RoleAssignment.objects.get(contact=ana)
        ana.refresh_from_db()
        assert (ana.stage, role.kind, role.ended_at) == ("prospect", "vendor", None)
        assert (tally("people_by_role", "vendor"), tally("people_by_stage", "prospect")) == (1, 1)
    assert [event.kind for event in heard] == ["vendor"]


def test_who_is_a_vendor_already_stays_the_same_one(in_bakery, ana):
    first = make_role(in_bakery, ana)
    assert assign_role("vendor", contact=ana, actor=None, now=now()).pk == first.pk
    assert tally("people_by_role", "vendor") == 1
    assert Interaction.objects.filter(contact=ana, kind="role_change").count() == 1


def test_a_part_ends_is_counted_out_and_can_be_taken_back(as_nora, bakery, ana):
    heard = []
    on(RoleEnded)(heard.append)
    role = make_role(bakery, ana)
    ending = url(bakery, ana, "role_end", role_id=role.pk)
    for _ in range(2):
        page = as_nora.post(ending, follow=True).content.decode()
    reopening = url(bakery, ana, "role_reopen", role_id=role.pk)
    assert f'action="{reopening}"' in page
    with business_scope(bakery):
        assert tally("people_by_role", "vendor") == 0
        assert RoleAssignment.objects.get(pk=role.pk).ended_at is not None
    assert len(heard) == 1
    as_nora.post(reopening)
    as_nora.post(reopening)
    with business_scope(bakery):
        assert tally("people_by_role", "vendor") == 1
        assert RoleAssignment.objects.get(pk=role.pk).ended_at is None


def test_an_ended_part_may_begin_anew_with_both_dates_kept(in_bakery, ana):
    former = end_role(make_role(in_bakery, ana), now=now(), actor=None)
    make_role(in_bakery, ana)
    assert RoleAssignment.objects.filter(contact=ana).count() == 2
    assert reopen_role(former, now=now(), actor=None).ended_at is not None
    assert tally("people_by_role", "vendor") == 1


def test_hunger_of_a_new_part_counts_from_the_last_feeding(in_bakery, ana):
    make_talk(in_bakery, ana, days_ago=12)
    assert (now() - make_role(in_bakery, ana).fed_at).days == 12
    ben = make_contact(in_bakery, "Ben Ode", at=now() - timedelta(days=50))
    role = make_role(in_bakery, ben)
    assert role.fed_at == role.started_at > ben.fed_at


def test_a_firm_is_a_vendor_by_its_main_contact(as_nora, bakery, ana):
    mill = make_organization(bakery, "Harbor Mill", main_contact=ana)
    target = reverse("contacts:organization_role", kwargs={"slug": bakery.slug, "id": mill.pk})
    page = as_nora.post(target, {"kind": "vendor"}, follow=True).content.decode()
    assert "Harbor Mill is one of your Vendors." in page
    with business_scope(bakery):
        role = RoleAssignment.objects.get(organization=mill)
        assert role.contact_id == ana.pk


@pytest.mark.parametrize(
    ("is_context", "sentence"),
    [(False, "Choose a main contact first: people are fed, firms are not."), (True, "This one is only context.")],
)
def test_a_firm_that_nobody_stands_for_is_refused(as_nora, bakery, is_context, sentence):
    mill = make_organization(bakery, "Harbor Mill", is_context=is_context)
    target = reverse("contacts:organization_role", kwargs={"slug": bakery.slug, "id": mill.pk})
    assert sentence in as_nora.post(target, {"kind": "vendor"}, follow=True).content.decode()
    with business_scope(bakery):
        assert not RoleAssignment.objects.filter(kind="vendor").exists()


def test_the_ladder_is_never_a_part_beside_it(as_nora, in_bakery, ana):
    for kind in ("client", "king", ""):
        with pytest.raises(Invalid):
            assign_role(kind, contact=ana, actor=None, now=now())
    assert "Choose what they are to you." in as_nora.post(url(in_bakery, ana), {}, follow=True).content.decode()


def test_the_database_keeps_one_open_part_of_a_kind(in_bakery, ana):
    make_role(in_bakery, ana)
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleAssignment.objects.create(contact=ana, kind="vendor")


def test_somebody_elses_part_is_not_found(as_nora, bakery, garage, ana):
    theirs = make_role(garage, make_contact(garage, "Bo Bolt"))
    ben = make_role(bakery, make_contact(bakery, "Ben Ode"))
    for role_id in (theirs.pk, ben.pk, uuid4()):
        assert as_nora.post(url(bakery, ana, "role_end", role_id=role_id)).status_code == 404
    with business_scope(garage):
        assert RoleAssignment.objects.get(pk=theirs.pk).ended_at is None
