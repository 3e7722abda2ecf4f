"""Letters as the pages name them."""

from django import template

from campaigns.names import told as told_words

register = template.Library()


@register.filter
def told(words: str | None) -> str:
    """Words of a letter in one line, with three dots where each reader's own stand; nothing where there is none."""
    return told_words(words or "")
