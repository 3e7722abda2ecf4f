"""The ecosystem map as SVG text, in a wide and a tall drawing: a pure function of the figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from ecosystem.drawing.geometry import Point, arc, bend, line_width, node_radius, on_circle, ring, tall_places

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
class MapHub:
    """The business in the middle of its world."""

    name: str
    text: str
    icon_url: str
    colour: str
    url: str
    description: str


@dataclass(frozen=True)
class _Layout:
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


def ecosystem_map(hub: MapHub, nodes: Sequence[MapNode], *, title: str) -> SafeString:
    """Both drawings; the style sheet shows the one that fits. The same figures stand in a table below."""
    wide = _Layout(
        "wide",
        "-52 24 824 586",
        Point(360, 320),
        66,
        [on_circle(index, len(nodes), centre=Point(360, 320), radius=230) for index in range(len(nodes))],
        [node_radius(node.people) for node in nodes],
        is_round=True,
    )
    tall = _Layout(
        "tall",
        "0 20 360 610",
        Point(172, 306),
        50,
        tall_places(len(nodes)),
        [min(node_radius(node.people), 30.0) for node in nodes],
        is_round=False,
    )
    return mark_safe("".join(_drawing(layout, hub, nodes, title) for layout in (wide, tall)))  # noqa: S308 - made of format_html alone


def _drawing(layout: _Layout, hub: MapHub, nodes: Sequence[MapNode], title: str) -> SafeString:
    placed = list(zip(nodes, layout.places, layout.radii, strict=True))
    return format_html(
        '<svg class="{}" viewBox="{}" role="group" aria-label="{}"><defs>'
        '<marker id="tip-{}" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto-start-reverse"><path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>{}{}{}{}</svg>',
        layout.name,
        layout.view_box,
        title,
        layout.name,
        format_html_join("", "{}", ((_tie(layout, *one),) for one in placed)),
        _rises(layout, placed),
        _hub(layout, hub),
        format_html_join("", "{}", ((_node(layout, *one),) for one in placed)),
    )


def _tie(layout: _Layout, node: MapNode, place: Point, radius: float) -> SafeString:
    """The line from the business: as wide as what was given; dotted where nothing was, dashed red where they starve."""
    start = layout.hub.towards(place, layout.hub_radius + 4)
    end = place.towards(layout.hub, radius + 4)
    if node.people == 0:
        return mark_safe("")
    pull = bend(start, end, 16)
    css = "tie red" if node.is_starving else "tie" if node.feedings else "tie none"
    width = "" if node.is_starving or not node.feedings else f' stroke-width="{line_width(node.feedings):.1f}"'
    return format_html(
        '<path class="{}" data-kind="{}"{} d="M{} {}Q{} {} {} {}"/>',
        css,
        node.kind,
        mark_safe(width),  # noqa: S308 - a number of ours
        *(f"{value:.0f}" for value in (start.x, start.y, pull.x, pull.y, end.x, end.y)),
    )


def _rises(layout: _Layout, placed: Sequence[tuple[MapNode, Point, float]]) -> SafeString:
    """Thin arrows for people who rose to the next rung, with how many."""
    ladder = [one for one in placed if one[0].rises]
    steps = [(lower, upper) for lower, upper in pairwise(ladder) if lower[0].rose]
    draw = _round_rise if layout.is_round else _straight_rise
    return format_html_join("", "{}", ((draw(layout, lower, upper),) for lower, upper in steps))


def _round_rise(
    layout: _Layout, lower: tuple[MapNode, Point, float], upper: tuple[MapNode, Point, float]
) -> SafeString:
    node, place, radius = lower
    start, middle, end = arc(place, upper[1], centre=layout.hub, gaps=(radius + 10, upper[2] + 14))
    outside = middle.towards(layout.hub, -14)
    return format_html(
        '<path class="rose" d="M{} {}A230 230 0 0 1 {} {}" marker-end="url(#tip-{})"/>'
        '<text class="n2 up {}" x="{}" y="{}">{}</text>',
        *(f"{value:.0f}" for value in (start.x, start.y, end.x, end.y)),
        layout.name,
        "at-start" if middle.x >= layout.hub.x else "at-end",
        f"{outside.x:.0f}",
        f"{outside.y + 4:.0f}",
        node.rose_text,
    )


def _straight_rise(
    layout: _Layout, lower: tuple[MapNode, Point, float], upper: tuple[MapNode, Point, float]
) -> SafeString:
    """Across the top with its words, or down the outer side, where words have no room."""
    (node, place, radius), (_next, above, its_radius) = lower, upper
    is_across = abs(above.x - place.x) > abs(above.y - place.y)
    if is_across:
        start, end = place.towards(above, radius + 12), above.towards(place, its_radius + 14)
        pull = bend(start, end, -18)
    else:
        out = radius + 14
        start, end = Point(place.x + out, place.y + 6), Point(above.x + its_radius + 8, above.y - 8)
        pull = Point(place.x + out + 24, (start.y + end.y) / 2)
    line = format_html(
        '<path class="rose" d="M{} {}Q{} {} {} {}" marker-end="url(#tip-{})"/>',
        *(f"{value:.0f}" for value in (start.x, start.y, pull.x, pull.y, end.x, end.y)),
        layout.name,
    )
    if not is_across:
        return line
    middle = Point((start.x + end.x + 2 * pull.x) / 4, (start.y + end.y + 2 * pull.y) / 4 + 4)
    return line + format_html(
        '<text class="n2 up" x="{}" y="{}">{}</text>', f"{middle.x:.0f}", f"{middle.y:.0f}", node.rose_text
    )


def _hub(layout: _Layout, hub: MapHub) -> SafeString:
    centre, radius = layout.hub, layout.hub_radius
    size = radius * 0.62
    return format_html(
        '<a class="hub" href="{}" aria-label="{}"><circle class="glow" cx="{}" cy="{}" r="{}"/>'
        '<circle cx="{}" cy="{}" r="{}" fill="{}"/><svg class="i" x="{}" y="{}" width="{}" height="{}">'
        '<use href="{}"/></svg><text class="name" x="{}" y="{}">{}</text><text class="n2" x="{}" y="{}">{}</text></a>',
        hub.url,
        hub.description,
        centre.x,
        centre.y,
        radius + 13,
        centre.x,
        centre.y,
        radius,
        hub.colour,
        f"{centre.x - size / 2:.1f}",
        f"{centre.y - radius * 0.72:.1f}",
        f"{size:.1f}",
        f"{size:.1f}",
        hub.icon_url,
        centre.x,
        f"{centre.y + 10:.0f}",
        _shortened(hub.name, 14 if radius > 55 else 12),
        centre.x,
        f"{centre.y + 28:.0f}",
        hub.text,
    )


def _node(layout: _Layout, node: MapNode, place: Point, radius: float) -> SafeString:
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
        _shortened(node.label, LONGEST_LABEL),
        f"{label.y + label.line:.0f}",
        node.people_text,
        _score(layout, node, place, radius),
        _word(node, label),
        x=f"{place.x:.1f}",
        y=f"{place.y:.1f}",
        lx=f"{label.x:.1f}",
        at=label.css,
    )


def _label_of(layout: _Layout, place: Point, radius: float) -> _Label:
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


def _score(layout: _Layout, node: MapNode, place: Point, radius: float) -> SafeString:
    """The number, on the outer shoulder, where no line arrives."""
    if node.score is None:
        return mark_safe("")
    side = -1 if layout.is_round and place.x < layout.hub.x - 20 else 1
    x, y = place.x + side * radius * 0.8, place.y - radius * 0.8
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


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
