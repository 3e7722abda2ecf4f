"""The API described by itself: an OpenAPI file for programs, a page for people."""

import re
from dataclasses import dataclass
from functools import cache
from pprint import pformat
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema

from ecosystem.base.clock import now
from ecosystem.base.http import takes
from ecosystem.queries.key_choices import KeyChoice, key_choices
from ecosystem.queries.kinds import kind_settings
from ecosystem.rest.authentication import ANY_KEY
from ecosystem.rest.base import In

METHODS = ("get", "post", "put", "patch", "delete")
PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "A sentence for people."},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable, for programs."},
        "errors": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    },
    "required": ["type", "title", "status", "code"],
}
# What stands for the part of a key that nobody but its program knows.
REST_OF_KEY = "...THE-REST-OF-YOUR-KEY"
_FAILURE = {
    "description": "Something was not right.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


@dataclass(frozen=True)
class Endpoint:
    """One call as the page shows it."""

    anchor: str
    method: str
    path: str
    summary: str
    scope: str
    parameters: list[dict[str, Any]]
    curl: str
    python: str
    answer: str
    is_open: bool | None


class ScopedSchema(AutoSchema):
    """Adds to every call the scope that opens it, and to what is sent that it has no other fields."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation is not None:
            operation["x-scope"] = str(self.view.scope_of(self.method))
        return operation

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        return schema | {"additionalProperties": False} if isinstance(serializer, In) else schema


def add_problems(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Let every call of the OpenAPI file say how it fails."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    for path in result["paths"].values():
        for name, operation in path.items():
            if name in METHODS:
                operation["responses"]["default"] = _FAILURE
    return result


@cache
def described() -> dict[str, Any]:
    """The whole description; it cannot change while a process lives."""
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found


@csrf_exempt
@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The description for programs (OpenAPI 3.1); asked for with a key, it says what the business calls its kinds."""
    found = described()
    if getattr(request, "api_key", None) is not None:
        found = _in_their_words(found)
    return HttpResponse(orjson.dumps(found), content_type="application/vnd.oai.openapi+json")


@require_safe
@takes("key")
def docs(request: HttpRequest) -> HttpResponse:
    """The description for people: every call, with one to copy; for a key of theirs, what it may."""
    choices = key_choices(request.user.pk, at=now()) if request.user.is_authenticated else []
    chosen = next((one for one in choices if str(one.id) == request.GET.get("key")), None)
    groups: dict[str, list[Endpoint]] = {}
    for path, operations in described()["paths"].items():
        for method in METHODS:
            if method in operations:
                operation = operations[method]
                group = (operation.get("tags") or ["API"])[0]
                groups.setdefault(group, []).append(_endpoint(path, method, operation, chosen))
    context = {"groups": groups, "public_url": settings.PUBLIC_URL, "choices": choices, "chosen": chosen}
    return render(request, "ecosystem/api_keys/docs.html", context)


def _in_their_words(found: dict[str, Any]) -> dict[str, Any]:
    """The description with what the business that is entered calls its kinds of people, and who they are."""
    labels = {
        setting.kind: f"“{setting.label}”" + (f" ({setting.definition})" if setting.definition else "")
        for setting in kind_settings()
        if setting.is_on
    }
    schemas = dict(found["components"]["schemas"])
    for name, schema in schemas.items():
        words = [word for word in schema.get("enum", []) if word in labels]
        if words and len(words) >= len(schema["enum"]) - 1:
            said = ", ".join(f"{word} is {labels[word]}" for word in words)
            schemas[name] = schema | {"description": f"Here {said}."}
    return found | {"components": found["components"] | {"schemas": schemas}}


def _endpoint(path: str, method: str, operation: dict[str, Any], chosen: KeyChoice | None) -> Endpoint:
    scope = operation.get("x-scope", "")
    return Endpoint(
        anchor=slugify(operation["operationId"]),
        method=method.upper(),
        path=path,
        summary=_in_paragraphs(operation.get("description", "")),
        scope=scope,
        parameters=[one for one in operation.get("parameters", []) if one["in"] == "query"],
        curl=_curl(path, method, operation, chosen),
        python=_python(path, method, operation, chosen),
        answer=_answer(operation),
        is_open=None if chosen is None else scope == ANY_KEY or scope in chosen.scopes,
    )


def _in_paragraphs(text: str) -> str:
    """A description without the ends of its lines in the code; what is parted by an empty line stays so."""
    return "\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _curl(path: str, method: str, operation: dict[str, Any], chosen: KeyChoice | None) -> str:
    """A call that can be copied: only the key and the ids, which stand as $CONTACT_ID, have to be put in."""
    shown = re.sub(r"{(\w+)}", lambda found: f"${found[1].upper()}", path)
    key = f"{chosen.prefix}{REST_OF_KEY}" if chosen else "$LAMPWALK_KEY"
    lines = [f'curl "{settings.PUBLIC_URL}{shown}"', f'-H "Authorization: Bearer {key}"']
    if method != "get":
        lines.insert(1, f"-X {method.upper()}")
    form, body = _form(operation), _sent(operation)
    if form is not None:
        rows = " ".join(map(_in_shell, form["file"].splitlines()))
        lines[0] = f"printf '%s\\n' {rows} | {lines[0]}"
        lines.append('-F "file=@-;filename=list.csv"')
        said = {name: value for name, value in form.items() if name != "file"}
        lines += [
            f"--form-string {_in_shell(f'{name}={orjson.dumps(value).decode()}')}" for name, value in said.items()
        ]
    if body is not None:
        lines += ['-H "Content-Type: application/json"', f"-d {_in_shell(orjson.dumps(body).decode())}"]
    return " \\\n  ".join(lines)


def _in_shell(text: str) -> str:
    """A text in single quotes, as a shell takes it to the letter."""
    return "'{}'".format(text.replace("'", "'\\''"))


def _python(path: str, method: str, operation: dict[str, Any], chosen: KeyChoice | None) -> str:
    """The same call in Python, with its standard library alone."""
    ids = re.findall(r"{(\w+)}", path)
    key = f'"{chosen.prefix}{REST_OF_KEY}"' if chosen else 'os.environ["LAMPWALK_KEY"]'
    form = _form(operation)
    if form is not None:
        return _python_form(path, form, key)
    body = _sent(operation)
    given = "" if body is None else ", data=json.dumps(body).encode()"
    lines = ["import json", *([] if chosen else ["import os"]), "from urllib.request import Request, urlopen", ""]
    lines += [f'{name} = "..."' for name in ids]
    lines += [] if body is None else [f"body = {pformat(body, sort_dicts=False, width=100)}"]
    lines += [
        f'headers = {{"Authorization": "Bearer " + {key}, "Content-Type": "application/json"}}',
        f'url = {"f" if ids else ""}"{settings.PUBLIC_URL}{path}"',
        f'with urlopen(Request(url, method="{method.upper()}", headers=headers{given})) as answer:',
        "    print(answer.status, answer.read().decode())",
    ]
    return "\n".join(lines)


def _sent(operation: dict[str, Any]) -> Any:
    """What an example of the call sends, or None."""
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return _shown(body) if body else None


def _form(operation: dict[str, Any]) -> Any:
    """What an example of the call sends as a form with a file, or None."""
    body = operation.get("requestBody", {}).get("content", {}).get("multipart/form-data")
    return _shown(body) if body else None


def _python_form(path: str, form: dict[str, Any], key: str) -> str:
    """A form with a file in Python, written out: its standard library has no word for one."""
    lines = ["import json", *(["import os"] if "environ" in key else [])]
    lines += ["from urllib.request import Request, urlopen", "from uuid import uuid4", ""]
    lines += [f"{name} = {pformat(value, sort_dicts=False, width=100)}" for name, value in form.items()]
    lines += [
        'head = "Content-Disposition: form-data; name="',
        "mark = uuid4().hex",
        "form = (",
        """    f'--{mark}\\r\\n{head}"file"; filename="list.csv"\\r\\n\\r\\n{file}\\r\\n'""",
        *(
            f"""    f'--{{mark}}\\r\\n{{head}}"{name}"\\r\\n\\r\\n{{json.dumps({name})}}\\r\\n'"""
            for name in form
            if name != "file"
        ),
        "    f'--{mark}--\\r\\n'",
        ")",
        f'headers = {{"Authorization": "Bearer " + {key}, "Content-Type": "multipart/form-data; boundary=" + mark}}',
        f'url = "{settings.PUBLIC_URL}{path}"',
        'with urlopen(Request(url, method="POST", headers=headers, data=form.encode())) as answer:',
        "    print(answer.status, answer.read().decode())",
    ]
    return "\n".join(lines)


def _answer(operation: dict[str, Any]) -> str:
    """What comes back, as an example; empty where nothing does."""
    for status, response in sorted(operation.get("responses", {}).items()):
        content = response.get("content", {}).get("application/json")
        if status.startswith("2") and content:
            return orjson.dumps(_shown(content), option=orjson.OPT_INDENT_2).decode()
    return ""


def _shown(content: dict[str, Any]) -> Any:
    """The example that a view gives, or else a value of the right shape."""
    for example in content.get("examples", {}).values():
        return example["value"]
    return _example(content.get("schema", {}))


def _example(schema: dict[str, Any], level: int = 0) -> Any:
    """A value of the right shape: the schema's own example where it gives one."""
    if "$ref" in schema:
        schema = described()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "example" in schema or schema.get("enum"):
        return schema.get("example", (schema.get("enum") or [None])[0])
    kinds = schema.get("type", "string")
    kind = next((name for name in kinds if name != "null"), "string") if isinstance(kinds, list) else kinds
    if kind == "object":
        properties = schema.get("properties", {}) if level < 3 else {}
        return {name: _example(inner, level + 1) for name, inner in properties.items() if not inner.get("readOnly")}
    if kind == "array":
        return [_example(schema.get("items", {}), level + 1)]
    simple: dict[str, Any] = {"integer": 1, "number": 1, "boolean": True}
    formats = {"date": "2026-01-31", "date-time": "2026-01-31T09:00:00Z", "email": "ana@example.com"}
    return simple.get(kind, formats.get(schema.get("format", ""), "text"))
