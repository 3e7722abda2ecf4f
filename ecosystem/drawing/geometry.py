"""Where things lie on the map, and how wide and large they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, cos, hypot, log2, pi, radians, sin, sqrt

SMALLEST_NODE, LARGEST_NODE = 18.0, 48.0
WIDEST_LINE = 9.0


@dataclass(frozen=True)
class Point:
    """A place on the drawing."""

    x: float
    y: float

    def towards(self, other: "Point", distance: float) -> "Point":
        """The place so far from here on the way to another one."""
        length = hypot(other.x - self.x, other.y - self.y) or 1.0
        return Point(self.x + (other.x - self.x) * distance / length, self.y + (other.y - self.y) * distance / length)


def on_circle(index: int, number: int, *, centre: Point, radius: float) -> Point:
    """The place of one of so many nodes, clockwise from the top."""
    angle = radians(-90 + 360 * index / number)
    return Point(centre.x + radius * cos(angle), centre.y + radius * sin(angle))


def node_radius(people: int) -> float:
    """How large the node of so many people is: it grows by the root, between a smallest and a largest."""
    return max(SMALLEST_NODE, min(6 * sqrt(people), LARGEST_NODE))


def line_width(times: int) -> float:
    """How wide a line of so many feedings is; none at nothing, and never wider than can be told apart."""
    return min(1 + log2(1 + times), WIDEST_LINE) if times > 0 else 0.0


def ring(score: float, radius: float) -> tuple[float, float]:
    """The drawn and the whole length of a ring that is full at 100."""
    whole = 2 * pi * radius
    return whole * max(0.0, min(score, 100.0)) / 100, whole


def bend(start: Point, end: Point, by: float) -> Point:
    """The point that pulls a line between two places to the side."""
    middle = Point((start.x + end.x) / 2, (start.y + end.y) / 2)
    length = hypot(end.x - start.x, end.y - start.y) or 1.0
    return Point(middle.x - (end.y - start.y) / length * by, middle.y + (end.x - start.x) / length * by)


def tall_places(number: int) -> Sequence[Point]:
    """The places of the drawing for a phone: the ladder down the right side, the kinds beside it on the left."""
    rows = {
        7: [(62, 74), (284, 74), (284, 222), (284, 370), (258, 536), (98, 536), (62, 302)],
        8: [(62, 74), (284, 74), (284, 194), (284, 314), (284, 434), (180, 546), (62, 440), (62, 262)],
    }
    if number in rows:
        return [Point(*place) for place in rows[number]]
    return [on_circle(index, number, centre=Point(180, 310), radius=136) for index in range(number)]


def arc(start: Point, end: Point, *, centre: Point, gaps: tuple[float, float]) -> tuple[Point, Point, Point]:
    """The way clockwise along the circle from one place to another, shortened at both ends; with its middle."""
    radius = hypot(start.x - centre.x, start.y - centre.y)
    first = atan2(start.y - centre.y, start.x - centre.x) + gaps[0] / radius
    last = atan2(end.y - centre.y, end.x - centre.x)
    while last < first - gaps[0] / radius:
        last += 2 * pi
    last -= gaps[1] / radius
    return tuple(  # type: ignore[return-value]
        Point(centre.x + radius * cos(angle), centre.y + radius * sin(angle))
        for angle in (first, (first + last) / 2, last)
    )
