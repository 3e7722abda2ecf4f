"""Letters as the pages name them."""

from django import template

from campaigns.names import told as told_words

register = template.Library()


@register.filter
def told(words: str) -> str:
    """Words of a letter in one line, with three dots where each reader's own stand."""
    return told_words(words)
