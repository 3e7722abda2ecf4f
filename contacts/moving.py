"""What of a higher floor's tables stays behind when two records of a person are made one."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from ecosystem.base.registry import Registry

# By the model as `app.Model`: from all rows of a person those that may go to another record.
MOVING: Registry[Callable[[QuerySet[Any]], QuerySet[Any]]] = Registry("rows that move when two records become one")
