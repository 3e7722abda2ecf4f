"""A postal address: its lines as they are written, and one text by which two are compared."""

from django.utils.translation import gettext_lazy as _

from ecosystem.base.addresses import fold
from ecosystem.base.errors import Invalid

LONGEST_POSTAL = 200


def read_postal(text: str) -> tuple[str, str]:
    """The address line by line, without empty ones, and as compared; Invalid where it is too long to be one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    written = "\n".join(lines)
    if len(written) > LONGEST_POSTAL:
        sentence = _("A postal address has at most %(count)d letters.") % {"count": LONGEST_POSTAL}
        raise Invalid("postal_too_long", sentence, field="postal")
    return written, fold(", ".join(lines))[:LONGEST_POSTAL]
