"""What every view of the API stands on."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import cache
from typing import Any, ClassVar, TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import MethodNotAllowed, PermissionDenied
from rest_framework.fields import empty
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ecosystem.base.access import Action, may
from ecosystem.base.errors import Invalid, NotAllowed
from ecosystem.base.http import takes_body
from ecosystem.base.keyset import LARGEST_PAGE, Page, keyset_page
from ecosystem.rest.authentication import HasScope, KeyAuthentication
from ecosystem.rest.errors import answer_error
from ecosystem.rest.formats import JsonParser, JsonRenderer, form_of
from ecosystem.rest.shapes import other_kinds
from ecosystem.scopes import Scope
from ecosystem.services.api_keys import allows

M = TypeVar("M", bound=Model)
S = TypeVar("S", bound=type[serializers.Serializer])
USUAL_PAGE = 50
GOOD = ("200", "201", "202")
PAGING = frozenset({"cursor", "limit"})
CHANGED_MEANWHILE = _("Somebody else changed this meanwhile. Read it again, then send your change.")


class In(serializers.Serializer):
    """What comes in: named fields only. A field that we do not know is an error, not a wish that is passed over."""

    def get_fields(self) -> dict[str, Any]:
        """The fields that can say something of what was sent: making all of them costs more than checking one."""
        sent = getattr(self, "initial_data", None)
        if not isinstance(sent, Mapping):
            return super().get_fields()
        return {name: deepcopy(one) for name, one in self._declared_fields.items() if name in sent or _speaks(one)}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = sorted(set(data) - set(self._declared_fields))
            if unknown:
                raise serializers.ValidationError({str(name): [_("There is no such field.")] for name in unknown})
        address = self.context.get("address")
        wrong = {} if address or not isinstance(data, Mapping) else other_kinds(self.fields, data)
        try:
            found = super().to_internal_value(data)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({**error.detail, **wrong}) from error
        if wrong:
            raise serializers.ValidationError(wrong)
        return found


def _speaks(field: serializers.Field) -> bool:
    """Whether a field says something where nothing was sent for it."""
    return field.required or field.default is not empty


class Out(serializers.Serializer):
    """What goes out: named fields only."""


class Paging(In):
    """Where in a list, and how much of it."""

    cursor = serializers.CharField(required=False, max_length=500, help_text="`next_cursor` of the page before.")
    limit = serializers.IntegerField(
        required=False, default=USUAL_PAGE, min_value=1, max_value=LARGEST_PAGE, help_text="Rows per page."
    )


class ApiView(APIView):
    """One address of the API. Each method names the scope that opens it: `scopes = {"get": Scope.CONTACTS_READ}`.

    `request.business` and `request.membership` (the maker of the key) are there; the business is entered.
    """

    scopes: ClassVar[Mapping[str, Scope | str]] = {}
    authentication_classes = (KeyAuthentication,)
    permission_classes = (HasScope,)
    renderer_classes = (JsonRenderer,)
    parser_classes = (JsonParser,)
    # How large a file may be that is sent to the address in a form; 0 where none is taken.
    most_megabytes: ClassVar[int] = 0
    # What there is to say about an address, the OpenAPI file says.
    http_method_names = ("get", "post", "put", "patch", "delete", "head")

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """The view. The middleware holds a transaction; only what writes has one of its own in it, to take back."""
        view = super().as_view(**initkwargs)
        return transaction.non_atomic_requests(takes_body(megabytes=cls.most_megabytes)(view))

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if request.method in SAFE_METHODS:
            return super().dispatch(request, *args, **kwargs)
        with transaction.atomic():
            response = super().dispatch(request, *args, **kwargs)
            if response.status_code >= 400:
                transaction.set_rollback(True)
            return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who may come in comes in; what writes takes no parameter beside its body."""
        super().initial(request, *args, **kwargs)
        if request.method not in SAFE_METHODS:
            self.asked(In)

    def check_permissions(self, request: Request) -> None:
        """A method that the address does not have is told so to a key; only one that it has asks for a scope."""
        if request.auth is not None and request.method not in self.allowed_methods:
            raise MethodNotAllowed(str(request.method))
        super().check_permissions(request)

    def scope_of(self, method: str | None) -> Scope | str | None:
        """What opens a method; HEAD opens with what GET needs."""
        name = (method or "").lower()
        return self.scopes.get("get" if name == "head" else name)

    def get_exception_handler(self) -> Callable[..., Any]:
        return answer_error

    @property
    def member(self) -> Any:
        """Who acts: the member that made the key."""
        return self.request._request.membership  # type: ignore[attr-defined]

    def sees(self, action: Action) -> bool:
        """Whether the maker of the key may do this: what they may not see stays empty in what they are answered."""
        return may(self.member, action)

    def need(self, action: Action) -> None:
        """Refuse what the maker of the key may not do, beside what the scope of the method asks for."""
        if not may(self.member, action):
            raise NotAllowed("maker_may_not", _("Who made this key may not do this."))

    def need_scope(self, scope: Scope) -> None:
        """Refuse a key without a second scope, where part of what is sent asks for one."""
        if not allows(self.request.auth, scope):
            raise PermissionDenied

    def read(self, serializer: type[In]) -> dict[str, Any]:
        """The body, checked in shape; a 400 with errors by field otherwise."""
        found = serializer(data=self.request.data)
        found.is_valid(raise_exception=True)
        return dict(found.validated_data)

    def read_form(self, serializer: type[In]) -> dict[str, Any]:
        """A form of files and JSON documents (multipart/form-data), checked in shape as a body is."""
        found = serializer(data=form_of(self.request.data))
        found.is_valid(raise_exception=True)
        return dict(found.validated_data)

    def asked(self, serializer: type[In]) -> dict[str, Any]:
        """The query parameters, checked in shape; one that we do not know, or that stands there twice, is a 400."""
        asked = self.request.query_params
        if twice := [name for name, values in asked.lists() if len(values) > 1]:
            raise serializers.ValidationError({name: [_("Send this once.")] for name in twice})
        found = serializer(data=asked.dict(), context={"address": True})
        found.is_valid(raise_exception=True)
        return dict(found.validated_data)


def example(value: Mapping[str, Any]) -> Callable[[S], S]:
    """Show this in the OpenAPI file, and on /api/docs, wherever the serializer is sent or answered."""
    return extend_schema_serializer(examples=[OpenApiExample("Example", value=value, status_codes=GOOD)])


def answer(serializer: type[Out], instance: Any, *, status: int = 200, **headers: str) -> Response:
    """One thing as an answer."""
    return Response(serializer(instance).data, status=status, headers=headers)


def answer_page(
    request: Request,
    queryset: QuerySet[M, Any],
    show: type[Out] | Callable[[list[Any]], Sequence[Any]],
    *,
    order: Sequence[str] = ("-created_at", "-id"),
    paging: Mapping[str, Any],
) -> Response:
    """One page of a list: `items`, and `next_cursor` and `previous_cursor`, null at the ends.

    `show` is the serializer of a row, or a function that turns the rows of the page into what is printed.
    """
    page = keyset_page(queryset, order=order, cursor=paging.get("cursor"), limit=paging["limit"])
    return answer_items(page, show(page.items, many=True).data if isinstance(show, type) else show(page.items))


def answer_items(page: Page[Any], items: Sequence[Any]) -> Response:
    """The items of a page as they are printed, with its cursors."""
    return Response({"items": items, "next_cursor": page.next_cursor, "previous_cursor": page.previous_cursor})


@cache
def page_of(serializer: type[Out]) -> type[Out]:
    """The shape of such a page, for the OpenAPI file."""
    fields = {
        "items": serializer(many=True),
        "next_cursor": serializers.CharField(allow_null=True),
        "previous_cursor": serializers.CharField(allow_null=True),
    }
    page = type(f"{serializer.__name__}Page", (Out,), fields)
    shown = [one.value for one in getattr(serializer, "_spectacular_annotation", {}).get("examples", [])]
    return example({"items": shown, "next_cursor": None, "previous_cursor": None})(page) if shown else page


def expect_version(request: Request, version: int, *, current: Any = None, given: int | None = None) -> None:
    """Refuse a change made from an old copy: `If-Match` must name the version that is kept, when it is sent (412).

    `given` is the version that came in the body; another one than is kept is a 409. `current` is told with the
    refusal: how the thing stands now. The thing must be held by then, or somebody is quicker between this and that.
    """
    wanted = request.headers.get("If-Match")
    if wanted is not None and wanted.strip() not in (etag(version), "*"):
        raise Stale("stale", CHANGED_MEANWHILE, current=current, version=version)
    expect_given(given, version, current=current)


def expect_given(given: int | None, version: int, *, current: Any = None) -> None:
    """Refuse a change whose body names another version than is kept (409), as of a second thing that it is about."""
    if given is not None and given != version:
        raise StaleBody("stale_edit", CHANGED_MEANWHILE, current=current, version=version)


def etag(version: int) -> str:
    """How a version stands in ETag and If-Match (RFC 9110)."""
    return f'"{version}"'


class Stale(Invalid):
    """The change was made from an old copy."""

    status = 412

    def __init__(self, code: str, message: Any, *, current: Any = None, version: int = 0) -> None:
        super().__init__(code, message)
        self.extra = {"version": version} | ({"current": current} if current is not None else {})


class StaleBody(Stale):
    """The same, told by a version in the body."""

    status = 409
