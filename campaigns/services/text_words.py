"""What an incoming text means: the words that the law names, however they are spelt, and those that may mean stop."""

import re

from campaigns.models import IncomingText
from ecosystem.base.addresses import fold

Meaning = IncomingText.Meaning

STOP_WORDS = frozenset({"stop", "stopall", "quit", "end", "revoke", "optout", "cancel", "unsubscribe"})
STOP_WORDS |= {"arret", "alto", "stopp"}
START_WORDS = frozenset({"start", "unstop"})
YES_WORDS = frozenset({"yes"})
HELP_WORDS = frozenset({"help", "info"})
# Beside a word for stop these change nothing: "Stop please", "STOP texting me now".
FILLERS = frozenset(
    {"please", "now", "it", "this", "that", "all", "texts", "text", "texting", "messages", "messaging", "me", "thanks"}
    | {"thank", "you", "the", "these", "your", "from", "sending", "immediately", "pls", "plz", "at", "once", "ok"}
)
# Further off these say that somebody has had enough, though not by a word that the law names.
_MAYBE = re.compile(
    r"\b(?:remove|take|delete|get) (?:me|my number)\b|\bleave me alone\b|\bno more\b|\b(?:lose|forget) my number\b"
    r"|\b(?:do not|don t|dont|never|quit|stop|cease) (?:text|contact|message|send|write|call)\w*\b"
    r"|\bunsubscrib\w*|\bopt\w* out\b|\bopt(?:ing)?out\b|\bwrong (?:number|person)\b|\bnot interested\b|\bspam\b"
    r"|\b(?:stop|quit|cancel|revoke|unsubscribe|optout)\b"
)


def meaning_of(text: str) -> str:
    """What a text means. Case, punctuation, spaces and accents say nothing; neither do courtesies beside a stop."""
    words = re.sub(r"[^a-z0-9]+", " ", fold(text)).split()
    joined = "".join(words)
    if joined in STOP_WORDS:
        return Meaning.STOP
    if joined in START_WORDS:
        return Meaning.START
    if joined in YES_WORDS:
        return Meaning.YES
    if joined in HELP_WORDS:
        return Meaning.HELP
    heads = [words[:1], ["".join(words[:2])]]
    for length, head in enumerate(heads, 1):
        if head and head[0] in STOP_WORDS and set(words[length:]) <= FILLERS:
            return Meaning.STOP
    if words and words[0] in FILLERS and words[-1] in STOP_WORDS and set(words[:-1]) <= FILLERS:
        return Meaning.STOP
    return Meaning.MAYBE_STOP if _MAYBE.search(" ".join(words)) else Meaning.OTHER
