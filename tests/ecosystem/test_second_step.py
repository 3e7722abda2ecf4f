"""Two-step sign-in: codes that work once, factors that end what a password opened, teams that ask for it."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import unquote

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ecosystem.base.access import Role
from ecosystem.base.tenancy import business_scope
from ecosystem.middleware import forget_businesses
from ecosystem.models import AccountEmail, BusinessProfile, Invitation, SecurityEvent, User
from ecosystem.second_step import take_code
from ecosystem.services.api_keys import authenticate_key, make_api_key
from ecosystem.services.invitations import invite
from tests.ecosystem.test_accounts import is_signed_in, letters, log_in
from tests.factories.ecosystem import make_member, make_user, membership_of, sign_in

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
ACTIVATE, DEACTIVATE = reverse("mfa_activate_totp"), reverse("mfa_deactivate_totp")
SECOND = reverse("mfa_authenticate")


def code_at(secret: str = SECRET, steps: int = 0) -> str:
    """What the app shows now, or so many half minutes from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def give_second_step(user: User) -> list[str]:
    """Two-step sign-in as after setting it up; the recovery codes."""
    TOTP.activate(user, SECRET)
    return RecoveryCodes.activate(user).get_unused_codes()


@pytest.fixture
def secured(db) -> User:
    user = make_user("Ana", email="ana@example.com")
    user.codes = give_second_step(user)
    return user


def halfway_in(user: User) -> Client:
    """A browser that has given the password and is asked for the code."""
    client = Client()
    assert log_in(client, user.email).url == SECOND
    assert not is_signed_in(client)
    return client


def just_in(user: User) -> Client:
    """A browser that signed in by password a moment ago."""
    client = Client()
    log_in(client, user.email)
    return client


def give(client: Client, code: str):
    return client.post(SECOND, {"code": code})


def test_sec_25_setting_it_up_draws_the_square_here_and_shows_codes_once_saved(nora):
    as_nora = just_in(nora)
    page = as_nora.get(ACTIVATE)
    assert page.context["totp_svg_data_uri"].startswith("data:image/svg+xml")
    assert "http" not in page["Content-Security-Policy"].replace("http://testserver", "")
    assert "<svg" in unquote(page.context["totp_svg_data_uri"]) or "base64" in page.context["totp_svg_data_uri"]
    secret = page.context["form"].secret
    assert as_nora.post(ACTIVATE, {"code": "000000"}).status_code == 200
    assert not Authenticator.objects.filter(user=nora).exists()
    done = as_nora.post(ACTIVATE, {"code": code_at(secret)})
    assert done.status_code == 302
    codes = as_nora.get(done.url).context["unused_codes"]
    assert len(codes) == 10
    kinds = set(Authenticator.objects.filter(user=nora).values_list("type", flat=True))
    assert kinds == {Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES}


def test_sec_63_seeds_lie_sealed(secured):
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert SECRET not in stored
    assert not any(code in stored for code in secured.codes)
    call_command("reseal")
    assert take_code(secured, code_at()) is not None


def test_sec_21_the_session_id_is_new_after_the_second_step(secured):
    client = halfway_in(secured)
    before = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert give(client, code_at()).status_code == 302
    assert is_signed_in(client)
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != before


def test_sec_25_a_used_code_is_refused_also_after_redis_was_emptied(secured):
    code = code_at()
    give(halfway_in(secured), code)
    cache.clear()
    client = halfway_in(secured)
    assert give(client, code).status_code == 200
    assert not is_signed_in(client)


def test_sec_25_the_code_that_set_it_up_opens_nothing(nora):
    as_nora = just_in(nora)
    secret = as_nora.get(ACTIVATE).context["form"].secret
    code = code_at(secret)
    as_nora.post(ACTIVATE, {"code": code})
    client = halfway_in(nora)
    give(client, code)
    assert not is_signed_in(client)


def test_sec_25_a_phone_that_is_half_a_minute_off_is_understood(secured):
    client = halfway_in(secured)
    give(client, code_at(steps=-1))
    assert is_signed_in(client)


@pytest.mark.django_db(transaction=True)
def test_sec_25_two_that_ask_with_one_code_at_the_same_moment_do_not_both_get_in():
    user = make_user("Ana")
    codes = give_second_step(user)

    def ask(code: str) -> bool:
        try:
            return take_code(user, code) is not None
        finally:
            connection.close()

    for code in (code_at(), codes[0]):
        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(ask, [code] * 8)) == 1


def test_sec_25_a_recovery_code_works_once_and_the_others_stay(secured):
    first, second = secured.codes[:2]
    client = halfway_in(secured)
    give(client, first)
    assert is_signed_in(client)
    again = halfway_in(secured)
    give(again, first)
    assert not is_signed_in(again)
    give(again, second)
    assert is_signed_in(again)


def test_sec_48_five_wrong_codes_and_none_is_taken_any_more(secured):
    client = halfway_in(secured)
    for _try in range(5):
        give(client, "000000")
    refused = give(client, code_at())
    assert "That was a lot of tries" in refused.content.decode()
    assert not is_signed_in(client)
    other = halfway_in(secured)
    give(other, secured.codes[0])
    assert not is_signed_in(other)
    assert not SecurityEvent.objects.filter(kind="login").exists()


def test_sec_48_ten_wrong_codes_from_one_address_and_it_is_heard_no_more(db):
    for number in range(2):
        user = make_user(f"Ana {number}", email=f"ana{number}@example.com")
        give_second_step(user)
        client = halfway_in(user)
        for _try in range(5):
            assert "That was a lot of tries" not in give(client, "000000").content.decode()
    neighbour = make_user("Gus", email="gus@example.com")
    assert "That was a lot of tries" in log_in(Client(), neighbour.email).content.decode()
    assert log_in(Client(REMOTE_ADDR="203.0.113.7"), neighbour.email).status_code == 302


def test_sec_22_turning_it_on_or_off_ends_other_sessions_keys_and_invitations(nora, bakery):
    here, owner = just_in(nora), membership_of(bakery, nora)
    secret = here.get(ACTIVATE).context["form"].secret
    changes = [(ACTIVATE, {"code": code_at(secret)}), (DEACTIVATE, {})]
    for address, sent in changes:
        there = sign_in(Client(), User.objects.get(pk=nora.pk))
        with business_scope(bakery, nora):
            key = make_api_key(name="Till", scopes=["contacts:read"], expires_at=None, actor=owner)
            invitation = invite(email="new@example.com", role="staff", actor=owner)
        assert is_signed_in(there)
        assert here.post(address, sent).status_code == 302, address
        assert is_signed_in(here)
        assert not is_signed_in(there)
        assert authenticate_key(key.text) is None
        with business_scope(bakery):
            assert Invitation.objects.get(pk=invitation.pk).revoked_at is not None
    assert not Authenticator.objects.filter(user=nora).exists()


def test_sec_25_turning_it_off_asks_again_who_is_there(secured):
    client = halfway_in(secured)
    give(client, code_at())
    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=False):
        assert reverse("account_reauthenticate").split("/")[1] in client.post(DEACTIVATE).url
    assert Authenticator.objects.filter(user=secured, type=Authenticator.Type.TOTP).exists()


def test_a_lost_phone_has_a_way_that_tells_and_ends_everything(secured, capsys):
    client = halfway_in(secured)
    give(client, code_at())
    assert "recovery code" in client.get(reverse("second_step_lost")).content.decode().lower()
    AccountEmail.objects.all().delete()
    call_command("second_step_off", secured.email)
    assert "told by mail" in capsys.readouterr().out
    assert not Authenticator.objects.filter(user=secured).exists()
    assert not is_signed_in(client)
    assert [letter["to"] for letter in letters()] == [secured.email]
    call_command("second_step_off", secured.email)
    assert "off already" in capsys.readouterr().out


def url(name: str, business) -> str:
    return reverse(f"ecosystem:{name}", kwargs={"slug": business.slug})


def ask_for_it(client: Client, business, days: str):
    return client.post(url("team_second_step", business), {"days": days})


def test_sec_25_an_owner_asks_the_whole_team_for_it_after_a_grace(as_nora, nora, as_sam, sam, bakery):
    assert "yourself first" in ask_for_it(as_nora, bakery, "7").content.decode()
    give_second_step(nora)
    assert ask_for_it(as_nora, bakery, "7").status_code == 302
    page = as_sam.get(url("today", bakery))
    assert page.status_code == 200
    assert "you need two-step sign-in" in page.content.decode()
    assert "you need two-step sign-in" not in as_nora.get(url("today", bakery)).content.decode()
    with business_scope(bakery):
        BusinessProfile.objects.update(second_step_from=timezone.now())
    forget_businesses()
    for ask in (as_sam.get, as_sam.post):
        assert ask(url("team", bakery)).url == reverse("ecosystem:second_step_wanted", kwargs={"slug": bakery.slug})
    assert "Oat &amp; Ember" in as_sam.get(as_sam.get(url("team", bakery)).url).content.decode()
    give_second_step(sam)
    assert as_sam.get(url("team", bakery)).status_code == 200
    assert ask_for_it(as_nora, bakery, "off").status_code == 302
    Authenticator.objects.filter(user=sam).delete()
    assert as_sam.get(url("team", bakery)).status_code == 200


def test_what_a_business_asks_for_is_no_matter_of_other_businesses(as_sam, nora, as_nora, bakery, garage):
    make_member(garage, Role.STAFF, membership_of(bakery, nora).user)
    give_second_step(nora)
    ask_for_it(as_nora, bakery, "0")
    assert as_sam.get(url("team", bakery)).status_code == 302
    assert as_sam.get(url("team", garage)).status_code == 404
    wanted = reverse("ecosystem:second_step_wanted", kwargs={"slug": garage.slug})
    assert as_sam.get(wanted).status_code == 404


def test_a_manager_cannot_ask_for_it(bakery):
    manager = sign_in(Client(), make_member(bakery, Role.MANAGER))
    assert manager.get(url("team_second_step", bakery)).status_code == 403
    assert ask_for_it(manager, bakery, "0").status_code == 403
