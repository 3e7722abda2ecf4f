"""A kind's badge: the icon is ours, the word is the business's own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django import template
from django.template import Context

from ecosystem.drawing.icons import KIND_ICONS
from ecosystem.models import Kind
from ecosystem.queries.stakeholders import KindWords, words_by_kind

register = template.Library()


@dataclass(frozen=True)
class ShownKind:
    """What a badge needs of a kind."""

    icon: str
    label: str
    plural: str
    definition: str = ""
    is_on: bool = True


@register.simple_tag(takes_context=True)
def kind_words(context: Context, kind: str) -> ShownKind:
    """The icon and the words of a kind; read once a page however many badges it shows."""
    words = _words_of(context).get(str(kind))
    label = words.label if words else Kind(kind).label
    return ShownKind(
        icon=KIND_ICONS[str(kind)],
        label=str(label),
        plural=words.plural if words else str(label),
        definition=words.definition if words else "",
        is_on=words.is_on if words else True,
    )


@register.simple_tag(takes_context=True)
def first_kind(context: Context, kinds: Sequence[str]) -> str:
    """The first of somebody's kinds that is not switched off: it colours what stands before their name."""
    words = _words_of(context)
    return next((kind for kind in kinds if kind not in words or words[kind].is_on), "")


@register.simple_tag(takes_context=True)
def kinds_told(context: Context, kinds: Iterable[str] = ()) -> list[KindWords]:
    """The words of some kinds (or of all) that are used here and that the business has said the meaning of."""
    words = _words_of(context)
    return [words[kind] for kind in kinds or words if kind in words and words[kind].is_on and words[kind].definition]


def _words_of(context: Context) -> dict[str, KindWords]:
    request = context.get("request")
    if request is None or getattr(request, "business", None) is None:
        return {}
    if not hasattr(request, "kind_words"):
        request.kind_words = words_by_kind()
    return request.kind_words
