"""How the house writes its log: JSON lines in production, readable ones in DEBUG, and never a body or an address.

Query strings are cut, tokens in paths are masked, and whatever looks like an e-mail address or a telephone
number is struck out before a line leaves the process.
"""

import logging
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

from ecosystem.base.masking import mask

Line = MutableMapping[str, Any]

_QUERY = re.compile(r"\?\S*")
# The purposes of the public links: confirm, unsubscribe, preferences, tracked link, open pixel, texts, events; the
# files that members fetch; and allauth's keys.
_TOKEN_PATH = re.compile(
    r"(/(?:c|u|prefs|l|o|t|e|d|f|invitations|confirm-email|reset/key|exports/[^/\s]+/file)/)[^/\s]+"
)


def mask_request(request: str) -> str:
    """`GET /u/token?x=1` as `GET /u/***`."""
    return _TOKEN_PATH.sub(r"\1***", _QUERY.sub("", request))


def mask_line(logger: object, method: str, line: Line) -> Line:
    """A structlog processor: strike out personal data and tokens in every text of a line."""
    for key, value in line.items():
        if isinstance(value, str):
            line[key] = mask(mask_request(value) if key in {"request", "path"} else value)
        elif isinstance(value, BaseException):
            line[key] = mask(repr(value))
    return line


class ShortBeat(logging.Filter):
    """While Redis is away beat fails several times a second; each time one line says enough, not a hundred."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info:
            record.msg, record.args = "beat could not wake a worker: %s", (str(record.exc_info[1])[:200],)
            record.exc_info = None
        return True


def _shared() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
    ]


def configure_structlog() -> None:
    """Send structlog through the standard library, so that our lines and those of libraries look alike."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def logging_config(*, as_json: bool, level: str) -> dict[str, Any]:
    """Django's LOGGING: one handler on standard error, one formatter for ours and foreign lines."""
    # Plain tracebacks: those with local variables would print what people have typed.
    readable = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    renderer: Any = structlog.processors.JSONRenderer() if as_json else readable
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _shared(),
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    mask_line,
                    renderer,
                ],
            }
        },
        "filters": {"short_beat": {"()": ShortBeat}},
        "handlers": {"stream": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stream"], "level": level},
        "loggers": {
            "django": {"level": level, "handlers": ["stream"], "propagate": False},
            # What a request came to is told once, by the request line itself.
            "django.request": {"level": "ERROR", "handlers": [], "propagate": True},
            # Scanners ask for every name; the answer 400 is told by the request line.
            "django.security.DisallowedHost": {"level": "CRITICAL", "propagate": False},
            "django.server": {"level": "WARNING", "handlers": ["stream"], "propagate": False},
            "celery": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING", "filters": ["short_beat"]},
            "kombu": {"level": "WARNING"},
            # A tick that came too late is thrown away each time a lane is busy; failures are logged as errors.
            "django_structlog.celery.receivers": {"level": "ERROR"},
            "faker": {"level": "WARNING"},
        },
    }
