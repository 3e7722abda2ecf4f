"""How much of a long test is run: in short with all others, whole where WHOLE=1 says so."""

import os


def size(short: float, whole: float) -> float:
    """So many, or so many seconds."""
    return whole if os.environ.get("WHOLE") == "1" else short
