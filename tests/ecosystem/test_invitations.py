"""Invitations: bound to an address, used once, for seven days, never for more than the inviter may."""

import hashlib
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ecosystem.base.access import Role
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AccountEmail, AuditEntry, Business, Invitation, Membership, User
from ecosystem.services.invitations import read_invitation_link
from tests.ecosystem.test_accounts import letters, link_in
from tests.factories.ecosystem import make_member, make_user, membership_of, sign_in


def url(name: str, business: Business, **more: object) -> str:
    return reverse(f"ecosystem:{name}", kwargs={"slug": business.slug, **more})


def send(client: Client, business: Business, email: str = "ana@example.com", role: str = "staff"):
    return client.post(url("team_invite", business), {"email": email, "role": role})


def only_invitation(business: Business) -> Invitation:
    with business_scope(business):
        return Invitation.objects.latest("id")


def team_of(business: Business) -> dict[str, str]:
    with business_scope(business):
        return dict(Membership.objects.values_list("user__email", "role"))


def test_an_invited_address_joins_with_the_promised_role(as_nora, bakery):
    assert send(as_nora, bakery).status_code == 302
    (letter,) = letters()
    assert letter["to"] == "ana@example.com"
    assert "Nora Bell" in letter["subject"]
    link = link_in(letter)
    ana = sign_in(Client(), make_user("Ana", email="ana@example.com"))
    for _look in range(5):
        assert "Join the team" in ana.get(link).content.decode()
    assert "ana@example.com" not in team_of(bakery)
    assert ana.post(link).url == url("today", bakery)
    assert team_of(bakery)["ana@example.com"] == "staff"
    with business_scope(bakery):
        assert {"invitation_sent", "member_joined", "invitation_accepted"} <= set(
            AuditEntry.objects.values_list("action", flat=True)
        )


def test_somebody_new_makes_a_login_and_comes_back_to_the_invitation(as_nora, bakery):
    send(as_nora, bakery)
    link = link_in(letters()[0])
    ana = Client()
    page = ana.get(link)
    signup = page.context["signup_url"]
    ana.post(signup, {"name": "Ana", "email": "ana@example.com", "password1": "a long walk home", "next": link})
    confirmed = ana.post(link_in(letters()[1]))
    assert confirmed.url == link
    assert ana.post(link).url == url("today", bakery)
    assert team_of(bakery)["ana@example.com"] == "staff"


def test_a_used_link_opens_nothing_any_more(as_nora, bakery):
    send(as_nora, bakery)
    link = link_in(letters()[0])
    ana = sign_in(Client(), make_user("Ana", email="ana@example.com"))
    ana.post(link)
    for response in (ana.get(link), ana.post(link), Client().get(link)):
        assert response.status_code == 404
        assert "This invitation is over" in response.content.decode()


def test_a_visitor_who_posts_is_led_to_the_login(as_nora, bakery):
    send(as_nora, bakery)
    response = Client().post(link_in(letters()[0]))
    assert response.url.startswith(reverse("account_login"))
    assert len(team_of(bakery)) == 1


def test_another_address_cannot_use_a_forwarded_invitation(as_nora, bakery, as_gus):
    send(as_nora, bakery)
    link = link_in(letters()[0])
    assert "Log out" in as_gus.get(link).content.decode()
    assert as_gus.post(link).status_code == 403
    assert list(team_of(bakery)) == ["nora@example.com"]
    assert only_invitation(bakery).accepted_at is None


def test_the_invited_address_must_be_verified(as_nora, bakery):
    send(as_nora, bakery)
    unverified = sign_in(Client(), make_user("Ana", email="ana@example.com", verified=False))
    assert unverified.post(link_in(letters()[0])).status_code == 403
    assert list(team_of(bakery)) == ["nora@example.com"]


def test_a_link_is_over_after_seven_days(as_nora, bakery):
    send(as_nora, bakery)
    link = link_in(letters()[0])
    ana = make_user("Ana", email="ana@example.com")
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1), tick=False):
        assert sign_in(Client(), ana).post(link).status_code == 404
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23), tick=False):
        assert sign_in(Client(), ana).post(link).status_code == 302


def test_forged_and_broken_tokens_open_nothing(as_nora, bakery, garage):
    send(as_nora, bakery)
    token = link_in(letters()[0]).split("/")[2]
    ana = sign_in(Client(), make_user("Ana", email="ana@example.com"))
    for bad in (token[:-4] + "AAAA", "B" + token[1:], token[:40], "x", "%00", token + "A"):
        assert ana.post(f"/invitations/{bad}/").status_code == 404, bad
    assert len(team_of(bakery)) == 1


def test_the_secret_stands_in_the_letter_alone(as_nora, bakery):
    send(as_nora, bakery)
    kept = only_invitation(bakery).secret_hash
    assert len(kept) == len(hashlib.sha256().hexdigest())
    token = link_in(letters()[0]).split("/")[2]
    assert token.encode() not in bytes(AccountEmail.objects.get().sealed)


def test_a_taken_back_link_stops_at_once(as_nora, bakery):
    send(as_nora, bakery)
    link = link_in(letters()[0])
    as_nora.post(url("invitation_revoke", bakery, invitation_id=only_invitation(bakery).pk))
    assert sign_in(Client(), make_user("Ana", email="ana@example.com")).post(link).status_code == 404


def test_sec_22_the_invitation_of_whoever_may_not_sign_in_any_more_opens_nothing(as_nora, bakery, nora):
    send(as_nora, bakery)
    link, ana = link_in(letters()[0]), sign_in(Client(), make_user("Ana", email="ana@example.com"))
    User.objects.filter(pk=nora.pk).update(is_active=False)
    assert ana.post(link).status_code == 404
    assert "It was taken back." in ana.get(link).content.decode()
    assert "ana@example.com" not in team_of(bakery)
    User.objects.filter(pk=nora.pk).update(is_active=True)
    assert ana.post(link).status_code == 302


def test_sending_again_makes_a_new_link_and_ends_the_old_one(as_nora, bakery):
    send(as_nora, bakery)
    as_nora.post(url("invitation_resend", bakery, invitation_id=only_invitation(bakery).pk))
    old, new = [link_in(letter) for letter in letters()]
    ana = sign_in(Client(), make_user("Ana", email="ana@example.com"))
    assert ana.post(old).status_code == 404
    assert ana.post(new).status_code == 302


def test_inviting_the_same_address_twice_leaves_one_open_invitation(as_nora, bakery):
    send(as_nora, bakery)
    send(as_nora, bakery, role="helper")
    with business_scope(bakery):
        assert Invitation.objects.filter(revoked_at=None).get().role == Role.HELPER


def test_nobody_invites_to_more_rights_than_they_have(bakery, nora):
    manager = sign_in(Client(), make_member(bakery, Role.MANAGER))
    response = send(manager, bakery, role="owner")
    assert response.status_code == 422
    assert letters() == []


def test_an_inviter_who_lost_the_right_cannot_let_anybody_in_any_more(as_nora, bakery):
    max_ = make_member(bakery, Role.MANAGER)
    send(sign_in(Client(), max_), bakery, role="manager")
    link = link_in(letters()[0])
    as_nora.post(
        url("member_edit", bakery, membership_id=membership_of(bakery, max_).pk), {"role": "helper", "until": ""}
    )
    assert sign_in(Client(), make_user("Ana", email="ana@example.com")).post(link).status_code == 404


def test_somebody_in_the_team_is_not_invited_again(as_nora, sam, bakery):
    response = send(as_nora, bakery, email=sam.email)
    assert response.context["form"].errors.keys() == {"email"}
    assert letters() == []


def test_invitations_of_another_business_are_not_there(as_gus, as_nora, bakery, garage):
    send(as_nora, bakery)
    invitation = only_invitation(bakery)
    for name in ("invitation_resend", "invitation_revoke"):
        assert as_gus.post(url(name, garage, invitation_id=invitation.pk)).status_code == 404
    assert only_invitation(bakery).revoked_at is None
    assert len(letters()) == 1


def test_inviting_looks_the_same_whether_the_address_has_a_login_or_not(as_nora, bakery):
    make_user("Ana", email="known@example.com")
    answers = [send(as_nora, bakery, email=email) for email in ("known@example.com", "nobody@example.com")]
    assert [(answer.status_code, answer.url) for answer in answers] == [(302, url("team", bakery))] * 2
    assert User.objects.count() == 2


@pytest.mark.parametrize("how", ["used", "revoked", "late", "replaced", "cut"])
def test_sec_23_a_link_that_is_over_says_why_in_plain_words(as_nora, bakery, how):
    send(as_nora, bakery)
    link = link_in(letters()[0])
    asked, at = link, timezone.now()
    invitation_id = only_invitation(bakery).pk
    if how == "used":
        sign_in(client := Client(), make_user("Ana", email="ana@example.com"))
        client.post(link)
    elif how == "revoked":
        as_nora.post(url("invitation_revoke", bakery, invitation_id=invitation_id))
    elif how == "late":
        at += timedelta(days=7, seconds=1)
    elif how == "replaced":
        as_nora.post(url("invitation_resend", bakery, invitation_id=invitation_id))
    else:
        asked = link[:-4] + "x/"
    with time_machine.travel(at, tick=False):
        page = Client().get(asked)
    assert page.status_code == 404
    words = {
        "used": "used already",
        "revoked": "taken back",
        "late": "older than seven days",
        "replaced": "newer letter",
        "cut": "not whole",
    }
    assert words[how] in page.content.decode()


def test_sec_23_the_table_holds_a_hash_of_the_secret_alone(as_nora, bakery):
    send(as_nora, bakery)
    token = link_in(letters()[0]).rstrip("/").rpartition("/")[2]
    link = read_invitation_link(token)
    row = only_invitation(bakery)
    assert row.secret_hash == hashlib.sha256(link.secret).hexdigest()
    assert len(link.secret) * 8 >= 128
    assert row.expires_at - timezone.now() > timedelta(days=6, hours=23)
    assert row.expires_at - timezone.now() <= timedelta(days=7)


def test_sec_23_an_inviter_whose_last_day_is_over_lets_nobody_in(as_nora, bakery):
    boss = make_member(bakery, Role.MANAGER)
    send(sign_in(Client(), boss), bakery)
    with business_scope(bakery):
        Membership.objects.filter(user=boss).update(expires_at=timezone.now())
    ana = sign_in(Client(), make_user("Ana", email="ana@example.com"))
    assert ana.post(link_in(letters()[0])).status_code == 404
    assert "ana@example.com" not in team_of(bakery)
