"""A letter as one person would see it, with links that lead straight to their targets and count nothing."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape

from markupsafe import escape

from campaigns.rendering.layout import legal_links, sign_html
from campaigns.rendering.liquid import nested, render_liquid
from campaigns.rendering.merge_tags import MERGE_FIELDS
from campaigns.rendering.plan import CONSTANT, FIELD, LEGAL, LINK, LIQUID, SIGN, Part, Parts, RenderPlan, Slot
from campaigns.rendering.sanitising import clean_value

NOWHERE = "#"
COMMENTS = re.compile(r"<!--.*?-->", re.DOTALL)
STYLES = re.compile(r'<style[^>]*>(.*?)</style>|style="([^"]*)"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Preview:
    """The words of one person's copy."""

    subject: str
    preheader: str
    html: str
    text: str


def render_preview(plan: RenderPlan, constants: Mapping[str, str], merge: Mapping[str, str]) -> Preview:
    """The letter with this person's values. `constants` are those of SenderIdentity.values()."""
    values = {**constants, **{name: clean_value(value) for name, value in merge.items() if value}}

    def words(parts: Parts, *, is_html: bool = False) -> str:
        return "".join(_words(part, plan, values, is_html=is_html) for part in parts)

    return Preview(
        subject=clean_value(words(plan.subject)),
        preheader=words(plan.preheader),
        html=words(plan.html, is_html=True),
        text=words(plan.text),
    )


def sample_person() -> dict[str, str]:
    """An invented person of whom everything is known."""
    return {field.name: str(field.sample) for field in MERGE_FIELDS.values() if field.of_person}


def frame_policy(html: str) -> str:
    """The Content-Security-Policy under which a mail is shown: its own styles by hash, our pictures, no more."""
    found = STYLES.findall(COMMENTS.sub("", html))
    styles = {unescape(attribute) if attribute else block for block, attribute in found}
    hashes = (b64encode(hashlib.sha256(style.encode()).digest()).decode() for style in sorted(styles))
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    return f"default-src 'none'; style-src 'unsafe-hashes' {allowed}; img-src 'self'; frame-ancestors 'self'; sandbox"


def _words(part: Part, plan: RenderPlan, values: Mapping[str, str], *, is_html: bool) -> str:
    if not isinstance(part, Slot):
        return part
    if part.kind == LIQUID:
        context = nested(values)
        context["link"] = {f"n{number}": target for number, target in enumerate(plan.links, 1)}
        return render_liquid(part.name, context, escape=is_html)
    if part.kind == LEGAL:
        return legal_links(values, is_html=is_html)
    if part.kind == SIGN:
        return sign_html(values) if is_html else ""
    if part.kind in {FIELD, CONSTANT}:
        value = values.get(part.name) or part.fallback
    else:
        value = plan.links[int(part.name) - 1] if part.kind == LINK else NOWHERE
    return str(escape(value)) if is_html else value
