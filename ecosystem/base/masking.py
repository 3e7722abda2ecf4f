"""Strike addresses and telephone numbers out of words that others wrote, before these are kept or printed."""

import re

_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\w.:-])\+\d[\d ()/-]{6,}\d")


def mask(text: str) -> str:
    """The text without addresses and telephone numbers."""
    return _PHONE.sub("***", _EMAIL.sub("***@***", text))
