"""What a letter, or a text, is called where it is told of: never by the tags that are filled in for each reader."""

import re

from django.utils.translation import gettext

LENGTH = 60
# What is filled in for each reader, and what is decided for each, in the words as they were written; the last may be
# cut off.
_FILLED_IN = re.compile(r"{{.*?(?:}}|$)", re.DOTALL)
_RULE = re.compile(r"{%.*?(?:%}|$)", re.DOTALL)


def told(words: str) -> str:
    """Words of a letter in one line. A name that is filled in is three dots."""
    return " ".join(_RULE.sub("", _FILLED_IN.sub("…", words)).split())


def called(subject: str | None, body: str | None) -> str:
    """What a letter, or a text, is called: its subject, or how it begins."""
    return told(subject or (body or "")[:LENGTH]) or gettext("a message of ours")
