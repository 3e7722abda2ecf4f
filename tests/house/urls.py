"""Views that do to the wall what views do on their worst day; used by tests only."""

import time
from collections.abc import Iterator
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template import engines
from django.template.response import SimpleTemplateResponse
from django.urls import include, path

from ecosystem.base.access import Action, member_required
from ecosystem.base.errors import Conflict
from ecosystem.base.keyset import all_pages
from ecosystem.base.tenancy import business_scope, current_business_id, find_current_business_id
from ecosystem.models import Business
from tests.house.tenantapp.models import Shelf

HOOKS: list[tuple[int | None, list[str]]] = []


def names() -> str:
    return ",".join(Shelf.objects.order_by("name").values_list("name", flat=True))


def listing(request: HttpRequest, slug: str) -> HttpResponse:
    """The shelves of the business in the address."""
    return HttpResponse(names())


@member_required(Action.MANAGE_KEYS)
def owners_only(request: HttpRequest, slug: str) -> HttpResponse:
    """What only an owner may see."""
    return HttpResponse("keys")


def lazy_listing(request: HttpRequest, slug: str) -> SimpleTemplateResponse:
    """Asks for its rows while the template is drawn, after the view has returned."""
    template = engines["django"].from_string("{% for shelf in shelves %}{{ shelf.name }} {% endfor %}")
    return SimpleTemplateResponse(template, {"shelves": Shelf.objects.order_by("name")})


def write_and_fail(request: HttpRequest, slug: str) -> HttpResponse:
    Shelf.objects.create(name="half")
    raise ZeroDivisionError


class _Failing:
    def __str__(self) -> str:
        raise ZeroDivisionError


def write_and_fail_while_drawing(request: HttpRequest, slug: str) -> SimpleTemplateResponse:
    Shelf.objects.create(name="half")
    return SimpleTemplateResponse(engines["django"].from_string("{{ failing }}"), {"failing": _Failing()})


def write_and_refuse(request: HttpRequest, slug: str) -> HttpResponse:
    Shelf.objects.create(name="half")
    raise Conflict("taken", "Somebody else was first.", "name")


def write_and_answer_500(request: HttpRequest, slug: str) -> HttpResponse:
    Shelf.objects.create(name="half")
    return HttpResponse("no", status=500)


def write_twice(request: HttpRequest, slug: str) -> HttpResponse:
    """A broken constraint inside a savepoint costs that part alone."""
    Shelf.objects.create(name="kept")
    try:
        with transaction.atomic():
            Shelf.objects.create(name="kept")
    except IntegrityError:
        return HttpResponse("twice", status=409)
    return HttpResponse("once")


def lose_the_database(request: HttpRequest, slug: str) -> HttpResponse:
    raise OperationalError("server closed the connection unexpectedly")


def think_long(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Asks what PostgreSQL would work on for a minute, after something was written."""
    if slug:
        Shelf.objects.create(name="half")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(60)")
    return HttpResponse("at last")


def lose_the_connection(request: HttpRequest, slug: str) -> HttpResponse:
    """The server ends our session in the middle of a request."""
    Shelf.objects.create(name="half")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    return HttpResponse(names())


def stream(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """An export: page by page, each in a scope of its own, while the request's transaction is over."""
    pages = all_pages(Shelf.objects.all(), ("name", "id"), limit=3)

    def lines() -> Iterator[str]:
        for page in pages:
            assert find_current_business_id() is None
            yield "".join(f"{shelf.name}\n" for shelf in page)

    return StreamingHttpResponse(lines(), content_type="text/csv")


def slow_stream(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """Long enough for a client to walk away in the middle."""
    pages = all_pages(Shelf.objects.all(), ("name", "id"), limit=1)

    def lines() -> Iterator[str]:
        for page in pages:
            yield "".join(f"{shelf.name}\n" for shelf in page) + " " * 20_000
            time.sleep(0.002)

    return StreamingHttpResponse(lines())


def forgetful_stream(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """Asks for rows when the scope is over."""

    def lines() -> Iterator[str]:
        yield names()

    return StreamingHttpResponse(lines())


def with_hook(request: HttpRequest, slug: str) -> HttpResponse:
    """A hook after the commit finds no business and enters the one it was made for."""
    business_id = current_business_id()

    def hook() -> None:
        before = find_current_business_id()
        with business_scope(business_id):
            HOOKS.append((before, names().split(",")))

    transaction.on_commit(hook)
    return HttpResponse(names())


def missing(request: HttpRequest, slug: str) -> HttpResponse:
    raise Http404


def outside(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{find_current_business_id()} {Business.objects.count() > 0}")


def failing(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


def for_members(view: Any) -> Any:
    """The same view as a page that every member may see."""
    return view if hasattr(view, "required_action") else member_required(Action.SEE_TODAY)(view)


_inside = (
    listing,
    owners_only,
    lazy_listing,
    write_and_fail,
    write_and_fail_while_drawing,
    write_and_refuse,
    write_and_answer_500,
    write_twice,
    lose_the_database,
    lose_the_connection,
    think_long,
    stream,
    slow_stream,
    forgetful_stream,
    with_hook,
    missing,
)
urlpatterns = [
    path("api/v1/think_long/", think_long),
    path("b/<slug:slug>/unguarded/", listing),
    path("b/<slug:slug>/", include([path(f"{view.__name__}/", for_members(view)) for view in _inside])),
    path("p/<slug:slug>/", include([path(f"{view.__name__}/", view) for view in _inside])),
    path("login/", outside, name="account_login"),
    path("outside/", outside),
    path("failing/", failing),
]
