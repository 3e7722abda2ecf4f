"""The ecosystem map as SVG text, in a wide and a tall drawing: a pure function of the figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from ecosystem.drawing.geometry import Point, arc, bend, line_width, node_radius, on_circle, tall_places
from ecosystem.drawing.nodes import Layout, MapNode, draw_node, shortened


@dataclass(frozen=True)
class MapHub:
    """The business in the middle of its world."""

    name: str
    text: str
    icon_url: str
    colour: str
    url: str
    description: str


def ecosystem_map(hub: MapHub, nodes: Sequence[MapNode], *, title: str) -> SafeString:
    """Both drawings; the style sheet shows the one that fits. The same figures stand in a table below."""
    wide = Layout(
        "wide",
        "-52 24 824 586",
        Point(360, 320),
        66,
        [on_circle(index, len(nodes), centre=Point(360, 320), radius=230) for index in range(len(nodes))],
        [node_radius(node.people) for node in nodes],
        is_round=True,
    )
    tall = Layout(
        "tall",
        "0 20 360 610",
        Point(172, 306),
        50,
        tall_places(len(nodes)),
        [min(node_radius(node.people), 30.0) for node in nodes],
        is_round=False,
    )
    return mark_safe("".join(_drawing(layout, hub, nodes, title) for layout in (wide, tall)))  # noqa: S308 - made of format_html alone


def _drawing(layout: Layout, hub: MapHub, nodes: Sequence[MapNode], title: str) -> SafeString:
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
        format_html_join("", "{}", ((draw_node(layout, *one),) for one in placed)),
    )


def _tie(layout: Layout, node: MapNode, place: Point, radius: float) -> SafeString:
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


def _rises(layout: Layout, placed: Sequence[tuple[MapNode, Point, float]]) -> SafeString:
    """Thin arrows for people who rose to the next rung, with how many."""
    ladder = [one for one in placed if one[0].rises]
    steps = [(lower, upper) for lower, upper in pairwise(ladder) if lower[0].rose]
    draw = _round_rise if layout.is_round else _straight_rise
    return format_html_join("", "{}", ((draw(layout, lower, upper),) for lower, upper in steps))


def _round_rise(layout: Layout, lower: tuple[MapNode, Point, float], upper: tuple[MapNode, Point, float]) -> SafeString:
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
    layout: Layout, lower: tuple[MapNode, Point, float], upper: tuple[MapNode, Point, float]
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


def _hub(layout: Layout, hub: MapHub) -> SafeString:
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
        shortened(hub.name, 12),
        centre.x,
        f"{centre.y + 28:.0f}",
        hub.text,
    )
