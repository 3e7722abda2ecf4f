"""What machines ask: whether the process lives, whether it can work, and a few figures for the operator."""

import os
import threading
import time
from ipaddress import ip_address

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ecosystem.base.postgres.base import TooPowerful
from ecosystem.base.sql import rows
from ecosystem.queries.operations import waiting_work

STARTED_AT = time.time()
_known_complete: list[bool] = []
_asking = threading.Lock()


@transaction.non_atomic_requests
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@transaction.non_atomic_requests
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Database reached, as a role that the wall binds, no migration waiting, and nobody has asked us to stop."""
    checks = {"running": not _is_leaving(), "database": False, "role": False, "migrations": False}
    try:
        # Opening a connection refuses a role that is too powerful.
        connection.ensure_connection()
        rows("SELECT 1 AS answer")
        checks |= {"database": True, "role": True, "migrations": _migrations_are_complete()}
    except TooPowerful:
        checks["database"] = True
    except (DatabaseError, ImproperlyConfigured):
        connection.close()
    ready = all(checks.values())
    answer = JsonResponse({"ready": ready, **checks}, status=200 if ready else 503)
    if not ready:
        answer["Retry-After"] = "5"
    return answer


def _is_leaving() -> bool:
    """Whether this installation is on its way down: no new work should be sent here."""
    return bool(settings.LEAVING_FILE) and os.path.exists(settings.LEAVING_FILE)


def _migrations_are_complete() -> bool:
    """Asked until it is true once: code and schema of a process do not part afterwards."""
    # One thread asks, the others wait for its answer: on a busy machine asking takes longer than a prober's patience.
    with _asking:
        if not _known_complete:
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                return False
            _known_complete.append(True)
    return True


@transaction.non_atomic_requests
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures in Prometheus' text form, for this machine only and never for what a proxy passes on."""
    if not _from_this_machine(request):
        raise Http404
    lines = [
        "# HELP lampwalk_process_start_time_seconds When this process began.",
        "# TYPE lampwalk_process_start_time_seconds gauge",
        f"lampwalk_process_start_time_seconds {STARTED_AT:.3f}",
        "# HELP lampwalk_waiting Businesses with work due, by queue.",
        "# TYPE lampwalk_waiting gauge",
    ]
    work = waiting_work()
    lines += [f'lampwalk_waiting{{queue="{queue.name}"}} {queue.businesses}' for queue in work]
    lines += [
        "# HELP lampwalk_oldest_due_seconds How long the longest-waiting work of a queue has been due.",
        "# TYPE lampwalk_oldest_due_seconds gauge",
    ]
    lines += [f'lampwalk_oldest_due_seconds{{queue="{queue.name}"}} {queue.oldest_seconds:.1f}' for queue in work]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


def _from_this_machine(request: HttpRequest) -> bool:
    """A request that came over loopback and was forwarded for nobody."""
    if any(name in request.META for name in ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_VIA")):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
