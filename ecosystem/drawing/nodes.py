"""One kind on the map: its ring, its words and its number, as a link that says it all."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from ecosystem.drawing.geometry import Point, ring

RING_WIDTH = 5
LONGEST_LABEL = 18


@dataclass(frozen=True)
class MapNode:
    """One kind on the map. `score` is None where there is nobody; `rose` is how many rose from it in the period."""

    kind: str
    label: str
    icon_url: str
    url: str
    people: int
    people_text: str
    fed: float | None
    score: float | None
    word: str
    is_starving: bool
    feedings: int
    description: str
    rose: int = 0
    rose_text: str = ""
    rises: bool = False


@dataclass(frozen=True)
class Layout:
    """One of the two drawings: its places and sizes."""

    name: str
    view_box: str
    hub: Point
    hub_radius: float
    places: Sequence[Point]
    radii: Sequence[float]
    # Labels stand beside the nodes on the wide drawing and below them on the tall one.
    is_round: bool


@dataclass(frozen=True)
class _Label:
    """Where a node's words stand: the first line's place, which way they run, and how far to the next line."""

    x: float
    y: float
    css: str
    line: float

    def pill_left(self, width: float) -> float:
        return {"at-start": self.x, "at-end": self.x - width}.get(self.css, self.x - width / 2)


def draw_node(layout: Layout, node: MapNode, place: Point, radius: float) -> SafeString:
    """A kind at its place."""
    css = "starving" if node.is_starving else "empty-kind" if node.score is None else ""
    icon = max(16.0, min(radius * 0.62, 28.0))
    label = _label_of(layout, place, radius)
    return format_html(
        '<a href="{}" data-kind="{}" class="{}" aria-label="{}"><circle class="plate" cx="{x}" cy="{y}" r="{}"/>'
        '{}<circle class="core" cx="{x}" cy="{y}" r="{}"/>'
        '<svg class="i sign" x="{}" y="{}" width="{}" height="{}"><use href="{}"/></svg>'
        '<text class="name {at}" x="{lx}" y="{}">{}</text><text class="n2 {at}" x="{lx}" y="{}">{}</text>{}{}</a>',
        node.url,
        node.kind,
        css,
        node.description,
        f"{radius + 4:.1f}",
        _ring(node, place, radius),
        f"{max(radius - RING_WIDTH - 2, 0):.1f}",
        f"{place.x - icon / 2:.1f}",
        f"{place.y - icon / 2:.1f}",
        f"{icon:.1f}",
        f"{icon:.1f}",
        node.icon_url,
        f"{label.y:.0f}",
        shortened(node.label, LONGEST_LABEL),
        f"{label.y + label.line:.0f}",
        node.people_text,
        _score(layout, node, place, radius),
        _word(node, label),
        x=f"{place.x:.1f}",
        y=f"{place.y:.1f}",
        lx=f"{label.x:.1f}",
        at=label.css,
    )


def _label_of(layout: Layout, place: Point, radius: float) -> _Label:
    if not layout.is_round:
        return _Label(place.x, place.y + radius + 18, "", 17)
    is_right = place.x > layout.hub.x + 20
    side = 1 if is_right else -1
    return _Label(place.x + side * (radius + 14), place.y - 2, "at-start" if is_right else "at-end", 19)


def _ring(node: MapNode, place: Point, radius: float) -> SafeString:
    at = f"{place.x:.1f}", f"{place.y:.1f}", f"{radius - RING_WIDTH / 2:.1f}"
    track = format_html('<circle class="track" cx="{}" cy="{}" r="{}"/>', *at)
    if not node.fed:
        return track
    drawn, whole = ring(node.fed, radius - RING_WIDTH / 2)
    return track + format_html(
        '<circle class="ring" cx="{}" cy="{}" r="{}" stroke-dasharray="{} {}" transform="rotate(-90 {} {})"/>',
        *at,
        f"{drawn:.1f}",
        f"{whole:.1f}",
        at[0],
        at[1],
    )


def _score(layout: Layout, node: MapNode, place: Point, radius: float) -> SafeString:
    """The number, on the outer shoulder, where no line arrives."""
    if node.score is None:
        return mark_safe("")
    side = -1 if layout.is_round and place.x < layout.hub.x - 20 else 1
    # A small node leaves no room on its shoulder: the number stands above it.
    x, y = place.x + side * radius * 0.8, place.y - radius * 0.8 - max(0.0, 30 - radius) * 0.6
    width, height = (34, 22) if layout.is_round else (30, 20)
    return format_html(
        '<rect class="badge" x="{}" y="{}" width="{}" height="{}" rx="{}"/><text class="score" x="{}" y="{}">{}</text>',
        f"{x - width / 2:.1f}",
        f"{y - height / 2:.1f}",
        width,
        height,
        height / 2,
        f"{x:.1f}",
        f"{y + 4.8:.1f}",
        f"{node.score:.0f}",
    )


def _word(node: MapNode, label: _Label) -> SafeString:
    if not node.is_starving:
        return mark_safe("")
    width = 22 + 7.6 * len(node.word)
    left, top = label.pill_left(width), label.y + label.line + 8
    return format_html(
        '<rect class="alarm" x="{}" y="{}" width="{}" height="23" rx="11.5"/>'
        '<text class="word" x="{}" y="{}">{}</text>',
        f"{left:.1f}",
        f"{top:.1f}",
        f"{width:.1f}",
        f"{left + width / 2:.1f}",
        f"{top + 16:.1f}",
        node.word,
    )


def shortened(text: str, most: int) -> str:
    """A text of so many letters at most."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
