"""The pictures of a business, for whoever has the address."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ecosystem.queries.brand import find_image

# Nothing in a file of ours may run, be framed, or be taken for something else than a picture (SEC-44).
_HEADERS = {
    "Content-Type": "image/png",
    "Content-Disposition": 'attachment; filename="mark.png"',
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    # Letters are read in other sites' pages.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "public, max-age=31536000, immutable",
}


@require_safe
def public_file(request: HttpRequest, slug: str, file: str) -> HttpResponse:
    """A picture by its address, which changes with the picture; whatever else is asked for is not there."""
    image = find_image(file)
    if image is None:
        raise Http404
    return HttpResponse(bytes(image.content), headers=_HEADERS)
