"""Pages for when something went wrong: what happened, what to do, a way home."""

import re

import pytest
from django.template.loader import render_to_string
from django.test import Client


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "413", "429", "500", "503"])
def test_an_error_page_needs_neither_request_nor_database(name):
    page = render_to_string(f"{name}.html")
    assert f'<p class="code" aria-hidden="true">{name[:3]}</p>' in page
    assert 'class="btn p"' in page
    assert page.count("<h1") == 1


def test_500_gives_a_code_to_quote_where_there_is_one():
    assert "7f3a" in render_to_string("500.html", {"code": "7f3a"})
    assert "tell us this code" not in render_to_string("500.html")


@pytest.mark.django_db
@pytest.mark.urls("tests.ecosystem.broken_urls")
def test_what_breaks_gives_the_code_by_which_its_line_in_the_log_is_found(caplog):
    answer = Client(raise_request_exception=False).get("/broken/", headers={"x-request-id": "7f3a9b21-0000"})
    assert answer.status_code == 500
    code = re.search(r'tell us this code: <b class="num">([^<]+)</b>', answer.content.decode())[1]
    assert len(code) == 8
    assert code in caplog.text


def test_429_says_how_long_to_wait():
    assert "Try again in 1 minute." in render_to_string("429.html", {"minutes": 1})
    assert "Try again in 5 minutes." in render_to_string("429.html", {"minutes": 5})


def test_403_says_the_sentence_of_the_rule_where_there_is_one():
    assert "Only the owner may." in render_to_string("403.html", {"message": "Only the owner may."})


@pytest.mark.django_db
def test_a_form_without_its_token_is_told_kindly():
    response = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "nora@example.com"})
    assert response.status_code == 403
    assert "That form had grown old" in response.content.decode()


@pytest.mark.django_db
def test_an_address_that_leads_nowhere_says_so(client: Client):
    response = client.get("/nobody/was/ever/here/")
    assert response.status_code == 404
    assert "That page has left the building" in response.content.decode()
    # A customer of a business looks after none and has no Today.
    assert "another business you look after" not in response.content.decode()
    assert "To the first page" in response.content.decode()
