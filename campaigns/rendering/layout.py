"""The frame around every letter: 600 px, system fonts, one button, and the system footer, visible and last.

The frame and the footer are ours; a writer's text enters as marks and can neither open nor close anything in them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import mrml
from django.template.loader import render_to_string
from markupsafe import escape

from campaigns.rendering.plan import CONSTANT, LEAVE, LEGAL, PREFERENCES, SIGN, Marks, Slot


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands inside the frame. For HTML the texts have been escaped or sanitised already."""

    body: str
    preheader: str
    button_label: str = ""
    button_url: str = ""
    has_leave_link: bool = True
    language: str = "en"


def mail_html(frame: Frame, marks: Marks) -> str:
    """The whole HTML of the letter, with marks where something is filled in later."""
    contents = {
        "body": frame.body,
        "preheader": frame.preheader,
        "button_label": frame.button_label,
        "footer": render_to_string("emails/footer.html", _footer(frame, marks)).strip(),
    }
    places = {name: marks.put(name) if content else "" for name, content in contents.items()}
    title = marks.put(Slot(CONSTANT, "business.name"))
    places["sign"] = marks.put(Slot(SIGN))
    context = {**places, "title": title, "language": frame.language, "button_url": frame.button_url}
    html = mrml.to_html(
        render_to_string("emails/letter.mjml", context), render_options=mrml.RenderOptions(fonts={})
    ).content
    for name, content in contents.items():
        html = html.replace(places[name], content, 1) if content else html
    return html


def text_twin(frame: Frame, marks: Marks) -> str:
    """The plain text of the letter: body, button, footer."""
    button = f"\n\n{frame.button_label}:\n{frame.button_url}" if frame.button_label else ""
    footer = render_to_string("emails/footer.txt", _footer(frame, marks)).strip()
    return f"{frame.body}{button}\n\n{footer}\n"


def legal_links(constants: Mapping[str, str], *, is_html: bool) -> str:
    """The links to what the business published about data and terms; nothing where it published neither."""
    shown = [
        (constants[f"{kind}.label"], constants[f"{kind}.url"])
        for kind in ("privacy", "terms")
        if constants.get(f"{kind}.url")
    ]
    if not is_html:
        return "".join(f"{label}: {url}\n" for label, url in shown)
    style = "color:#14513e;text-decoration:underline"
    links = [f'<a href="{escape(url)}" style="{style}">{escape(label)}</a>' for label, url in shown]
    return f'<p style="margin:0 0 10px">{" &nbsp;·&nbsp; ".join(links)}</p>' if links else ""


def _footer(frame: Frame, marks: Marks) -> dict[str, str]:
    return {
        "reason": marks.put(Slot(CONSTANT, "footer.reason")),
        "business": marks.put(Slot(CONSTANT, "business.name")),
        "postal_address": marks.put(Slot(CONSTANT, "business.postal_address")),
        "legal": marks.put(Slot(LEGAL)),
        "leave": marks.put(Slot(LEAVE)) if frame.has_leave_link else "",
        # A link without a word, that no reader sees and no screen reader says: whoever follows it follows every link.
        "trap": f"{marks.put(Slot(LEAVE))}/more" if frame.has_leave_link else "",
        "preferences": marks.put(Slot(PREFERENCES)) if frame.has_leave_link else "",
    }


def sign_html(constants: Mapping[str, str]) -> str:
    """The business's own picture at the head of a letter, whose address we made ourselves; nothing without one."""
    address = constants.get("business.mark_url", "")
    if not address:
        return ""
    style = "display:block;width:44px;height:44px;object-fit:contain;border-radius:10px;margin:0 0 8px"
    return f'<img src="{escape(address)}" width="44" height="44" alt="" style="{style}" />'
