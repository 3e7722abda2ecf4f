"""Celery tasks that say which business they work for, or that they work for none.

PostgreSQL is the queue of record: a task that fails leaves its row waiting, and the next sweep picks it up.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import structlog
from celery import Task, shared_task

from ecosystem.base.errors import DomainError
from ecosystem.base.tenancy import BusinessNotSet, bind_business, business_scope, find_current_business_id

log = structlog.get_logger(__name__)


class BusinessTask(Task):  # type: ignore[misc]  # Celery has no types
    """A task of one business: its id is the first argument, or the header `business_id`.

    The business is entered before the body runs. With `bind_only=True` it is named only, for work that commits
    between steps and opens a short `business_scope()` for each. A broken rule is logged and ends the task.
    """

    abstract = True
    bind_only = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        business_id = _business_of(self, args, kwargs)
        known = structlog.contextvars.bound_contextvars(business_id=business_id)
        with known, _ended_by_rule(self), self._enter(business_id):
            return self.run(*args, **kwargs)

    def _enter(self, business_id: int) -> AbstractContextManager[None]:
        return bind_business(business_id) if self.bind_only else business_scope(business_id)


class GlobalTask(Task):  # type: ignore[misc]  # Celery has no types
    """A task that no business is current in: it wakes, sweeps and hands over."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if find_current_business_id() is not None and not self.request.is_eager:
            raise RuntimeError(f"{self.name} found a business entered by the task before it.")
        with _ended_by_rule(self):
            return self.run(*args, **kwargs)


def business_task(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Make a function with `business_id` as its first argument a BusinessTask; options as for Celery."""
    return shared_task(base=BusinessTask, **options)  # type: ignore[no-any-return]


def global_task(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Make a function a task without a business; options as for Celery."""
    return shared_task(base=GlobalTask, **options)  # type: ignore[no-any-return]


def _business_of(task: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    """The business a task was started for; raises BusinessNotSet before anything is asked of the database."""
    named = (getattr(task.request, "headers", None) or {}).get("business_id")
    value = named if named is not None else kwargs.get("business_id", args[0] if args else None)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise BusinessNotSet(f"{task.name} was started without a business.")
    return value


@contextmanager
def _ended_by_rule(task: Any) -> Iterator[None]:
    """Record a broken rule, outside of the transaction: what was written before it is taken back."""
    try:
        yield
    except DomainError as error:
        log.warning("task_ended_by_rule", task=task.name, code=error.code)
