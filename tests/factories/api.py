"""Keys, and calls with them, as another program makes them."""

import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business, User
from ecosystem.scopes import Scope
from ecosystem.services.api_keys import make_api_key
from tests.factories.ecosystem import membership_of


class Program:
    """Another program with a key of a business."""

    def __init__(self, key: str) -> None:
        self.key = key
        self._client = Client(raise_request_exception=False)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Ask; `path` is what comes after /api/v1/ unless it begins with a slash. A body with a `file` is a form."""
        path = path if path.startswith("/") else f"/api/v1/{path}"
        sent, content_type = sent_of(body)
        return self._client.generic(
            method.upper(),
            path,
            sent,
            content_type=content_type,
            headers={
                "authorization": f"Bearer {self.key}",
                **{name.replace("_", "-"): headers[name] for name in headers},
            },
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.call("get", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.call("post", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self.call("patch", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.call("delete", path, **headers)

    def pages(self, path: str) -> list[list[dict[str, Any]]]:
        """Every page of a list, until there is no next one."""
        found, cursor = [], None
        while True:
            mark = "&" if "?" in path else "?"
            page = self.get(f"{path}{mark}cursor={cursor}" if cursor else path).json()
            found.append(page["items"])
            cursor = page["next_cursor"]
            if cursor is None:
                return found


def sent_of(body: Any) -> tuple[bytes, str]:
    """What goes over the line for a body, and its kind: a form where a `file` is in it, else a JSON document."""
    if isinstance(body, dict) and "file" in body:
        return encode_multipart(BOUNDARY, _fields(body)), MULTIPART_CONTENT
    if isinstance(body, bytes):
        return body, "application/json"
    return b"" if body is None else json.dumps(body).encode(), "application/json"


def _fields(body: dict[str, Any]) -> dict[str, Any]:
    """The file as a file, all else as JSON."""
    said = {name: json.dumps(value) for name, value in body.items() if name != "file"}
    file = body["file"]
    if isinstance(file, str | bytes):
        file = SimpleUploadedFile("people.csv", file.encode() if isinstance(file, str) else file)
    return said | {"file": json.dumps(file) if not hasattr(file, "read") else file}


def make_program(business: Business, user: User, *scopes: str) -> Program:
    """A program with these scopes, or with all that its maker may give."""
    with business_scope(business, user):
        actor = membership_of(business, user)
        key = make_api_key(name="Till", scopes=list(scopes or Scope), expires_at=None, actor=actor)
    return Program(key.text)
