"""Registry of the pages, letters and texts that customers see, shown as they would be with other settings."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise

from ecosystem.base.registry import Registry
from ecosystem.models import BusinessProfile


@dataclass(frozen=True)
class CustomerPreview:
    """One thing that customers see: `draw` makes it of a profile that nobody has saved yet. Nothing is sent by it."""

    label: str | Promise
    draw: Callable[[HttpRequest, BusinessProfile], HttpResponse]


CUSTOMER_PREVIEWS: Registry[CustomerPreview] = Registry("customer previews")
