"""The Celery application: JSON only, no results, one queue a lane, woken and never trusted to remember."""

import logging.config
import os
from typing import Any

from celery import Celery, signals
from django.conf import settings
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecosystem.config.settings")

app = Celery("lampwalk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@signals.setup_logging.connect  # type: ignore[untyped-decorator]  # Celery has no types
def use_our_logging(**_kwargs: Any) -> None:
    """Workers and beat write the same lines as the web does."""
    logging.config.dictConfig(settings.LOGGING)
