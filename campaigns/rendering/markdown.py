"""A letter's body, written as light Markdown, as mail HTML and as its plain text twin."""

import re
from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.token import Token

from campaigns.rendering.sanitising import STYLES, sanitise
from ecosystem.base.errors import Invalid

BARE_ADDRESS = re.compile(r"(?<![(<\[\"'=\w/@.])https?://[^\s<>()\[\]\"'*]*[^\s<>()\[\]\"'*.,;:!?_]")

Target = Callable[[str], str]


class LetterMarkdown(MarkdownIt):
    """Takes any link for a link: `safe_target` judges it, and tells the writer why."""

    def validateLink(self, url: str) -> bool:
        return True


def _parser() -> MarkdownIt:
    """Paragraphs, headings, lists, quotes, rules, bold, italics and links. Tenant HTML is text like any other."""
    parser = LetterMarkdown("commonmark", {"html": False, "breaks": True, "xhtmlOut": True})
    parser.disable(["code", "fence", "backticks", "html_block", "html_inline", "reference", "entity"])
    return parser


PARSER = _parser()


def read_markdown(body: str, target: Target) -> list[Token]:
    """The body's blocks, every link's address replaced by what `target` makes of it. Invalid for a picture."""
    blocks = PARSER.parse(BARE_ADDRESS.sub(r"<\g<0>>", body))
    for token in (inline for block in blocks for inline in [block, *(block.children or ())]):
        if token.type == "image":
            sentence = _("Letters hold words and links, no pictures: many people never see them in a mail.")
            raise Invalid("picture_in_letter", sentence, field="body")
        if token.type == "link_open":
            token.attrs = {"href": target(str(token.attrs["href"]))}
        if token.nesting == 1 or token.type == "hr":
            level = token.tag if token.tag not in {"h4", "h5", "h6"} else "h3"
            token.tag = level
            if level in STYLES:
                token.attrSet("style", STYLES[level])
        elif token.tag in {"h4", "h5", "h6"}:
            token.tag = "h3"
    return blocks


def as_html(blocks: Sequence[Token]) -> str:
    """The blocks as sanitised mail HTML."""
    return sanitise(PARSER.renderer.render(blocks, PARSER.options, {})).strip()


def as_text(blocks: Sequence[Token]) -> str:
    """The blocks as plain text: lists with their marks, links with their address behind them."""
    lines: list[str] = []
    marks: list[int | None] = []
    quote = 0
    for token in blocks:
        if token.type in {"bullet_list_open", "ordered_list_open"}:
            marks.append(int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else None)
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            marks.pop()
            if not marks:
                lines.append("")
        elif token.type == "list_item_open":
            lines.append(_item_mark(marks))
        elif token.type in {"blockquote_open", "blockquote_close"}:
            quote += token.nesting
        elif token.type == "hr":
            lines += ["---", ""]
        elif token.type == "inline":
            _put(lines, "> " * quote + _inline_text(token.children or ()), in_list=bool(marks))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _item_mark(marks: list[int | None]) -> str:
    number = marks[-1]
    if number is None:
        return "  " * (len(marks) - 1) + "- "
    marks[-1] = number + 1
    return "  " * (len(marks) - 1) + f"{number}. "


def _put(lines: list[str], text: str, *, in_list: bool) -> None:
    if in_list and lines and re.fullmatch(r" *(-|\d+\.) ", lines[-1]):
        lines[-1] += text
    else:
        lines.append(text)
    if not in_list:
        lines.append("")


def _inline_text(tokens: Sequence[Token]) -> str:
    pieces: list[str] = []
    starts: list[tuple[int, str]] = []
    for token in tokens:
        if token.type == "text":
            pieces.append(token.content)
        elif token.type in {"softbreak", "hardbreak"}:
            pieces.append("\n")
        elif token.type == "link_open":
            starts.append((len(pieces), str(token.attrs["href"])))
        elif token.type == "link_close":
            start, address = starts.pop()
            words = "".join(pieces[start:]).strip()
            is_bare = words.startswith(("http://", "https://")) or not words
            pieces[start:] = [address if is_bare else f"{words} <{address}>"]
    return "".join(pieces)
