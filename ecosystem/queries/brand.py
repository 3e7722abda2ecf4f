"""The pictures of a business, and where everybody finds them."""

from urllib.parse import urljoin

from django.conf import settings
from django.urls import reverse

from ecosystem.models import BrandImage


def find_image(key: str) -> BrandImage | None:
    """A picture of the current business by its address."""
    return BrandImage.objects.filter(key=key).first()


def mark_url(slug: str, key: str) -> str:
    """The whole address of a mark, for letters; empty where there is none."""
    return urljoin(settings.PUBLIC_URL, reverse("ecosystem:public_file", args=[slug, key])) if key else ""
