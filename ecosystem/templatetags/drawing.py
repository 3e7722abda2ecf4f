"""Drawings in templates."""

from collections.abc import Sequence

from django import template
from django.utils.safestring import SafeString

from ecosystem.drawing import spark

register = template.Library()


@register.simple_tag
def sparkline(values: Sequence[float]) -> SafeString:
    """A small line of numbers; say in words beside it what it shows."""
    return spark.sparkline(values)
