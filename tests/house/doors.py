"""Every way into a business: each route as each asker, with its own ids and with another's; never a list of routes."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from django.conf import settings
from django.test import Client
from django.urls import reverse

from campaigns.demo.tenants import DemoTenant
from campaigns.models import Message, ProviderAccount, Signup, SignupForm
from contacts.models import DataRequest
from ecosystem.api.schema import described
from ecosystem.base.links import (
    CONFIRM,
    DATA_COPY,
    DATA_ERASURE,
    EVENTS,
    INVITATION,
    TEXTS,
    MessageSigner,
    sign_link,
)
from ecosystem.base.tenancy import business_scope
from ecosystem.models import BrandImage, Invitation, User
from ecosystem.services import invitations
from tests.factories.api import sent_of
from tests.factories.ecosystem import sign_in
from tests.house.routes import Route, all_routes, dashboard_routes, ids_of
from tests.house.test_api_walls import body_of, operations, rows_of

# What fills the parameters of addresses that stand outside of every business.
OF_ACCOUNTS = {"key": "nothing", "uidb36": "1", "session_id": 1}
# What people wrote, as it is called in a body.
WORDS = ("body", "what")
OPEN, FORBIDDEN, MISSING = (200, 204, 302, 405, 409), (403,), (404,)
CSRF = "c" * 32


@dataclass(frozen=True)
class Ask:
    """One request: through which door, whose markers it may show, and how it may be answered."""

    door: str
    url: str
    shows: Collection[str]
    statuses: Collection[int]
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None

    def __str__(self) -> str:
        return f"{self.door}: {self.method} {self.url}"


# After these a page shows no more what it showed: whoever asks beside would miss it.
TAKE_AWAY = {"topic_archive", "signup_form_close", "next_step_change", "import_answer_add", "import_undo"}
TAKE_AWAY |= {"duplicate_apart", "merge_add", "merge_undo"}


def asks_of(tenant: DemoTenant, other: DemoTenant) -> list[Ask]:
    """Everything that can be asked about a business, by its own people and programs, by the other's and by nobody."""
    owner, stranger = session_of(tenant.owner), session_of(other.owner)
    return [
        *_dashboard(tenant, other, owner, stranger),
        *_api(tenant, other, owner),
        *_links(tenant, other, owner, stranger),
        *_outside(tenant, owner),
    ]


def session_of(user: User) -> dict[str, str]:
    """The headers of a browser in which somebody is signed in."""
    cookie = sign_in(Client(), user).cookies[settings.SESSION_COOKIE_NAME].value
    cookies = {settings.SESSION_COOKIE_NAME: cookie, settings.CSRF_COOKIE_NAME: CSRF}
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "X-CSRFToken": CSRF}


def _dashboard(tenant: DemoTenant, other: DemoTenant, owner: dict[str, str], stranger: dict[str, str]) -> Iterator[Ask]:
    slug, shows, helper = tenant.business.slug, (tenant.marker,), session_of(tenant.helper)
    for route in dashboard_routes():
        own, foreign = ids_of(tenant.business, route), ids_of(other.business, route)
        url = route.url(slug, own)
        yield Ask("owner", url, shows, OPEN, headers=owner)
        # A view of the list that its owner keeps for themselves is not there for anybody else of the team.
        not_theirs = MISSING if route.name.startswith("contacts:people_view") else ()
        yield Ask("helper", url, shows, (*OPEN, *FORBIDDEN, *not_theirs), headers=helper)
        yield Ask("stranger", url, (), MISSING, headers=stranger)
        is_hidden = getattr(route.view, "is_hidden_from_visitors", False)
        yield Ask("visitor", url, (), MISSING if is_hidden else (302,))
        for name in own:
            mixed = route.url(slug, {**own, name: foreign[name]})
            for method in ("GET", "POST"):
                yield Ask("foreign id", mixed, shows, (404, 405), method, owner)


def _api(tenant: DemoTenant, other: DemoTenant, owner: dict[str, str]) -> Iterator[Ask]:
    own, foreign = rows_of(tenant), rows_of(other)
    for operation in operations():
        method, url = operation.method.upper(), operation.url(own)
        sent = body_of(operation, own) if operation.body else None
        # What takes something away would have others miss it; words that are written anew are still the business's own.
        body, kind = sent_of(sent and {**sent, **{name: f"{tenant.marker}words" for name in WORDS if name in sent}})
        key = {"Authorization": f"Bearer {tenant.api_key}", "Content-Type": kind}
        if method != "DELETE" and operation.name not in TAKE_AWAY:
            yield Ask("key", url, (tenant.marker,), (200, 201, 202, 204, 403, 409), method, key, body)
        for name in operation.ids:
            mixed = operation.url({**own, name: foreign[name]})
            yield Ask("foreign id", mixed, (), MISSING, method, key, body)
        yield Ask("key", f"{url}?nothing=x", (), (400,), method, key, body and b"{")
        yield Ask("visitor", url, (), (401, 403), method, owner, body)


def _links(tenant: DemoTenant, other: DemoTenant, owner: dict[str, str], stranger: dict[str, str]) -> Iterator[Ask]:
    """The pages that customers reach; who is signed in beside that changes nothing about them."""
    tokens = tokens_of(tenant)
    for route in all_routes():
        first = route.path.partition("/")[0]
        # Files that a member fetches by a token are asked for among the pages of the dashboard.
        if first == "b" or (first != "p" and "token" not in route.parameters):
            continue
        given = {
            "slug": tenant.business.slug,
            "form": tokens["p"],
            "token": tokens[first],
            "number": 1,
            "id": tokens["sent"],
            "file": tokens["file"],
        }
        # An invitation is the one page that also says who is signed in.
        shown = (tenant.marker, other.marker) if first == "invitations" else (tenant.marker,)
        url = filled(route, given)
        yield Ask("link", url, (tenant.marker,), OPEN)
        yield Ask("link", url, (tenant.marker,), OPEN, headers=owner)
        yield Ask("link", url, shown, OPEN, headers=stranger)
        cut = {**given, "form": "nothing", "token": given["token"][:-1], "file": "nothing", "number": 9}
        # What is public by its business alone has nothing else that could be broken.
        broken = filled(route, cut)
        # A picture is given to whoever asks for it, and tells nothing.
        missing = (200,) if first == "o" else (204, 404)
        yield Ask("broken link", broken if broken != url else filled(route, {**cut, "slug": "nobody"}), (), missing)


def tokens_of(tenant: DemoTenant) -> dict[str, str]:
    """What opens each kind of public page, by the first word of its address."""
    with business_scope(tenant.business):
        form, signup = SignupForm.objects.get(), Signup.objects.get()
        message = Message.objects.filter(enrollment__isnull=False).latest("id")
        sent = Message.objects.filter(state="delivered").latest("id")
        copy, erasure = (DataRequest.objects.get(kind=kind) for kind in ("copy", "erasure"))
        invitation, account = Invitation.objects.get(), ProviderAccount.objects.get()
        secret = bytes(invitations.SECRET_BYTES)
        image = BrandImage.objects.get()
        Invitation.objects.update(secret_hash=invitations._hash(secret))
    business_id = tenant.business.pk
    of_message = MessageSigner(business_id).tokens(message.pk)
    return {
        "p": form.slug,
        "c": sign_link(CONFIRM, business_id, signup.pk.bytes),
        "invitations": sign_link(INVITATION, business_id, invitation.pk.bytes + secret),
        "u": of_message.unsubscribe,
        "prefs": of_message.preferences,
        "l": of_message.link,
        "o": MessageSigner(business_id).open_token(message.pk).decode(),
        "t": sign_link(TEXTS, business_id, b"texts", issued_at=0),
        "d": sign_link(DATA_COPY, business_id, copy.pk.bytes),
        "f": sign_link(DATA_ERASURE, business_id, erasure.pk.bytes),
        "sent": str(sent.pk),
        "file": image.key,
        "e": sign_link(EVENTS, business_id, account.pk.bytes),
    }


def public_routes() -> list[Route]:
    """Every route that asks for neither a membership nor a key: what strangers reach, with a token or without."""
    return [route for route in all_routes() if not route.path.startswith("b/") and not is_operation(route)]


def is_operation(route: Route) -> bool:
    """Whether a route is a call of the API, which needs a key."""
    return "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", route.path) in described()["paths"]


def _outside(tenant: DemoTenant, owner: dict[str, str]) -> Iterator[Ask]:
    """What stands in no business: the front door, accounts, health, the page about the API."""
    for route in all_routes():
        if is_operation(route) or "token" in route.parameters or "<slug:slug>" in route.path:
            continue
        url = filled(route, OF_ACCOUNTS)
        yield Ask("account", url, (tenant.marker,), range(200, 500), headers=owner)
        yield Ask("visitor", url, (), range(200, 500))


def filled(route: Route, given: dict[str, object]) -> str:
    """A route's address with everything filled in."""
    names = [*route.parameters, *(["slug"] if "<slug:slug>" in route.path else [])]
    return reverse(route.name, kwargs={name: given[name] for name in names})
