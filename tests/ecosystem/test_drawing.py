"""The map and the small lines: pure functions of the figures they show."""

import re
from xml.etree import ElementTree

import pytest

from ecosystem.drawing.geometry import Point, line_width, node_radius, on_circle, ring, tall_places
from ecosystem.drawing.map import MapHub, ecosystem_map
from ecosystem.drawing.nodes import MapNode
from ecosystem.drawing.spark import spark_path, sparkline

HUB = MapHub("Oat & Ember", "Health 71", "/i.svg#croissant", "#7a3b12", "/core/", "Oat & Ember. Health 71.")
KINDS = ("suspect", "prospect", "client", "advocate", "associate", "vendor", "partner")


def node(kind: str, **said: object) -> MapNode:
    values: dict[str, object] = {
        "label": kind.title(),
        "icon_url": "/i.svg#truck",
        "url": f"/people/?kind={kind}",
        "people": 25,
        "people_text": "25 people",
        "fed": 64.17,
        "score": 61.0,
        "word": "Managing",
        "is_starving": False,
        "feedings": 20,
        "description": f"{kind}: all of it",
        "rises": kind in KINDS[:4],
    }
    return MapNode(kind=kind, **(values | said))


def draw(*nodes: MapNode) -> tuple[str, list[ElementTree.Element]]:
    text = ecosystem_map(HUB, nodes or [node(kind) for kind in KINDS], title="Map")
    return text, list(ElementTree.fromstring(f"<both>{text}</both>"))  # noqa: S314 - drawn by us


def test_eight_kinds_stand_clockwise_from_the_top():
    places = [on_circle(index, 8, centre=Point(360, 320), radius=230) for index in range(8)]
    assert [(round(place.x, 1), round(place.y, 1)) for place in places] == [
        (360.0, 90.0),
        (522.6, 157.4),
        (590.0, 320.0),
        (522.6, 482.6),
        (360.0, 550.0),
        (197.4, 482.6),
        (130.0, 320.0),
        (197.4, 157.4),
    ]


@pytest.mark.parametrize(("people", "radius"), [(3, 18), (9, 18), (25, 30), (64, 48), (5000, 48), (0, 18)])
def test_a_node_grows_by_the_root_of_its_people(people, radius):
    assert node_radius(people) == radius


@pytest.mark.parametrize(("times", "width"), [(0, 0.0), (1, 2.0), (5, 3.58), (20, 5.39), (100_000, 9.0)])
def test_a_line_widens_with_what_was_given(times, width):
    assert round(line_width(times), 2) == width


def test_a_ring_is_full_at_one_hundred_and_never_overflows():
    assert ring(50, 10) == pytest.approx((31.4159, 62.8319), abs=1e-4)
    assert ring(250, 10) == pytest.approx((62.8319, 62.8319), abs=1e-4)


def test_both_drawings_show_every_kind_as_a_link_that_says_it_all():
    _text, drawings = draw()
    assert [drawing.get("class") for drawing in drawings] == ["wide", "tall"]
    for drawing in drawings:
        links = [link for link in drawing.iter("a") if link.get("data-kind")]
        assert [link.get("data-kind") for link in links] == list(KINDS)
        assert all(link.get("aria-label") == f"{link.get('data-kind')}: all of it" for link in links)
        assert all(link.get("href").startswith("/people/?kind=") for link in links)


def test_a_starving_kind_has_a_red_dashed_line_and_the_word():
    starving = node("vendor", is_starving=True, word="Starving", fed=22.0, score=22.0, feedings=0)
    text, drawings = draw(starving)
    for drawing in drawings:
        assert [tie.get("class") for tie in drawing.iter("path") if "tie" in (tie.get("class") or "")] == ["tie red"]
        assert [word.text for word in drawing.iter("text") if word.get("class") == "word"] == ["Starving"]
        assert [score.text for score in drawing.iter("text") if score.get("class") == "score"] == ["22"]
    assert "style=" not in text


def test_who_got_nothing_has_a_dotted_line_without_a_width():
    _text, drawings = draw(node("client", feedings=0))
    tie = next(path for path in drawings[0].iter("path") if "tie" in (path.get("class") or ""))
    assert (tie.get("class"), tie.get("stroke-width")) == ("tie none", None)


def test_an_empty_kind_is_a_hollow_ring_without_line_or_number():
    _text, drawings = draw(node("partner", people=0, fed=None, score=None, feedings=0, people_text="nobody yet"))
    for drawing in drawings:
        link = next(link for link in drawing.iter("a") if link.get("data-kind") == "partner")
        assert link.get("class") == "empty-kind"
        assert not [circle for circle in link.iter("circle") if circle.get("class") == "ring"]
        assert not [text for text in link.iter("text") if text.get("class") == "score"]
        assert not [path for path in drawing.iter("path") if "tie" in (path.get("class") or "")]


def test_arrows_show_who_rose_to_the_next_rung_that_is_drawn():
    nodes = [node("suspect", rose=31, rose_text="31 moved up"), node("prospect"), node("partner", rose=5)]
    _text, drawings = draw(*nodes)
    arrows = [path for path in drawings[0].iter("path") if path.get("class") == "rose"]
    assert len(arrows) == 1
    assert arrows[0].get("marker-end") == "url(#tip-wide)"
    assert "31 moved up" in [text.text for text in drawings[0].iter("text")]


def test_names_are_escaped_wherever_they_stand():
    evil = node("client", label="<script>x</script>", description='"><script>y</script>')
    text, drawings = draw(evil)
    assert "<script" not in text
    assert "<script>x</script>" in [name.text for name in drawings[0].iter("text")]


@pytest.mark.parametrize("number", [7, 8])
def test_on_a_phone_no_two_kinds_overlap(number):
    places = tall_places(number)
    assert len(places) == number
    for index, one in enumerate(places):
        for other in places[index + 1 :]:
            assert abs(one.x - other.x) > 100 or abs(one.y - other.y) > 105


def test_a_line_of_numbers_touches_the_top_at_its_highest_and_the_ground_at_nothing():
    assert spark_path([0, 5, 10]) == "M0 26.0L50 15.0L100 4.0"
    assert spark_path([0, 0]) == "M0 26.0L100 26.0"
    assert spark_path([]) == "M0 26.0L100 26.0"
    assert spark_path([3]) == "M0 4.0L100 4.0"
    assert re.fullmatch(r'<svg class="spark".*aria-hidden="true">.*</svg>', sparkline([1, 2]))
