"""Everything about a mail that is the same for a whole batch, done once: headers, encodings, our own addresses."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from markupsafe import escape

from campaigns.rendering.encoding import Encoding, choose_encoding
from campaigns.rendering.headers import check_address, check_header_text, header_text, mailbox
from campaigns.rendering.layout import legal_links, sign_html
from campaigns.rendering.letters import TRANSACTIONAL
from campaigns.rendering.plan import (
    CONSTANT,
    LEAVE,
    LEGAL,
    LINK,
    LIQUID,
    PIXEL,
    PREFERENCES,
    SIGN,
    Part,
    Parts,
    RenderPlan,
    Slot,
    join_parts,
)
from ecosystem.base.links import MessageSigner

METADATA_HEADER = "X-Lampwalk-Message"  # by which a provider's report names the message

FILLED = "filled"  # the kind of a slot that every mail fills: its name is one of these
LINK_TOKEN, UNSUBSCRIBE_TOKEN, PREFERENCES_TOKEN = "link token", "unsubscribe token", "preferences token"
OPEN_TOKEN = "open token"  # noqa: S105 - the name of a place
PIXEL_STYLE = "display:block;width:1px;height:1px;border:0"
END_OF_HTML = "</body>"
TO, DATE, SUBJECT, MESSAGE_ID, MARK = "to", "date", "subject", "message id", "mark"


@dataclass(frozen=True, slots=True)
class SenderIdentity:
    """Who writes, and what the letter may say of the business.

    `reason` says in one sentence why people get this letter. `constants` are further values that are the same for all
    (`business.core_message`, `topic.name`). `leave_mailbox` takes unsubscribe mails, `feedback_id` groups complaints at
    mailbox providers, `envelope_from` takes bounces.
    """

    business_id: int
    business_name: str
    postal_address: str
    from_name: str
    from_address: str
    reason: str
    reply_to: str = ""
    envelope_from: str = ""
    leave_mailbox: str = ""
    feedback_id: str = ""
    constants: Mapping[str, str] = field(default_factory=dict)

    def values(self) -> dict[str, str]:
        """Every value that is the same in the whole batch, by field name."""
        lines = [line.strip() for line in self.postal_address.splitlines()]
        return {
            **self.constants,
            "business.name": self.business_name,
            "business.postal_address": ", ".join(line for line in lines if line),
            "sender.name": self.from_name,
            "footer.reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class FieldPlaces:
    """Where one personal value stands, in one encoding."""

    name: str
    fallback: bytes
    encoding: Encoding
    indexes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LogicPlace:
    """Where a text with conditions stands."""

    source: str
    encoding: Encoding
    index: int


@dataclass(frozen=True, slots=True)
class Section:
    """Pieces that are encoded as a whole once they are joined."""

    start: int
    stop: int
    finish: Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class PreparedLetter:
    """A letter's bytes with gaps: `pieces` are copied, filled and joined for each mail."""

    pieces: tuple[bytes, ...]
    places: Mapping[str, tuple[int, ...]]
    fields: tuple[FieldPlaces, ...]
    logic: tuple[LogicPlace, ...]
    sections: tuple[Section, ...]
    subject: Parts
    signer: MessageSigner
    envelope_from: str
    constants: Mapping[str, str]
    public_url: str
    links: tuple[str, ...]
    is_tracked: bool


def prepare(
    plan: RenderPlan, sender: SenderIdentity, *, public_url: str, is_tracked: bool = True, has_pixel: bool = False
) -> PreparedLetter:
    """The letter ready for a batch of one sender. Invalid when a name or an address is not fit for a header.

    `is_tracked` off leaves the links as the writer wrote them. `has_pixel` puts a picture at the end that tells when
    the letter is opened; what somebody needs now never holds one.
    """
    work = _Preparation(plan, sender, public_url.rstrip("/"), is_tracked)
    work.head()
    boundary = f"=_{plan.hash[:24]}"
    work.add(f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n')
    html = _with_pixel(plan.html) if has_pixel and plan.message_class != TRANSACTIONAL else plan.html
    for subtype, parts in (("plain", plan.text), ("html", html)):
        work.body(subtype, parts, boundary)
    work.add(f"\r\n--{boundary}--\r\n")
    return PreparedLetter(
        pieces=tuple(work.pieces),
        places={name: tuple(indexes) for name, indexes in work.places.items()},
        fields=tuple(
            FieldPlaces(name, encoding.value(fallback), encoding, tuple(indexes))
            for (name, fallback, encoding), indexes in work.fields.items()
        ),
        logic=tuple(work.logic),
        sections=tuple(work.sections),
        subject=work.subject,
        signer=MessageSigner(sender.business_id),
        envelope_from=check_address(sender.envelope_from or sender.from_address, place="from_address"),
        constants=work.constants,
        public_url=work.public_url,
        links=plan.links,
        is_tracked=is_tracked,
    )


def resolve(
    parts: Parts, constants: Mapping[str, str], *, public_url: str, links: tuple[str, ...] | None, is_html: bool = False
) -> Parts:
    """The parts with the batch's own values and the addresses of our pages put in; texts are not escaped here.

    `links` are the targets when links are not tracked.
    """
    resolved: list[Part] = []
    for part in parts:
        if not isinstance(part, Slot):
            resolved.append(part)
        elif part.kind == CONSTANT:
            resolved.append(_Words(constants.get(part.name) or part.fallback))
        elif part.kind == LEGAL:
            resolved.append(legal_links(constants, is_html=is_html))
        elif part.kind == SIGN:
            resolved.append(sign_html(constants))
        elif part.kind == LINK and links is not None:
            resolved.append(_Words(links[int(part.name) - 1]))
        elif part.kind == LINK:
            resolved += [f"{public_url}/l/", Slot(FILLED, LINK_TOKEN), f"/{part.name}"]
        elif part.kind == PIXEL:
            resolved += [f'<img src="{public_url}/o/', Slot(FILLED, OPEN_TOKEN)]
            resolved.append(f'" width="1" height="1" alt="" style="{PIXEL_STYLE}" />')
        elif part.kind == LEAVE:
            resolved += [f"{public_url}/u/", Slot(FILLED, UNSUBSCRIBE_TOKEN)]
        elif part.kind == PREFERENCES:
            resolved += [f"{public_url}/prefs/", Slot(FILLED, PREFERENCES_TOKEN)]
        else:
            resolved.append(part)
    return tuple(resolved)


def _with_pixel(parts: Parts) -> Parts:
    """The HTML with the picture in front of its end, the frame's own, so that letters compiled long ago have it too."""
    *before, last = parts
    head, end, tail = str(last).rpartition(END_OF_HTML)
    return parts if isinstance(last, Slot) or not end else (*before, head, Slot(PIXEL), end + tail)


class _Words(str):
    """A value put into a plan: unlike the plan's own texts it must be escaped in HTML."""

    __slots__ = ()


class _Preparation:
    """The lists that grow while a letter is prepared."""

    def __init__(self, plan: RenderPlan, sender: SenderIdentity, public_url: str, is_tracked: bool) -> None:
        self.plan = plan
        self.sender = sender
        self.public_url = public_url
        self.constants = sender.values()
        self.targets = None if is_tracked else plan.links
        self.pieces: list[bytes] = []
        self.closed = 0  # pieces that nothing may be added to
        self.places: dict[str, list[int]] = defaultdict(list)
        self.fields: dict[tuple[str, str, Encoding], list[int]] = defaultdict(list)
        self.logic: list[LogicPlace] = []
        self.sections: list[Section] = []
        self.subject: Parts = ()

    def add(self, text: str | bytes) -> None:
        """Put bytes that are the same in every mail; neighbours become one piece."""
        piece = text if isinstance(text, bytes) else text.encode("ascii")
        if len(self.pieces) > self.closed:
            self.pieces[-1] += piece
        else:
            self.pieces.append(piece)

    def gap(self) -> int:
        """Leave a place to be filled, and say which."""
        self.pieces.append(b"")
        self.closed = len(self.pieces)
        return self.closed - 1

    def fill(self, name: str) -> None:
        self.places[name].append(self.gap())

    def head(self) -> None:
        """The header lines that are ours; a tenant can set none beside these."""
        sender = self.sender
        from_name = check_header_text(sender.from_name, place="from_name")
        from_address = check_address(sender.from_address, place="from_address")
        self.add(b"From: %b\r\nTo: " % mailbox(from_name, from_address))
        self.fill(TO)
        self.add("\r\nSubject: ")
        self._subject()
        self.add("\r\nDate: ")
        self.fill(DATE)
        self.add("\r\nMessage-ID: <")
        self.fill(MESSAGE_ID)
        self.add(".")
        self.fill(MARK)
        self.add(f"@{from_address.rpartition('@')[2]}>\r\n")
        if sender.reply_to:
            self.add(f"Reply-To: {check_address(sender.reply_to, place='reply_to')}\r\n")
        if self.plan.message_class != TRANSACTIONAL:
            self._leave_headers()
        if sender.feedback_id:
            self.add(b"Feedback-ID: %b\r\n" % header_text(check_header_text(sender.feedback_id, place="feedback_id")))
        self.add(f"{METADATA_HEADER}: ")
        self.fill(MESSAGE_ID)
        self.add("\r\n")

    def _leave_headers(self) -> None:
        """One-click unsubscribing: RFC 2369 and RFC 8058."""
        mailbox_address = self.sender.leave_mailbox or self.sender.reply_to or self.sender.from_address
        self.add(f"List-Unsubscribe: <{self.public_url}/u/")
        self.fill(UNSUBSCRIBE_TOKEN)
        self.add(f">,\r\n <mailto:{check_address(mailbox_address, place='leave_mailbox')}?subject=unsubscribe%20")
        self.fill(UNSUBSCRIBE_TOKEN)
        self.add(">\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")

    def _subject(self) -> None:
        parts = join_parts(
            str(part) if isinstance(part, _Words) else part for part in self._resolved(self.plan.subject)
        )
        if all(isinstance(part, str) for part in parts):
            self.add(header_text(check_header_text("".join(map(str, parts)), place="subject")))
        else:
            self.subject = parts
            self.fill(SUBJECT)

    def body(self, subtype: str, parts: Parts, boundary: str) -> None:
        """One body part with its own header."""
        encoding = choose_encoding(parts, is_html=subtype == "html")
        self.add(f"\r\n--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\n")
        self.add(b"Content-Transfer-Encoding: %b\r\n\r\n" % encoding.name)
        start = self.closed = len(self.pieces)
        for part in self._flattened(parts, encoding):
            self._place(part, encoding)
        if encoding.finish:
            self.sections.append(Section(start, len(self.pieces), encoding.finish))
            self.closed = len(self.pieces)

    def _resolved(self, parts: Parts, *, is_html: bool = False) -> Parts:
        return resolve(parts, self.constants, public_url=self.public_url, links=self.targets, is_html=is_html)

    def _flattened(self, parts: Parts, encoding: Encoding) -> Parts:
        def text(part: Part) -> Part:
            return str(escape(str(part))) if isinstance(part, _Words) and encoding.is_html else part

        return join_parts(text(part) for part in self._resolved(parts, is_html=encoding.is_html))

    def _place(self, part: Part, encoding: Encoding) -> None:
        if not isinstance(part, Slot):
            self.add(encoding.static(part))
            return
        if self.pieces and not self.pieces[-1].endswith(b"\n"):
            self.add(encoding.gap)
        if part.kind == FILLED:
            self.fill(part.name)
        elif part.kind == LIQUID:
            self.logic.append(LogicPlace(part.name, encoding, self.gap()))
        else:
            self.fields[part.name, part.fallback, encoding].append(self.gap())
        self.add(encoding.gap)
