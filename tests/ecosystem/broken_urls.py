"""Our own addresses, and one behind which something breaks."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from ecosystem.config.urls import handler500, urlpatterns

__all__ = ["handler500", "urlpatterns"]


def broken(request: HttpRequest) -> HttpResponse:
    """What no page of ours does."""
    raise ZeroDivisionError


urlpatterns = [*urlpatterns, path("broken/", broken, name="broken")]
