"""JSON in and out by orjson, within limits."""

from decimal import Decimal
from typing import Any

import orjson
from django.conf import settings
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from ecosystem.base.errors import DomainError

DEEPEST = 20


class TooLarge(DomainError):
    """More was sent than is taken."""

    status = 413


class JsonRenderer(BaseRenderer):
    """UUIDs, times and dates as text in ISO form; decimals as text, so that none is rounded."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else orjson.dumps(data, default=_plain, option=orjson.OPT_UTC_Z)


class JsonParser(BaseParser):
    """A JSON document of at most 1 MB and 20 levels."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(most + 1)
        if len(raw) > most:
            raise TooLarge("too_large", _("Send at most 1 MB at a time."))
        return _document(raw)


def form_of(sent: Any) -> dict[str, Any]:
    """A form as the fields that a serializer reads: files as they are, all else as the JSON documents that they are.

    Django has counted what is no file in it: 1 MB at most.
    """
    if not isinstance(sent, QueryDict):
        raise ParseError("Send a form, multipart/form-data.")
    twice = [name for name, values in sent.lists() if len(values) > 1]
    if twice:
        raise ValidationError({name: [_("Send this once.")] for name in twice})
    return {name: _document(value.encode()) if isinstance(value, str) else value for name, value in sent.items()}


def _document(raw: bytes) -> Any:
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ParseError(f"This is no JSON document: {error}") from error
    if _depth(found) > DEEPEST:
        raise ParseError("The document goes too deep; 20 levels are the most.")
    return found


def _plain(value: object) -> object:
    if isinstance(value, Promise | Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON.")


def _depth(value: object) -> int:
    """How many lists and objects lie within each other; without recursion, whatever was sent."""
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        item, level = waiting.pop()
        if isinstance(item, dict | list):
            deepest = max(deepest, level)
            inner = item.values() if isinstance(item, dict) else item
            waiting += [(one, level + 1) for one in inner if isinstance(one, dict | list)]
    return deepest
