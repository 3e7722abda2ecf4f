"""What every answer tells a browser that it may not do: asked of every route there is, and of each kind of answer."""

import gzip
import json
from dataclasses import replace

import pytest
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client, override_settings
from django.urls import path

from campaigns.demo.tenants import DemoTenant
from campaigns.models import SignupForm
from ecosystem.base.tenancy import business_scope
from ecosystem.config import settings as settings_module
from tests.house.active_content import active_content
from tests.house.doors import Ask, asks_of, session_of
from tests.house.routes import all_routes
from tests.house.test_settings import read_settings

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]

SITE = "https://www.example.com"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
}
UNSAFE = ("'unsafe-inline'", "'unsafe-eval'", "'strict-dynamic'", "'wasm-unsafe-eval'", " http:", " https:;", " *")
DOORS = {"owner", "visitor", "link", "broken link", "account", "key"}


@pytest.fixture
def tenants(both) -> tuple[DemoTenant, DemoTenant]:
    a, b = both
    with business_scope(a.business):
        SignupForm.objects.update(frame_sites=SITE)
    return a, b


def policy_of(answer) -> dict[str, str]:
    """The directives of an answer's policy by their names."""
    words = [one.strip().partition(" ") for one in answer.headers.get("Content-Security-Policy", "").split(";")]
    return {name: value for name, _space, value in words}


def said_at(asks: list[Ask], client: Client):
    """Every way in that only looks, with its answer."""
    for ask in asks:
        if ask.method == "GET" and ask.door in DOORS:
            client.cookies.clear()
            answer = client.get(ask.url, headers=ask.headers)
            yield ask, answer


def is_framed(name: str) -> bool:
    return name.endswith("_embedded")


def test_sec_45_sec_46_sec_47_every_route_answers_under_the_strict_policy_and_with_every_header(tenants):
    """SEC-45 the policy and what stands in the page, SEC-46 frames, SEC-47 the set of headers, of each answer."""
    client, faults, seen = Client(raise_request_exception=False), [], set()
    for ask, answer in said_at(asks_of(*tenants), client):
        name = answer.resolver_match.view_name if answer.resolver_match else ask.url
        faults += [(str(ask), fault) for fault in header_faults(answer, framed=is_framed(name))]
        if not answer.headers.get("Content-Type", "").startswith("text/html") or answer.streaming:
            continue
        policy = answer.headers["Content-Security-Policy"]
        found = active_content(answer.content.decode(), policy=policy)
        faults += [(str(ask), fault) for fault in found.faults]
        seen.add(name)
    assert not faults, "\n".join(map(str, faults))
    assert any(is_framed(name) for name in seen)
    assert len(seen) > 60


def hosts_in(policy: dict[str, str]) -> list[tuple[str, str]]:
    """The sources that a policy lets in and that are not our own: no host, and no scheme but that of small pictures."""
    sources = [(name, word) for name, words in policy.items() for word in words.split()]
    return [
        (name, word)
        for name, word in sources
        if name not in ("frame-ancestors", "sandbox") and not word.startswith("'") and word != "data:"
    ]


def header_faults(answer, *, framed: bool) -> list[str]:
    """What an answer fails to say, or says too freely."""
    said = answer.headers
    found = [name for name, value in ALWAYS.items() if said.get(name) != value]
    if said.get("Referrer-Policy") not in ("same-origin", "no-referrer"):
        found.append(f"Referrer-Policy {said.get('Referrer-Policy')}")
    if said.get("Cross-Origin-Resource-Policy") not in ("same-origin", "cross-origin"):
        found.append("Cross-Origin-Resource-Policy")
    policy = policy_of(answer)
    whole = f"{said.get('Content-Security-Policy', '')};"
    found += [f"policy says {word}" for word in UNSAFE if word in whole]
    if policy.get("default-src") != "'none'":
        found.append("no policy")
    found += [f"{name} lets in {host}" for name, host in hosts_in(policy)]
    if framed:
        may_frame = policy.get("frame-ancestors") in (SITE, "'none'")
        if not may_frame or answer.cookies or (policy["frame-ancestors"] == SITE) == ("X-Frame-Options" in said):
            found.append(f"framed by {policy.get('frame-ancestors')}, cookies {list(answer.cookies)}")
    elif policy.get("frame-ancestors") == "'self'":
        # A letter that is shown in a frame of our own page, where nothing of it acts.
        if "sandbox" not in policy or said.get("X-Frame-Options") != "SAMEORIGIN":
            found.append("framed by ourselves without a sandbox")
    elif policy.get("frame-ancestors") != "'none'" or said.get("X-Frame-Options") != "DENY":
        found.append(f"framed by {policy.get('frame-ancestors')}, {said.get('X-Frame-Options')}")
    return found


def test_sec_46_a_framed_route_reads_no_session(tenants):
    a, _b = tenants
    client, framed = Client(), []
    asks = [replace(ask, headers=session_of(a.owner)) for ask in asks_of(*tenants) if "/embed/" in ask.url]
    for ask, answer in said_at(asks, client):
        if answer.resolver_match and is_framed(answer.resolver_match.view_name):
            framed.append(ask)
            assert answer.wsgi_request.session.session_key is None
            assert not answer.wsgi_request.user.is_authenticated
            assert not answer.cookies
    assert framed
    assert [route.name for route in all_routes() if route.path.endswith("embed/")] == [
        route.name for route in all_routes() if is_framed(route.name)
    ]


@pytest.fixture
def production():
    """The settings of browsers' walls as they are where https is spoken, read as production reads them."""
    names = [name for name in vars(settings_module) if name.startswith("SECURE_") or name == "X_FRAME_OPTIONS"]
    with override_settings(**json.loads(read_settings(*names).stdout)):
        yield


@pytest.mark.urls("tests.house.urls")
@pytest.mark.parametrize(
    ("path", "is_https", "status"),
    [
        ("/outside/", True, 200),
        ("/outside/", False, 301),
        ("/b/nowhere/listing/", True, 302),
        ("/nowhere/", True, 404),
        ("/failing/", True, 500),
        ("/static/css/app.css", True, 200),
        ("/static/nothing.css", True, 404),
    ],
)
def test_sec_47_each_kind_of_answer_has_the_whole_set(production, path, is_https, status):
    answer = Client(raise_request_exception=False).get(path, secure=is_https)
    assert answer.status_code == status
    assert header_faults(answer, framed=False) == []
    if is_https:
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"


def with_nonce(request: HttpRequest) -> HttpResponse:
    """A page with a script of its own in it; no page of ours has one so far."""
    page = engines["django"].from_string('<script nonce="{{ CSP_NONCE }}">"ours"</script>')
    return HttpResponse(page.render({}, request))


urlpatterns = [path("with-nonce/", with_nonce)]


@pytest.mark.urls(__name__)
def test_sec_45_a_nonce_is_fresh_in_every_answer():
    nonces = set()
    for _ in range(20):
        answer = Client().get("/with-nonce/")
        found = active_content(answer.content.decode(), policy=answer.headers["Content-Security-Policy"])
        assert found.faults == []
        nonces |= set(found.nonces)
    assert len(nonces) == 20
    assert min(map(len, nonces)) >= 22


@pytest.mark.parametrize(
    "page",
    [
        "<script>1</script>",
        '<script src="https://cdn.example.com/a.js"></script>',
        '<p onclick="1">',
        '<p style="color:red">',
        '<a href="java\tscript:1">',
        '<a href="&#106;avascript:1">',
        '<img src="//cdn.example.com/a.png">',
        '<form action="https://www.example.com/">',
        '<link rel="stylesheet" href="https://cdn.example.com/a.css">',
        "<iframe srcdoc='<script>1</script>'>",
        '<meta http-equiv="refresh" content="0;url=/">',
        "<base href='/x/'>",
        "<svg><animate attributeName=href values='javascript:1'>",
    ],
)
def test_sec_45_each_way_of_acting_in_a_page_is_noticed(page):
    assert active_content(page, policy="script-src 'self'").faults


@pytest.mark.django_db
def test_pages_are_compressed_and_what_programs_get_is_not(as_nora, bakery):
    """The ETag of a program's answer is compared byte by byte, and a compressed answer would have to have another."""
    asks = {"Accept-Encoding": "gzip"}
    page = as_nora.get(f"/b/{bakery.slug}/contacts/", headers=asks)
    assert (page.headers["Content-Encoding"], page.headers["Vary"].count("Accept-Encoding")) == ("gzip", 1)
    assert b"<h1>Everyone</h1>" in gzip.decompress(page.content)
    assert int(page.headers["Content-Length"]) == len(page.content) < 20_000
    plain = as_nora.get(f"/b/{bakery.slug}/contacts/")
    assert "Content-Encoding" not in plain.headers
    described = Client().get("/api/v1/openapi.json", headers=asks)
    assert (described.status_code, described.headers.get("Content-Encoding")) == (200, None)
