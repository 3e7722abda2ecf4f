"""A small line of numbers as SVG text: a pure function of what it shows."""

from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString

WIDTH, TOP, BOTTOM, FLOOR = 100, 4.0, 26.0, 28


def spark_path(values: Sequence[float]) -> str:
    """The line through the values: the highest touches the top, nothing lies on the ground."""
    if len(values) < 2:
        values = [*values, *values] or [0, 0]
    most = max(values)
    step = WIDTH / (len(values) - 1)
    points = (
        f"{index * step:.0f} {BOTTOM - (BOTTOM - TOP) * (value / most if most > 0 else 0):.1f}"
        for index, value in enumerate(values)
    )
    return "M" + "L".join(points)


def sparkline(values: Sequence[float]) -> SafeString:
    """The drawing; the numbers behind it stand beside it in words, so a screen reader passes it by."""
    line = spark_path(values)
    return format_html(
        '<svg class="spark" viewBox="0 0 100 28" preserveAspectRatio="none" aria-hidden="true">'
        '<path class="a" d="{}V{}H0z"/><path d="{}"/></svg>',
        line,
        FLOOR,
        line,
    )
