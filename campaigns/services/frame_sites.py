"""Which sites may show an opt-in page in a frame: none but those that the business names."""

import re
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from ecosystem.base.errors import Invalid

MOST_SITES = 10
_HOST = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


def read_sites(text: str) -> str:
    """The sites of a text with one a line, each as its origin; Invalid, with the line, for what is no site.

    Only https, only whole names: what is kept goes into a header word by word.
    """
    sites = list(dict.fromkeys(_origin(line) for line in text.split() if line))
    if len(sites) > MOST_SITES:
        raise Invalid("too_many_sites", _("Name at most %(most)d sites.") % {"most": MOST_SITES}, field="frame_sites")
    return "\n".join(sites)


def _origin(line: str) -> str:
    """`https://host` or `https://host:port` of an address as people write it, its page left out."""
    try:
        parts = urlsplit(line if "://" in line else f"https://{line}")
        host, port = (parts.hostname or "").encode("idna").decode().lower(), parts.port
    except ValueError:  # a port that is no number, or a name that no address can have
        host, port, parts = "", None, urlsplit("")
    if parts.scheme != "https" or not _HOST.fullmatch(host) or parts.username or parts.password:
        words = _("“%(line)s” is no site that we can name. Write it like www.example.com.")
        raise Invalid("not_a_site", words % {"line": line[:80]}, field="frame_sites")
    return f"https://{host}" + (f":{port}" if port else "")
