"""Which databases of the one Redis a process of the test run uses: two of its own, which its tests may empty."""

import os

from django.conf import settings
from django.test import override_settings

from ecosystem.config.celery import app

# Below it: those of a run in one process, and one that tests/rig/memory.py takes.
FIRST = 4


def take_databases(worker: str) -> None:
    """Lead the settings of a worker (`gw0`, `gw1` ...), and of the processes that it starts, to its two databases."""
    server, broker = settings.REDIS_URL.rpartition("/")[0], FIRST + 2 * int(worker.removeprefix("gw"))
    urls = {"REDIS_URL": f"{server}/{broker}", "CACHE_URL": f"{server}/{broker + 1}"}
    cache = {**settings.CACHES["default"], "LOCATION": urls["CACHE_URL"]}
    os.environ.update(urls)
    override_settings(
        **urls, CELERY_BROKER_URL=urls["REDIS_URL"], CACHES={**settings.CACHES, "default": cache}
    ).enable()
    app.conf.broker_url = urls["REDIS_URL"]
