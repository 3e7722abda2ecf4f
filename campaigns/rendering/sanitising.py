"""What a letter may hold: which elements, which links, which characters."""

import re
import unicodedata
from urllib.parse import urlsplit

import nh3
from django.utils.translation import gettext as _
from markdown_it.common.normalize_url import normalizeLink

from ecosystem.base.errors import Invalid

# The only styles in a letter are these, put there by us; mail programs read few style sheets.
STYLES = {
    "p": "margin:0 0 16px",
    "h1": "margin:0 0 12px;font-size:24px;line-height:1.25;font-weight:700",
    "h2": "margin:24px 0 8px;font-size:19px;line-height:1.3;font-weight:700",
    "h3": "margin:20px 0 8px;font-size:16px;font-weight:700",
    "ul": "margin:0 0 16px;padding:0 0 0 22px",
    "ol": "margin:0 0 16px;padding:0 0 0 22px",
    "li": "margin:0 0 6px",
    "blockquote": "margin:0 0 16px;padding:0 0 0 14px;border-left:3px solid #f2b33d",
    "hr": "margin:24px 0;border:0;border-top:1px solid #e6dfd2",
    "a": "color:#14513e;text-decoration:underline",
}
TAGS = {*STYLES, "br", "strong", "em"}
KNOWN_STYLES = set(STYLES.values())
LONGEST_VALUE = 600
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ue000-\uf8ff]")
LINE_BREAKS = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
TURNS_TEXT_AROUND = re.compile("[\u202a-\u202e\u2066-\u2069]")


def sanitise(html: str) -> str:
    """The HTML with everything but our few elements, our own styles and safe links taken out."""
    return nh3.clean(
        html,
        tags=TAGS,
        clean_content_tags={"script", "style"},
        attributes={"a": {"href", "target"}, "*": {"style"}},
        attribute_filter=_keep_attribute,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
    )


def clean_text(text: str, *, longest: int, place: str) -> str:
    """A writer's text: line ends unified, control characters taken out. Invalid when it is too long."""
    tidy = CONTROLS.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")))
    if len(tidy) > longest:
        sentence = _("That is too long: %(count)s characters, %(most)s are possible.")
        raise Invalid("text_too_long", sentence % {"count": len(tidy), "most": longest}, field=place)
    return tidy.strip()


def clean_line(text: str, *, longest: int, place: str) -> str:
    """A text of one line that goes into a header. Invalid when it holds a line break or another control character."""
    if LINE_BREAKS.search(text.strip()) or CONTROLS.search(text.strip()):
        sentence = _("This must be one line, without line breaks or hidden characters.")
        raise Invalid("header_line_break", sentence, field=place)
    return clean_text(text, longest=longest, place=place)


def clean_value(value: str) -> str:
    """A person's value as it may stand anywhere in a mail: one line, nothing hidden, not endless."""
    if not value.isprintable():
        value = TURNS_TEXT_AROUND.sub("", CONTROLS.sub(" ", LINE_BREAKS.sub(" ", value.replace("\t", " "))))
    return value.strip()[:LONGEST_VALUE]


def safe_target(address: str, *, place: str) -> str:
    """Where a link leads: http, https, mailto or tel. Invalid for anything else, with what to write instead."""
    target = address.strip()
    if target.lower().startswith("www."):
        target = f"https://{target}"
    target = normalizeLink(target)
    try:
        parts = urlsplit(target)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
        is_web = is_web and parts.port != 0
    except ValueError:
        is_web = False
    is_direct = target.lower().startswith(("mailto:", "tel:")) and len(target) > len("mailto:")
    if not (is_web or is_direct) or len(target) > 2000 or re.search(r"[\s<>\"`{}\\^|]|[^\x20-\x7e]", target):
        sentence = _("The link %(address)s cannot be used. Start it with https:// (or mailto: or tel:).")
        raise Invalid("bad_link", sentence % {"address": address[:80]}, field=place)
    return target


def is_tracked(target: str) -> bool:
    """Web links are counted; a tap on a mail address or a phone number goes straight there."""
    return target.startswith(("http://", "https://"))


def _keep_attribute(_element: str, name: str, value: str) -> str | None:
    return None if name == "style" and value not in KNOWN_STYLES else value
