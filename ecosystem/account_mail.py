"""The looks of a mail about an account: one plain text, and the same words in our colours."""

from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string


@dataclass(frozen=True)
class Part:
    """A paragraph, or the link that stands alone on its line and becomes the button."""

    text: str
    is_link: bool


def letter_html(subject: str, text: str) -> str:
    """The mail as a page: every paragraph of the text, and its link as a button with the address below it."""
    parts = [Part(block.strip(), block.strip().startswith(settings.PUBLIC_URL)) for block in _blocks(text)]
    context = {"subject": subject, "parts": parts, "PRODUCT_NAME": settings.PRODUCT_NAME}
    return render_to_string("emails/account.html", context)


def _blocks(text: str) -> list[str]:
    lines = [f"\n{line}\n" if line.startswith(settings.PUBLIC_URL) else line for line in text.splitlines()]
    return [block for block in "\n".join(lines).split("\n\n") if block.strip()]
