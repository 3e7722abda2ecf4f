"""The Celery application: JSON only, no results, one queue a lane, woken and never trusted to remember."""

import logging.config
import os
import sys
from pathlib import Path
from typing import Any

from celery import Celery, signals
from django.conf import settings
from django_structlog.celery.steps import DjangoStructLogInitStep

from ecosystem.base.stopping import ask_to_stop

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecosystem.config.settings")
# Whoever is started as `celery` or `-m celery` is held to the limits of a worker, unless told otherwise.
if "celery" in (Path(sys.argv[0]).name, Path(sys.argv[0]).parent.name):
    os.environ.setdefault("PROCESS_KIND", "worker")

app = Celery("lampwalk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@signals.setup_logging.connect  # type: ignore[untyped-decorator]  # Celery has no types
def use_our_logging(**_kwargs: Any) -> None:
    """Workers and beat write the same lines as the web does."""
    logging.config.dictConfig(settings.LOGGING)


@signals.worker_shutting_down.connect  # type: ignore[untyped-decorator]
def take_nothing_new(**_kwargs: Any) -> None:
    """Asked to end, a worker finishes what has begun, gives back the rest, and is gone within seconds."""
    ask_to_stop()
