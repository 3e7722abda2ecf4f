"""The composition root: settings, urls, servers. Importing it makes our Celery app the current one."""

from ecosystem.config.celery import app as celery_app

__all__ = ["celery_app"]
