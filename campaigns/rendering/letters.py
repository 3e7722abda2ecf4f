"""From what a person wrote to a render plan: compiled once for each version of a letter."""

import re
import secrets
from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _
from markupsafe import escape

from campaigns.rendering.layout import Frame, mail_html, text_twin
from campaigns.rendering.liquid import LIMIT_BYTES, check_liquid, finish_output
from campaigns.rendering.markdown import as_html, as_text, read_markdown
from campaigns.rendering.merge_tags import Tag, split_tags
from campaigns.rendering.plan import CONSTANT, FIELD, LINK, LIQUID, Marks, Part, Parts, RenderPlan, Slot, join_parts
from campaigns.rendering.sanitising import STYLES, clean_line, clean_text, is_tracked, safe_target
from ecosystem.base.errors import Invalid

TRANSACTIONAL = "transactional"
ACTION = "{{ action.url }}"
LONGEST = {"subject": 200, "preheader": 200, "body": 60_000, "button_label": 80}
LONE_TAGS = re.compile(rf'<p style="{STYLES["p"]}">((?:\s*(?:<br ?/?>)?\s*\{{%[^%]*%\}})+)\s*</p>')


@dataclass(frozen=True, slots=True)
class Letter:
    """What a person writes: a subject, the first line people see, a body in light Markdown, perhaps one button."""

    subject: str
    body: str
    preheader: str = ""
    button_label: str = ""
    button_url: str = ""


def compile_letter(
    letter: Letter, *, message_class: str = "marketing", language: str = "en", is_system: bool = False
) -> RenderPlan:
    """The letter's render plan. Invalid, with the field and a sentence, for anything that cannot be sent.

    Letters of the class `transactional` carry no leave link; all others do, whatever they hold. `is_system` opens the
    fields of the letters that we write ourselves.
    """
    with translation.override(language):
        return _Compiler(is_system=is_system, message_class=message_class, language=language).compile(letter)


class _Compiler:
    """One compilation: the marks and the numbered links that its steps share."""

    def __init__(self, *, is_system: bool, message_class: str, language: str) -> None:
        self.is_system = is_system
        self.message_class = message_class
        self.language = language
        self.marks = Marks(secrets.token_hex(8))
        self.links: list[str] = []

    def compile(self, letter: Letter) -> RenderPlan:
        subject = self._marked(self._line(letter.subject, "subject"), "subject")
        if not subject.words:
            raise Invalid("subject_missing", _("Write a subject: it is what people see first."), field="subject")
        preheader = self._marked(self._line(letter.preheader, "preheader"), "preheader")
        body = self._marked(clean_text(letter.body, longest=LONGEST["body"], place="body"), "body")
        if not body.words:
            raise Invalid("body_missing", _("Write something: the letter is still empty."), field="body")
        blocks = read_markdown(body.words, self._body_link)
        label, url = self._button(letter)
        html = self._frame(preheader, label, url, as_html(blocks), body, is_html=True)
        text = self._frame(preheader, label, url, as_text(blocks), body, is_html=False)
        document = mail_html(html, self.marks)
        if len(document.encode()) > LIMIT_BYTES:
            raise Invalid("letter_too_large", _("This letter is too long to be delivered."), field="body")
        return RenderPlan(
            subject=self._cut(self._finish(subject.words, subject)),
            preheader=self._cut(self._finish(preheader.words, preheader)),
            html=self._cut(document),
            text=self._cut(text_twin(text, self.marks)),
            links=tuple(self.links),
            message_class=self.message_class,
            language=self.language,
        )

    def _frame(
        self, preheader: "_Marked", label: "_Marked", url: str, body: str, marked_body: "_Marked", *, is_html: bool
    ) -> Frame:
        def words(text: "_Marked") -> str:
            return self._finish(str(escape(text.words)) if is_html else text.words, text)

        return Frame(
            body=self._finish(body, marked_body),
            preheader=words(preheader),
            button_label=words(label),
            button_url=url,
            has_leave_link=self.message_class != TRANSACTIONAL,
            language=self.language,
        )

    def _line(self, text: str, place: str) -> str:
        return clean_line(text, longest=LONGEST[place], place=place)

    def _marked(self, text: str, place: str) -> "_Marked":
        """The text with each tag replaced by a mark, every tag checked."""
        pieces = list(split_tags(text, place=place, is_system=self.is_system))
        has_logic = any(isinstance(piece, Tag) and piece.field is None for piece in pieces)
        if has_logic:
            check_liquid(text, place=place, is_system=self.is_system)
        words = "".join(self.marks.put(piece) if isinstance(piece, Tag) else piece for piece in pieces)
        return _Marked(words, place, has_logic)

    def _finish(self, words: str, marked: "_Marked") -> str:
        """The words as they are, or, where they hold logic, one mark for the Liquid text that they make."""
        if not marked.has_logic:
            return words
        source = self.marks.replace(words, lambda thing: self._as_liquid(thing, marked.place))
        return self.marks.put(Slot(LIQUID, LONE_TAGS.sub(r"\1", source)))

    def _as_liquid(self, thing: Tag | Slot, place: str) -> str:
        if isinstance(thing, Slot):
            return "{{ link.n" + thing.name + " }}"
        if thing.is_logic:
            return thing.source
        return finish_output(thing.source.strip("{}-"), place=place, is_system=self.is_system)

    def _button(self, letter: Letter) -> tuple["_Marked", str]:
        label = self._marked(self._line(letter.button_label, "button_label"), "button_label")
        address = letter.button_url.strip()
        if bool(label.words) != bool(address):
            place = "button_url" if label.words else "button_label"
            raise Invalid("button_incomplete", _("A button needs both its words and its link."), field=place)
        if not address:
            return label, ""
        if self.is_system and address == ACTION:
            return label, self.marks.put(Slot(FIELD, "action.url"))
        return label, self._link(address, "button_url")

    def _body_link(self, address: str) -> str:
        return self._link(address, "body")

    def _link(self, address: str, place: str) -> str:
        if self.marks.is_in(address) or "{{" in address or "{%" in address:
            sentence = _("A link's address cannot hold a merge tag: it must be the same for everybody.")
            raise Invalid("merge_tag_in_link", sentence, field=place)
        target = safe_target(address, place=place)
        if not is_tracked(target):
            return target
        if target not in self.links:
            self.links.append(target)
        return self.marks.put(Slot(LINK, str(self.links.index(target) + 1)))

    def _cut(self, text: str) -> Parts:
        return join_parts(self._part(piece) for piece in self.marks.split(text))

    def _part(self, piece: str | Tag | Slot) -> Part:
        if not isinstance(piece, Tag):
            return piece
        if piece.field is None:
            raise TypeError("A tag with logic is part of a Liquid text and never stands alone.")
        return Slot(FIELD if piece.field.of_person else CONSTANT, piece.field.name, piece.default)


@dataclass(frozen=True, slots=True)
class _Marked:
    """A text whose tags stand as marks; with logic in it, it must be worked out for each person."""

    words: str
    place: str
    has_logic: bool
