"""One mail to one person: the prepared bytes with this person's values, links and dates put in."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from campaigns.rendering.headers import check_address, date_header, header_text
from campaigns.rendering.liquid import nested, render_liquid
from campaigns.rendering.plan import LIQUID, Slot
from campaigns.rendering.preparing import (
    DATE,
    LINK_TOKEN,
    MARK,
    MESSAGE_ID,
    OPEN_TOKEN,
    PREFERENCES_TOKEN,
    SUBJECT,
    TO,
    UNSUBSCRIBE_TOKEN,
    PreparedLetter,
)
from campaigns.rendering.sanitising import clean_value


def build(prepared: PreparedLetter, *, message_id: UUID, to: str, merge: Mapping[str, str], now: datetime) -> bytes:
    """The whole mail, lines ended by CRLF, leading dots not doubled. The same input gives the same bytes.

    `merge` maps field names to values; what is missing or empty prints its fallback. Raises RenderTooLarge (texts with
    conditions only) and Invalid for an address that is not exactly one.
    """
    tokens = prepared.signer.token_bytes(message_id)
    pieces = list(prepared.pieces)
    filled = {
        LINK_TOKEN: tokens.link,
        UNSUBSCRIBE_TOKEN: tokens.unsubscribe,
        PREFERENCES_TOKEN: tokens.preferences,
        TO: check_address(to, place="email").encode(),
        DATE: date_header(now),
        MESSAGE_ID: str(message_id).encode(),
        MARK: tokens.mark,
    }
    values = {name: clean_value(value) for name, value in merge.items() if value}
    if OPEN_TOKEN in prepared.places:
        filled[OPEN_TOKEN] = prepared.signer.open_token(message_id)
    if prepared.subject:
        filled[SUBJECT] = header_text(_subject(prepared, values))
    if prepared.logic:
        _put_logic(prepared, pieces, values, tokens.link.decode())
    for name, indexes in prepared.places.items():
        piece = filled[name]
        for index in indexes:
            pieces[index] = piece
    for place in prepared.fields:
        value = values.get(place.name)
        piece = place.encoding.value(value) if value else place.fallback
        for index in place.indexes:
            pieces[index] = piece
    return b"".join(_finished(prepared, pieces) if prepared.sections else pieces)


def _subject(prepared: PreparedLetter, values: Mapping[str, str]) -> str:
    words: list[str] = []
    for part in prepared.subject:
        if not isinstance(part, Slot):
            words.append(part)
        elif part.kind == LIQUID:
            words.append(render_liquid(part.name, nested({**prepared.constants, **values}), escape=False))
        else:
            words.append(values.get(part.name) or part.fallback)
    return clean_value("".join(words))


def _put_logic(prepared: PreparedLetter, pieces: list[bytes], values: Mapping[str, str], link_token: str) -> None:
    context = nested({**prepared.constants, **values})
    context["link"] = {
        f"n{number}": f"{prepared.public_url}/l/{link_token}/{number}" if prepared.is_tracked else target
        for number, target in enumerate(prepared.links, 1)
    }
    for place in prepared.logic:
        text = render_liquid(place.source, context, escape=place.encoding.is_html)
        pieces[place.index] = place.encoding.static(text)


def _finished(prepared: PreparedLetter, pieces: list[bytes]) -> list[bytes]:
    done: list[bytes] = []
    end = 0
    for section in prepared.sections:
        done += pieces[end : section.start]
        done.append(section.finish(b"".join(pieces[section.start : section.stop])))
        end = section.stop
    return done + pieces[end:]
