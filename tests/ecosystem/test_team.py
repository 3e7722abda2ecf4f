"""The team page: roles, last days, leaving."""

from datetime import timedelta

import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts.models import Contact
from ecosystem.base.access import Role
from ecosystem.base.tenancy import business_scope
from ecosystem.models import ApiKey, ApiKeyIndex, AuditEntry, Business, Invitation, Membership, User
from ecosystem.services.api_keys import authenticate_key, make_api_key
from ecosystem.services.invitations import invite
from tests.factories.ecosystem import make_member, membership_of, sign_in


def url(name: str, business: Business, **more: object) -> str:
    return reverse(f"ecosystem:{name}", kwargs={"slug": business.slug, **more})


def edit_url(business: Business, user: User) -> str:
    return url("member_edit", business, membership_id=membership_of(business, user).pk)


def remove_url(business: Business, user: User) -> str:
    return url("member_remove", business, membership_id=membership_of(business, user).pk)


def test_team_page_lists_everybody_with_their_role(as_sam, bakery, garage):
    page = as_sam.get(url("team", bakery)).content.decode()
    assert "Nora Bell" in page
    assert "Sam Reed" in page
    assert "Gus Hale" not in page
    assert "Invite somebody" not in page


def test_a_new_role_counts_from_the_next_request(as_nora, as_sam, sam, bakery):
    assert as_sam.get(url("kind_list", bakery)).status_code == 403
    as_nora.post(edit_url(bakery, sam), {"role": "manager", "until": ""})
    assert as_sam.get(url("kind_list", bakery)).status_code == 200
    with business_scope(bakery):
        entry = AuditEntry.objects.get(action="member_changed")
        assert entry.details == {"role": "manager", "until": None}


def test_a_removed_member_is_a_stranger_at_the_next_request_and_their_keys_end(as_nora, bakery):
    max_ = make_member(bakery, Role.MANAGER)
    client = sign_in(Client(), max_)
    member = membership_of(bakery, max_)
    owner_like = make_member(bakery, Role.OWNER)
    with business_scope(bakery, owner_like):
        key = make_api_key(
            name="Till", scopes=["contacts:read"], expires_at=None, actor=membership_of(bakery, owner_like)
        )
        invite(email="new@example.com", role="staff", actor=member)
    assert client.get(url("team", bakery)).status_code == 200
    assert as_nora.post(remove_url(bakery, max_)).status_code == 302
    assert as_nora.post(remove_url(bakery, owner_like)).status_code == 302
    assert client.get(url("team", bakery)).status_code == 404
    assert authenticate_key(key.text) is None
    with business_scope(bakery):
        assert Invitation.objects.get().revoked_at is not None
        assert not ApiKey.objects.exists()
        assert not ApiKeyIndex.objects.exists()
        assert AuditEntry.objects.filter(action="member_removed").count() == 2


def test_the_last_owner_can_neither_leave_nor_become_something_else(as_nora, nora, bakery):
    assert as_nora.post(remove_url(bakery, nora)).status_code == 409
    response = as_nora.post(edit_url(bakery, nora), {"role": "staff", "until": ""})
    assert response.status_code == 422
    assert membership_of(bakery, nora).role == Role.OWNER


def test_one_of_two_owners_may_go_and_lands_outside(as_nora, nora, bakery):
    make_member(bakery, Role.OWNER)
    assert as_nora.post(remove_url(bakery, nora)).url == "/"
    assert as_nora.get(url("team", bakery)).status_code == 404


def test_an_adviser_reads_along_until_the_end_of_their_last_day(as_nora, bakery):
    ada = make_member(bakery, Role.ADVISER)
    until = timezone.now() + timedelta(days=3)
    as_nora.post(edit_url(bakery, ada), {"role": "adviser", "until": until.strftime("%Y-%m-%d")})
    client = sign_in(Client(), ada)
    assert client.get(url("team", bakery)).status_code == 200
    assert client.get(url("kind_list", bakery)).status_code == 403
    with time_machine.travel(timezone.now() + timedelta(days=5), tick=False):
        assert sign_in(Client(), ada).get(url("team", bakery)).status_code == 404


def test_a_last_day_in_the_past_is_refused_and_changes_nothing(as_nora, sam, bakery):
    response = as_nora.post(edit_url(bakery, sam), {"role": "helper", "until": "2020-01-01"})
    assert response.status_code == 422
    assert response.context["form"].errors.keys() == {"until"}
    assert membership_of(bakery, sam).role == Role.STAFF


def test_an_owner_has_no_last_day(as_nora, sam, bakery):
    tomorrow = (timezone.now() + timedelta(days=9)).strftime("%Y-%m-%d")
    response = as_nora.post(edit_url(bakery, sam), {"role": "owner", "until": tomorrow})
    assert response.context["form"].errors.keys() == {"until"}
    assert membership_of(bakery, sam).role == Role.STAFF


def test_a_manager_neither_makes_owners_nor_touches_one(nora, sam, bakery):
    client = sign_in(Client(), make_member(bakery, Role.MANAGER))
    assert client.post(edit_url(bakery, sam), {"role": "owner", "until": ""}).status_code == 422
    assert client.post(edit_url(bakery, nora), {"role": "staff", "until": ""}).status_code == 422
    assert client.post(remove_url(bakery, nora)).status_code == 403
    assert membership_of(bakery, sam).role == Role.STAFF
    assert membership_of(bakery, nora).role == Role.OWNER


def test_member_of_another_business_is_not_there(as_nora, bakery, gus, garage):
    assert as_nora.get(edit_url(garage, gus)).status_code == 404
    foreign = membership_of(garage, gus).pk
    assert as_nora.get(url("member_edit", bakery, membership_id=foreign)).status_code == 404
    assert as_nora.post(url("member_remove", bakery, membership_id=foreign)).status_code == 404
    with business_scope(garage):
        assert Membership.objects.count() == 1


def test_changing_the_team_asks_again_who_is_there_after_a_quarter_of_an_hour(as_nora, sam, bakery):
    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=False):
        response = as_nora.post(remove_url(bakery, sam))
        assert response.url.startswith(reverse("account_reauthenticate"))
    assert membership_of(bakery, sam).role == Role.STAFF


def owner_of(business: Business, contact: Contact) -> str:
    """Who looks after a person."""
    with business_scope(business):
        return str(Contact.objects.select_related("owner__user").get(pk=contact.pk).owner.user)


def give_to(business: Business, contact: Contact, user: User) -> None:
    member = membership_of(business, user)
    with business_scope(business):
        Contact.objects.filter(pk=contact.pk).update(owner=member)


def test_sec_22_removal_ends_pages_keys_and_invitations_at_the_next_request(as_nora, bakery):
    """And it is the membership that is asked, not the session: the login itself stays."""
    other = make_member(bakery, Role.OWNER)
    client, member = sign_in(Client(), other), membership_of(bakery, other)
    with business_scope(bakery, other):
        key = make_api_key(name="Till", scopes=["contacts:read"], expires_at=None, actor=member)
        invitation = invite(email="new@example.com", role="staff", actor=member)
    program = Client(headers={"authorization": f"Bearer {key.text}"})
    assert client.get(url("today", bakery)).status_code == program.get("/api/v1/contacts").status_code == 200
    assert as_nora.post(remove_url(bakery, other)).status_code == 302
    assert client.get(url("today", bakery)).status_code == 404
    assert program.get("/api/v1/contacts").status_code == 401
    with business_scope(bakery):
        assert Invitation.objects.get(pk=invitation.pk).revoked_at is not None
    assert client.get(reverse("ecosystem:business_choice")).status_code == 200


def test_whom_somebody_looked_after_goes_to_the_chosen_member(as_nora, sam, ana, bakery):
    max_ = make_member(bakery, Role.MANAGER)
    give_to(bakery, ana, sam)
    as_nora.post(remove_url(bakery, sam), {"heir": str(membership_of(bakery, max_).pk)})
    assert owner_of(bakery, ana) == str(max_)


def test_without_a_choice_they_go_to_whoever_removes(as_nora, nora, sam, ana, bakery):
    give_to(bakery, ana, sam)
    as_nora.post(remove_url(bakery, sam))
    assert owner_of(bakery, ana) == str(nora)


def test_an_heir_of_another_business_is_refused_and_nobody_goes(as_nora, sam, bakery, gus, garage):
    response = as_nora.post(remove_url(bakery, sam), {"heir": str(membership_of(garage, gus).pk)})
    assert response.url == edit_url(bakery, sam)
    assert membership_of(bakery, sam).role == Role.STAFF


def test_the_page_of_a_member_offers_everybody_else_as_heir(as_nora, sam, bakery):
    names = [label for _value, label in as_nora.get(edit_url(bakery, sam)).context["leaving"].fields["heir"].choices]
    assert names == ["Nora Bell"]


def test_every_role_may_leave_by_itself_and_an_owner_inherits(nora, bakery, ana):
    for role in (Role.MANAGER, Role.STAFF, Role.HELPER, Role.ADVISER):
        member = make_member(bakery, role)
        give_to(bakery, ana, member)
        client = sign_in(Client(), member)
        assert "Nora Bell" in client.get(url("team_leave", bakery)).content.decode()
        assert client.post(url("team_leave", bakery), {"sure": "yes"}).url == "/"
        assert client.get(url("today", bakery)).status_code == 404
        assert owner_of(bakery, ana) == "Nora Bell"
    with business_scope(bakery):
        assert AuditEntry.objects.filter(action="member_left").count() == 4


def test_the_only_owner_is_told_what_to_do_before_leaving(as_nora, nora, bakery):
    assert "make somebody else owner first" in as_nora.get(url("team_leave", bakery)).content.decode().lower()
    assert as_nora.post(url("team_leave", bakery), {"sure": "yes"}).status_code == 409
    assert membership_of(bakery, nora).role == Role.OWNER


def test_the_team_page_says_when_each_was_seen(as_nora, as_sam, sam, bakery):
    assert "Not yet" in as_nora.get(url("team", bakery)).content.decode()
    as_sam.get(url("team", bakery))
    assert "Not yet" not in as_nora.get(url("team", bakery)).content.decode()
    seen = membership_of(bakery, sam).seen_at
    as_sam.get(url("team", bakery))
    assert membership_of(bakery, sam).seen_at == seen
    with time_machine.travel(timezone.now() + timedelta(minutes=6), tick=False):
        as_sam.get(url("team", bakery))
    assert membership_of(bakery, sam).seen_at > seen
