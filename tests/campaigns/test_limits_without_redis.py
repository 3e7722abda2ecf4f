"""SEC-50: limits hold to the number, also while Redis is away, and reading goes on."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from campaigns.models import Message, Signup
from campaigns.queries.signups import confirm_url
from campaigns.services.intake import VISITOR_LIMIT
from campaigns.services.signups import LETTERS_PER_ADDRESS
from ecosystem.base import shared_memory
from ecosystem.base.links import MessageSigner
from ecosystem.base.tenancy import business_scope
from ecosystem.login_limits import ACCOUNT_FAILURES
from ecosystem.models import RateCounter
from tests.ecosystem.test_accounts import log_in
from tests.factories.api import make_program
from tests.factories.permission import join_url, make_business, make_form, make_topic, owner_of, send_form, time_token

TOO_MANY = "That was a lot of tries"


@pytest.fixture(params=["there", "away"])
def redis(request, settings) -> str:
    """Redis as it should be, and with nobody listening where it was: no cache, no memory, nobody to wake."""
    if request.param == "away":
        cache = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
        settings.CACHES, settings.CACHE_URL = {"default": cache}, "redis://127.0.0.1:1/0"
        settings.REDIS_URL = "redis://127.0.0.1:1/1"
        shared_memory._quiet_until[0] = 0.0
    return request.param


@pytest.fixture
def page(db):
    """An opt-in page of a bakery, and its topic."""
    business = make_business()
    with business_scope(business):
        topic = make_topic()
        return business, join_url(business, make_form(topic)), topic


def windows_end() -> None:
    """Every window is over."""
    RateCounter.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def letters_of(business) -> int:
    with business_scope(business):
        return Message.objects.filter(template="confirm_signup").count()


def test_sec_50_an_address_gets_its_letters_of_a_day_and_not_one_more(redis, page):
    business, url, topic = page
    answers = {send_form(url, topic).status_code for _ in range(LETTERS_PER_ADDRESS + 1)}
    # Who asks is told the same.
    assert (letters_of(business), len(answers)) == (LETTERS_PER_ADDRESS, 1)
    windows_end()
    send_form(url, topic)
    assert letters_of(business) == LETTERS_PER_ADDRESS + 1


def test_sec_50_a_visitor_may_send_so_many_forms_an_hour(redis, page):
    business, url, topic = page
    tries = [send_form(url, topic, email=f"p{n}@example.com").status_code for n in range(VISITOR_LIMIT + 1)]
    assert tries[:-1] == [tries[0]] * VISITOR_LIMIT
    assert (tries[0] < 400, tries[-1]) == (True, 429)
    assert letters_of(business) == VISITOR_LIMIT
    windows_end()
    assert send_form(url, topic, email="later@example.com").status_code == tries[0]


@pytest.mark.django_db(transaction=True)
def test_sec_50_of_twenty_visitors_at_once_with_one_address_as_many_are_written_to(redis, page):
    business, url, topic = page
    tokens = [time_token(Client(), url) for _ in range(20)]
    barrier = threading.Barrier(20)

    def ask(number: int, token: str) -> None:
        # From one place they would wait for each other at its own limit.
        visitor = Client(REMOTE_ADDR=f"198.51.100.{number}")
        connection.ensure_connection()
        barrier.wait()
        try:
            visitor.post(
                url, {"email": "ana@example.com", "given_name": "Ana", "token": token, "topics": [str(topic.id)]}
            )
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask, args=(number, token)) for number, token in enumerate(tokens, 1)]
    # Nobody is so quick as to be taken for a machine.
    with time_machine.travel(timezone.now() + timedelta(seconds=5), tick=True):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert letters_of(business) == LETTERS_PER_ADDRESS


def test_sec_50_an_account_may_fail_so_often_and_is_open_again_after_it(redis, page):
    email = owner_of(page[0]).user.email
    wrong = [
        log_in(Client(REMOTE_ADDR=f"203.0.113.{number}"), email, "wrong password here").content.decode()
        for number in range(ACCOUNT_FAILURES + 1)
    ]
    assert [TOO_MANY in words for words in wrong] == [False] * ACCOUNT_FAILURES + [True]
    assert TOO_MANY in log_in(Client(REMOTE_ADDR="203.0.113.99"), email).content.decode()
    windows_end()
    assert TOO_MANY not in log_in(Client(REMOTE_ADDR="203.0.113.99"), email, "wrong password here").content.decode()


def test_sec_50_what_was_remembered_is_a_miss_while_redis_is_away(redis):
    cache.set("zz-remembered", 1, 60)
    assert cache.get("zz-remembered", "gone") == (1 if redis == "there" else "gone")
    assert cache.get_many(["zz-remembered"]) == ({"zz-remembered": 1} if redis == "there" else {})
    assert cache.delete("zz-remembered") is (redis == "there")
    assert cache.add("zz-remembered", 1, 1) is (redis == "there")


def test_sec_50_reading_goes_on(redis, page):
    business, url, topic = page
    send_form(url, topic)
    member = Client()
    member.force_login(owner_of(business).user)
    with business_scope(business):
        signup, letter = Signup.objects.get(), Message.objects.get()
        pages = [url, "/c/" + confirm_url(business.pk, signup.id).rpartition("/")[2]]
        pages.append("/prefs/" + MessageSigner(business.pk).tokens(letter.id).preferences)
    assert [Client().get(one).status_code for one in pages] == [200] * len(pages)
    assert member.get(f"/b/{business.slug}/").status_code == 200
    assert member.get(f"/b/{business.slug}/contacts/").status_code == 200
    assert make_program(business, owner_of(business).user).get("contacts").status_code == 200
