"""Pages are compressed on their way: a list of fifty people is 74 kB of HTML, and 9 kB so."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class PageCompressionMiddleware(GZipMiddleware):
    """Compresses pages, and nothing else: a program's ETag must stay as it is, and a file is sent while it is written.

    Django adds bytes of a random number, and masks each token that keeps forms safe, so that the size of a page tells
    nothing of what stands in it (BREACH).
    """

    def process_response(self, request: HttpRequest, response: Any) -> HttpResponseBase:
        """The page, smaller where the browser can read it so."""
        if response.streaming or not response.get("Content-Type", "").startswith("text/html"):
            return response  # type: ignore[no-any-return]
        return super().process_response(request, response)
