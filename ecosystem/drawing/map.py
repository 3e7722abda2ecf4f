"""The ecosystem map as SVG text, in a wide and a tall drawing: a pure function of the figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from ecosystem.drawing.geometry import Point, bend, line_width, node_radius, on_circle, ring, tall_places

RING_WIDTH = 5
NODE_ICON = 22


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


def ecosystem_map(hub: MapHub, nodes: Sequence[MapNode], *, title: str) -> SafeString:
    """Both drawings; the style sheet shows the one that fits. The same figures stand in a table below."""
    wide = _Layout(
        "wide",
        "0 16 720 670",
        Point(360, 320),
        62,
        [on_circle(index, len(nodes), centre=Point(360, 320), radius=230) for index in range(len(nodes))],
        [node_radius(node.people) for node in nodes],
    )
    tall = _Layout(
        "tall",
        "0 14 360 620",
        Point(178, 306),
        50,
        tall_places(len(nodes)),
        [min(node_radius(node.people), 32.0) for node in nodes],
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
        format_html_join("", "{}", ((_node(*one),) for one in placed)),
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
    drawn = []
    for (node, place, radius), (_next, above, its_radius) in zip(ladder, ladder[1:], strict=False):
        if not node.rose:
            continue
        start, end = place.towards(above, radius + 12), above.towards(place, its_radius + 14)
        # Outwards: away from the middle of the drawing.
        pull = max(
            (bend(start, end, 26), bend(start, end, -26)),
            key=lambda point: abs(point.x - layout.hub.x) + abs(point.y - layout.hub.y),
        )
        drawn.append(
            format_html(
                '<path class="rose" d="M{} {}Q{} {} {} {}" marker-end="url(#tip-{})"/>'
                '<text class="n2 up" x="{}" y="{}">{}</text>',
                *(f"{value:.0f}" for value in (start.x, start.y, pull.x, pull.y, end.x, end.y)),
                layout.name,
                f"{(start.x + end.x + 2 * pull.x) / 4:.0f}",
                f"{(start.y + end.y + 2 * pull.y) / 4 + 4:.0f}",
                node.rose_text,
            )
        )
    return mark_safe("".join(drawn))  # noqa: S308 - made of format_html alone


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
        _shortened(hub.name, 15 if radius > 55 else 12),
        centre.x,
        f"{centre.y + 28:.0f}",
        hub.text,
    )


def _node(node: MapNode, place: Point, radius: float) -> SafeString:
    css = "starving" if node.is_starving else "empty-kind" if node.score is None else ""
    icon = min(NODE_ICON, radius * 0.9)
    below = place.y + radius + 18
    return format_html(
        '<a href="{}" data-kind="{}" class="{}" aria-label="{}"><circle class="plate" cx="{x}" cy="{y}" r="{}"/>'
        '{}<circle class="core" cx="{x}" cy="{y}" r="{}"/>'
        '<svg class="i sign" x="{}" y="{}" width="{}" height="{}"><use href="{}"/></svg>'
        '<text class="name" x="{x}" y="{}">{}</text><text class="n2" x="{x}" y="{}">{}</text>{}{}</a>',
        node.url,
        node.kind,
        css,
        node.description,
        f"{radius + 4:.1f}",
        _ring(node, place, radius),
        f"{radius - RING_WIDTH - 2:.1f}",
        f"{place.x - icon / 2:.1f}",
        f"{place.y - icon / 2:.1f}",
        f"{icon:.1f}",
        f"{icon:.1f}",
        node.icon_url,
        f"{below:.0f}",
        node.label,
        f"{below + 17:.0f}",
        node.people_text,
        _score(node, place, radius),
        _word(node, place.x, below + 26),
        x=f"{place.x:.1f}",
        y=f"{place.y:.1f}",
    )


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


def _score(node: MapNode, place: Point, radius: float) -> SafeString:
    if node.score is None:
        return mark_safe("")
    x, y = place.x + radius * 0.85, place.y - radius * 0.85
    return format_html(
        '<rect class="badge" x="{}" y="{}" width="30" height="20" rx="10"/><text class="score" x="{}" y="{}">{}</text>',
        f"{x - 15:.1f}",
        f"{y - 10:.1f}",
        f"{x:.1f}",
        f"{y + 4.5:.1f}",
        f"{node.score:.0f}",
    )


def _word(node: MapNode, x: float, y: float) -> SafeString:
    if not node.is_starving:
        return mark_safe("")
    width = 18 + 7.5 * len(node.word)
    return format_html(
        '<rect class="alarm" x="{}" y="{}" width="{}" height="21" rx="10.5"/><text class="word" x="{}" y="{}">{}</text>',
        f"{x - width / 2:.1f}",
        f"{y:.1f}",
        f"{width:.1f}",
        f"{x:.1f}",
        f"{y + 14.5:.1f}",
        node.word,
    )


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
