"""Signing up, in and out: as a browser does it, and as somebody with bad intentions does."""

import json
import re
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ecosystem.base.sealing import unseal
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AccountEmail, ApiKey, Invitation, SecurityEvent, User
from ecosystem.services.api_keys import authenticate_key, make_api_key
from ecosystem.services.invitations import invite
from tests.factories.ecosystem import PASSWORD, make_user, membership_of, sign_in

LOGIN, SIGNUP, RESET = reverse("account_login"), reverse("account_signup"), reverse("account_reset_password")
NEW = {"name": "Ana Ruiz", "email": "ana@example.com", "password1": "a long walk home"}


def letters() -> list[dict[str, str]]:
    """Every queued mail, opened, oldest first."""
    return [json.loads(unseal(row.sealed)) for row in AccountEmail.objects.order_by("pk")]


def link_in(letter: dict[str, str]) -> str:
    """The path of the one link that stands alone on its line."""
    found = re.search(rf"^{re.escape(settings.PUBLIC_URL)}(\S+)$", letter["text"], re.MULTILINE)
    assert found, letter["text"]
    return found[1]


def log_in(client: Client, email: str, password: str = PASSWORD, **more: str):
    return client.post(LOGIN, {"login": email, "password": password, **more})


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("ecosystem:business_choice")).status_code == 200


def masked(response) -> bytes:
    """An answer without its tokens."""
    return re.sub(rb'(nonce-|nonce="|value=")[\w-]{16,}', rb"\1", response.content)


def test_signing_up_needs_the_address_confirmed_and_leads_to_the_first_step(client, db):
    response = client.post(SIGNUP, NEW)
    assert response.url == reverse("account_email_verification_sent")
    assert not is_signed_in(client)
    (letter,) = letters()
    assert letter["to"] == "ana@example.com"
    page = client.get(link_in(letter))
    assert page.status_code == 200
    assert not EmailAddress.objects.get().verified
    response = client.post(link_in(letter))
    assert EmailAddress.objects.get().verified
    assert User.objects.get().name == "Ana Ruiz"
    assert client.get(response.url).url == reverse("ecosystem:business_new")


def test_confirming_in_another_browser_asks_to_sign_in(client, db):
    client.post(SIGNUP, NEW)
    elsewhere = Client()
    elsewhere.post(link_in(letters()[0]))
    assert EmailAddress.objects.get().verified
    assert not is_signed_in(elsewhere)


def test_confirmation_link_survives_being_looked_at_and_not_being_changed(client, db):
    client.post(SIGNUP, NEW)
    link = link_in(letters()[0])
    for _look in range(5):
        assert Client().get(link).status_code == 200
    forged = link[:-3] + "xx/"
    assert Client().post(forged).status_code == 404
    assert not EmailAddress.objects.get().verified
    Client().post(link)
    assert EmailAddress.objects.get().verified


def test_signing_up_with_a_known_address_looks_the_same_and_makes_no_second_login(db):
    make_user("Ana", email="known@example.com")
    answers = {}
    for email in ("known@example.com", "fresh@example.com"):
        client = Client()
        first = client.post(SIGNUP, NEW | {"email": email})
        second = client.get(first.url)
        answers[email] = (first.status_code, first.url, masked(second).replace(email.encode(), b""))
    assert answers["known@example.com"] == answers["fresh@example.com"]
    assert User.objects.count() == 2
    assert [letter["to"] for letter in letters()] == ["known@example.com", "fresh@example.com"]


def test_reset_answers_alike_for_known_and_unknown_addresses(db):
    make_user("Ana", email="known@example.com")
    answers = []
    for email in ("known@example.com", "nobody@example.com"):
        client = Client()
        first = client.post(RESET, {"email": email})
        answers.append((first.status_code, first.url, masked(client.get(first.url))))
    assert answers[0] == answers[1]


def test_wrong_password_and_unknown_address_get_the_same_answer(db):
    make_user("Ana", email="known@example.com")
    known = log_in(Client(), "known@example.com", "wrong password here")
    unknown = log_in(Client(), "nobody@example.com", "wrong password here")
    assert masked(known).replace(b"known@", b"") == masked(unknown).replace(b"nobody@", b"")
    assert known.status_code == unknown.status_code == 200


@pytest.mark.parametrize(
    ("password", "word"),
    [("short", "12"), ("password1234", "common"), ("x" * 11, "12")],
)
def test_weak_passwords_are_refused_and_make_no_login(client, db, password, word):
    response = client.post(SIGNUP, NEW | {"password1": password})
    assert word in str(response.context["form"].errors["password1"])
    assert User.objects.count() == 0


def test_long_passwords_of_words_alone_are_welcome(client, db):
    assert client.post(SIGNUP, NEW | {"password1": "only small words " * 8}).status_code == 302
    assert User.objects.count() == 1


def test_a_filled_honeypot_gets_the_normal_answer_and_makes_nothing(client, db):
    response = client.post(SIGNUP, NEW | {"website": "http://spam.example.com"})
    assert response.url == reverse("account_email_verification_sent")
    assert User.objects.count() == 0
    assert letters() == []


def test_links_in_mails_ignore_a_forged_host(db):
    make_user("Ana", email="known@example.com")
    client = Client(headers={"host": "localhost"})
    client.post(RESET, {"email": "known@example.com"})
    client.post(RESET, {"email": "nobody@example.com"})
    client.post(SIGNUP, NEW)
    found = [letter["text"] + letter["html"] for letter in letters()]
    assert len(found) == 3
    assert all(settings.PUBLIC_URL in text for text in found)
    assert not any("localhost" in text for text in found)


def test_password_set_by_the_mailed_link_ends_every_session_and_works_once(db):
    ana = make_user("Ana", email="ana@example.com")
    signed_in = sign_in(Client(), ana)
    client = Client()
    client.post(RESET, {"email": ana.email})
    link = link_in(letters()[0])
    for _look in range(5):
        form = client.get(link)
    response = client.post(form.url, {"password1": "another long walk", "password2": "another long walk"})
    assert response.status_code == 302
    assert not is_signed_in(signed_in)
    ana.refresh_from_db()
    assert ana.check_password("another long walk")
    again = Client().get(link)
    assert again.status_code == 200
    assert "set-password" not in again.request["PATH_INFO"]
    assert "password_reset" in set(SecurityEvent.objects.values_list("kind", flat=True))


def test_reset_link_is_over_after_an_hour(db):
    ana = make_user("Ana")
    Client().post(RESET, {"email": ana.email})
    link = link_in(letters()[0])
    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=False):
        page = Client().get(link)
    assert page.status_code == 200
    assert "token_fail" in page.context


def test_changing_the_password_ends_sessions_keys_and_invitations(nora, bakery):
    here, there = sign_in(Client(), nora), sign_in(Client(), nora)
    owner = membership_of(bakery, nora)
    with business_scope(bakery, nora):
        key = make_api_key(name="Till", scopes=["contacts:read"], expires_at=None, actor=owner)
        invite(email="new@example.com", role="staff", actor=owner)
    assert authenticate_key(key.text) is not None
    changed = {"oldpassword": PASSWORD, "password1": "a brand new loaf of rye", "password2": "a brand new loaf of rye"}
    assert here.post(reverse("account_change_password"), changed).status_code == 302
    assert not is_signed_in(here)
    assert not is_signed_in(there)
    assert authenticate_key(key.text) is None
    with business_scope(bakery):
        assert ApiKey.objects.get().revoked_at is not None
        assert Invitation.objects.get().revoked_at is not None


def test_five_failures_lock_the_account_and_the_right_password_gets_the_same_answer(db):
    make_user("Ana", email="ana@example.com")
    for _try in range(5):
        assert "do not belong together" in log_in(Client(), "ana@example.com", "wrong password here").content.decode()
    client = Client()
    refused_wrong = log_in(client, "ana@example.com", "wrong password here")
    refused_right = log_in(Client(), "ana@example.com")
    assert masked(refused_right) == masked(refused_wrong)
    assert "That was a lot of tries" in refused_right.content.decode()
    assert not is_signed_in(client)
    kinds = list(SecurityEvent.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["login_failed"] * 5 + ["login_refused"] * 2


def test_the_lock_holds_for_unknown_addresses_alike_and_other_accounts_stay_free(db):
    make_user("Ana", email="ana@example.com")
    for _try in range(5):
        log_in(Client(), "nobody@example.com", "wrong password here")
    assert "That was a lot of tries" in log_in(Client(), "nobody@example.com").content.decode()
    client = Client()
    assert log_in(client, "ana@example.com").status_code == 302


def test_the_lock_outlives_an_emptied_cache_and_ends_by_itself(db):
    make_user("Ana", email="ana@example.com")
    for _try in range(5):
        log_in(Client(), "ana@example.com", "wrong password here")
    cache.clear()
    assert "That was a lot of tries" in log_in(Client(), "ana@example.com").content.decode()


def test_capital_letters_make_no_second_account_for_the_counter(db):
    make_user("Ana", email="ana@example.com")
    for email in ("ana@example.com", "Ana@example.com", "ANA@example.com", " ana@example.com", "ana@EXAMPLE.com"):
        log_in(Client(), email, "wrong password here")
    assert "That was a lot of tries" in log_in(Client(), "ana@example.com").content.decode()


def test_ten_failures_of_one_address_refuse_every_account_from_there_alone(db):
    ana = make_user("Ana")
    for number in range(10):
        log_in(Client(), f"nobody{number}@example.com", "wrong password here")
    assert "That was a lot of tries" in log_in(Client(), ana.email).content.decode()
    assert log_in(Client(REMOTE_ADDR="203.0.113.9"), ana.email).status_code == 302


def test_signing_in_correctly_counts_as_no_failure(db):
    ana = make_user("Ana")
    for _time in range(12):
        assert log_in(Client(), ana.email).status_code == 302


def test_forged_forwarding_headers_buy_no_new_tries(db):
    for number in range(10):
        log_in(
            Client(headers={"x-forwarded-for": f"198.51.100.{number}"}), f"n{number}@example.com", "wrong words here"
        )
    refused = log_in(Client(headers={"x-forwarded-for": "198.51.100.77"}), "n99@example.com", "wrong words here")
    assert "That was a lot of tries" in refused.content.decode()


def test_a_form_of_the_sign_in_pages_is_refused_after_its_limit_with_the_seconds_to_wait(db):
    for number in range(20):
        assert Client().post(RESET, {"email": f"n{number}@example.com"}).status_code == 302
    refused = Client().post(RESET, {"email": "n99@example.com"})
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60
    assert "Try again in 1 minute." in refused.content.decode()


def test_one_address_gets_few_letters_whoever_asks(db):
    make_user("Ana", email="known@example.com")
    for _time in range(6):
        Client().post(RESET, {"email": "known@example.com"})
        Client().post(RESET, {"email": "nobody@example.com"})
    assert len(letters()) == 8


def test_sec_21_the_session_id_is_new_after_signing_in(client, db):
    ana = make_user("Ana")
    client.get(LOGIN)
    session = client.session
    session["kept"] = 1
    session.save()
    before = client.cookies[settings.SESSION_COOKIE_NAME].value
    log_in(client, ana.email)
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != before
    assert not Session.objects.filter(session_key=before).exists()


def test_sec_21_a_session_ends_after_three_idle_hours_and_after_twelve_in_all(db):
    ana = make_user("Ana")
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        idle, busy = Client(), Client()
        log_in(idle, ana.email)
        log_in(busy, ana.email)
        for hour in range(1, 12):
            clock.move_to(start + timedelta(hours=hour))
            assert is_signed_in(busy), hour
        assert not is_signed_in(idle)
        clock.move_to(start + timedelta(hours=12))
        assert not is_signed_in(busy)


def test_remembered_session_lasts_thirty_days_and_not_longer(db):
    ana = make_user("Ana")
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        client = Client()
        log_in(client, ana.email, remember="on")
        clock.move_to(start + timedelta(days=29))
        assert is_signed_in(client)
        clock.move_to(start + timedelta(days=30))
        assert not is_signed_in(client)


def test_signing_out_everywhere_else_leaves_this_browser_alone(db):
    ana = make_user("Ana")
    here, there = Client(), Client()
    log_in(here, ana.email)
    log_in(there, ana.email)
    page = here.get(reverse("usersessions_list"))
    assert page.context["session_count"] == 2
    here.post(reverse("usersessions_list"))
    assert is_signed_in(here)
    assert not is_signed_in(there)


def test_logging_out_needs_a_post(db):
    client = sign_in(Client(), make_user())
    client.get(reverse("account_logout"))
    assert is_signed_in(client)
    client.post(reverse("account_logout"))
    assert not is_signed_in(client)


def test_forms_without_their_token_are_refused(db):
    ana = make_user("Ana")
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(LOGIN, {"login": ana.email, "password": PASSWORD}).status_code == 403
    sign_in(strict, ana)
    assert strict.post(reverse("ecosystem:theme"), {"theme": "dark"}).status_code == 403
    ana.refresh_from_db()
    assert ana.theme == "system"


def test_login_leads_nowhere_outside(db):
    ana = make_user("Ana")
    response = Client().post(f"{LOGIN}?next=https://evil.example.com/", {"login": ana.email, "password": PASSWORD})
    assert response.url == "/"


def test_colours_are_kept_and_lead_back_to_our_own_pages_only(db):
    ana = make_user("Ana")
    client = sign_in(Client(), ana)
    assert client.post(reverse("ecosystem:theme"), {"theme": "dark", "next": "/businesses/"}).url == "/businesses/"
    assert client.post(reverse("ecosystem:theme"), {"theme": "dark", "next": "//evil.example.com"}).url == "/"
    assert client.post(reverse("ecosystem:theme"), {"theme": "purple"}).status_code == 422
    ana.refresh_from_db()
    assert ana.theme == "dark"


def test_somebody_switched_off_is_out_at_the_next_request(db):
    ana = make_user("Ana")
    client = sign_in(Client(), ana)
    User.objects.filter(pk=ana.pk).update(is_active=False)
    assert not is_signed_in(client)
    assert not is_signed_in_after_login(ana)


def is_signed_in_after_login(user: User) -> bool:
    client = Client()
    log_in(client, user.email)
    return is_signed_in(client)


def test_mails_about_accounts_lie_sealed_in_the_table(db):
    Client().post(SIGNUP, NEW)
    row = AccountEmail.objects.get()
    assert b"ana@example.com" not in bytes(row.sealed)
    assert "ana" not in row.message_id
