"""The worker of seq.celery: one process, one task after another."""

import os

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecosystem.config.settings")
    django.setup()
    from benchmarks._celery_way import QUEUE, app

    app.worker_main(["worker", "--pool", "solo", "--queues", QUEUE, "--loglevel", "ERROR", "--without-mingle"])
