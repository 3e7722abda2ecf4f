"""Reads the texts that the local text sink has kept in its folder."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import nlargest
from pathlib import Path

_NAME = re.compile(r"\d{19}-\d+-\d+")


@dataclass(frozen=True)
class KeptText:
    """One text as it arrived at the sink."""

    id: str
    at: datetime
    message_id: str
    sender: str
    to: str
    text: str
    reply_url: str


def kept_texts(folder: Path, *, limit: int, to: str = "") -> list[KeptText]:
    """The newest texts first; with `to` only those to that number."""
    names = [path.stem for path in folder.glob("*.json")]
    wanted = nlargest(limit, names) if not to else sorted(names, reverse=True)
    found: list[KeptText] = []
    for name in wanted:
        text = find_text(folder, name)
        if text is not None and (not to or text.to == to):
            found.append(text)
        if len(found) == limit:
            break
    return found


def find_text(folder: Path, text_id: str) -> KeptText | None:
    """One text; None where there is none (any more)."""
    if not _NAME.fullmatch(text_id):
        return None
    try:
        kept = json.loads((folder / f"{text_id}.json").read_text())
    except FileNotFoundError:
        return None
    return KeptText(
        id=text_id,
        at=datetime.fromtimestamp(int(text_id.partition("-")[0]) / 1e9, UTC),
        message_id=kept["id"],
        sender=kept["from"],
        to=kept["to"],
        text=kept["text"],
        reply_url=kept["reply_url"],
    )
