"""What Django REST framework is told of the key that the middleware has let in."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from ecosystem.models import ApiKey, User
from ecosystem.services.api_keys import allows


class KeyAuthentication(BaseAuthentication):
    """The key's maker is the user, the key itself is `request.auth`. Sessions do not count here."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        key = getattr(request._request, "api_key", None)
        return (key.made_by.user, key) if key is not None else None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class HasScope(BasePermission):
    """A key opens a method of a view when it has the scope that the view names for it.

    A view that names none for a method is closed; `scope = ANY_KEY` says that any key will do.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, ApiKey):
            return False
        scope = view.scope_of(request.method)
        return scope is ANY_KEY or (scope is not None and allows(request.auth, scope))


ANY_KEY = "any key"


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI file describes the key."""

    target_class = "ecosystem.rest.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": 'A key made on the page "Keys for programs".'}
