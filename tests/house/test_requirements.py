"""Each requirement that sending and permission stand on has a test that bears its id in its name.

Whoever changes a rule finds by its id what proves it: `pytest -k case_28`, `-k rel_16`, `-k s6`.
"""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

# REL and SEC of the requirements on safety and reliability; C, E and S those of the law; the cases are failures.
NEEDED = {
    "rel": [*range(1, 18), 19, 20, 21, 30, 31, 34, 40],
    "sec": [32, 50, 52, 55, 57, 59, 63, 64],
    "c": [2],
    "e": [9, 10, 11],
    "s": [*range(1, 9), 10, 11, 12],
    "case": [*range(1, 4), *range(6, 15), 16, 17, 18, *range(24, 39), 40, 41, 42, 44],
}
_ID = re.compile(r"_(?:(?P<kind>rel|sec|c|e|s)_?|(?P<cases>cases?)_)(?P<numbers>\d+(?:_(?:and_)?\d+)*)(?=_)")


def ids_in(name: str) -> set[tuple[str, int]]:
    """The ids in a test's name: `test_s4_case_12_...`, `test_cases_1_2_and_3_...`; what follows a case is no id."""
    found = set()
    for match in _ID.finditer(name):
        numbers = [int(number) for number in re.findall(r"\d+", match["numbers"])]
        kind = match["kind"] or "case"
        found |= {(kind, number) for number in (numbers if match["cases"] == "cases" else numbers[:1])}
    return found


def test_an_id_is_read_from_a_name_and_a_number_in_a_sentence_is_none():
    assert ids_in("test_s2_s5_s6_a_stop_ends") == {("s", 2), ("s", 5), ("s", 6)}
    assert ids_in("test_rel_02_cases_1_2_and_3_a_worker") == {("rel", 2), ("case", 1), ("case", 2), ("case", 3)}
    assert ids_in("test_case_8_421_450_and_550_concern") == {("case", 8)}
    assert ids_in("test_the_people_cost_the_same_for_1_as_for_9") == set()


@pytest.mark.parametrize("kind", NEEDED)
def test_every_requirement_has_a_test_named_after_it(kind):
    proven = set()
    for path in Path(settings.BASE_DIR, "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                proven |= {number for found, number in ids_in(node.name) if found == kind}
    assert sorted(set(NEEDED[kind]) - proven) == []
