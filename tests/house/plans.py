"""What the product asks of PostgreSQL, and what its planner makes of it.

`plan_of` asks the planner as whoever is connected; `faults_of` names what would not hold in a big business.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connections

from tests.house.routes import tenant_models

# A page may pass this many rows by: the cap of a count.
MANY = 10_001
# What the planner reckons for passing one row of an index by, without pages (0.005 + 0.01 + a comparison).
COST_OF_A_ROW = 0.0175

# Filters that nearly every row passes: an index would hold the table once more and save nothing.
NEARLY_ALL_PASS = {
    "contacts_contact": {"do_not_contact"},  # few ask never to be written to
    "campaigns_message": {"is_test"},  # a test letter now and then
}
_NODES_THAT_GATHER = {"Sort", "Aggregate", "Hash", "Unique", "Materialize", "WindowAgg", "SetOp"}
_LITERALS = re.compile(r"'(?:[^']|'')*'(?:::\w+)?|\b\d+\b")
_LISTS = re.compile(r"\((?:\?(?:, ?)?)+\)")
_COLUMNS = re.compile(r"\b[a-z_]\w*\b")


@dataclass
class Asked:
    """One statement, with the first place that asked it."""

    place: str
    sql: str
    plan: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How a failure calls it."""
        return f"{self.place}: {self.sql[:600]}"


def skeleton_of(sql: str) -> str:
    """A statement without its values: what makes two of them the same question."""
    return _LISTS.sub("(?)", _LITERALS.sub("?", sql))


def alone_rows(cursor: Any) -> None:
    """Have the planner reckon with rows alone: the pages that it sees are not those of a big business.

    Memory is PostgreSQL's default, so that a server with more of it judges like any other.
    """
    cursor.execute("SET LOCAL random_page_cost = 0; SET LOCAL seq_page_cost = 0")
    cursor.execute("SET LOCAL work_mem = '4MB'; SET LOCAL effective_cache_size = '4GB'")


def plan_of(cursor: Any, sql: str) -> dict[str, Any]:
    """The planner's plan, which nothing runs."""
    cursor.execute("EXPLAIN (FORMAT JSON) " + sql.replace("%", "%%"), [])
    (found,) = cursor.fetchone()
    return (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan, the outermost first."""
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes_of(inner)


def indexes_of(plan: dict[str, Any]) -> set[str]:
    """The indexes that a plan goes by."""
    return {node["Index Name"] for node in nodes_of(plan) if "Index Name" in node}


def faults_of(plan: dict[str, Any]) -> list[str]:
    """What a business of a million people would suffer from; empty where the plan holds."""
    found: list[str] = []
    for node in nodes_of(plan):
        found += [fault for judge in _JUDGES if (fault := judge(node))]
    return found + list(_reads_a_business(plan))


def _reads_a_business(node: dict[str, Any]) -> Iterator[str]:
    """Tables that are read with no end, which only a limit above them would set."""
    if node["Node Type"] == "Limit":
        return
    if "Relation Name" in node and node["Node Type"] != "ModifyTable" and node["Plan Rows"] > 5 * MANY:
        yield f"reads {node['Plan Rows']} rows of {node['Relation Name']}"
    for inner in node.get("Plans", []):
        yield from _reads_a_business(inner)


def _is_sequential(node: dict[str, Any]) -> str:
    table = node.get("Relation Name", "")
    if node["Node Type"].endswith("Seq Scan") and (table in _tenant_tables() or node["Total Cost"] > 500):
        return f"Seq Scan of {table}"
    return ""


def _is_not_led_by_the_business(node: dict[str, Any]) -> str:
    """The first column of an index must be asked for: the business, or the user of a membership."""
    if node.get("Index Name", "") in _tenant_indexes() and not re.search(
        r"\b(business_id|user_id)\b", node.get("Index Cond", "")
    ):
        return f"{node['Index Name']} is read without its business"
    return ""


def _filters_what_it_should_seek(node: dict[str, Any]) -> str:
    """Rows that an index gave and a filter throws away, where many are given."""
    if "Filter" not in node or "Relation Name" not in node or node["Node Type"].endswith("Seq Scan"):
        return ""
    sought, every = set(_COLUMNS.findall(node.get("Index Cond", ""))), _columns_of(node["Relation Name"])
    columns: set[str] = set()
    for term in _terms_of(node["Filter"]):
        named = every & set(_COLUMNS.findall(_LITERALS.sub("", term)))
        # The place in a list: the index gives its first column, the rest of the order is compared row by row.
        is_place = " OR " in term and bool(named & (sought - {"business_id"}))
        columns |= set() if is_place else named - {"business_id"}
    # What a partial index promises is checked again where rows are locked.
    columns -= NEARLY_ALL_PASS.get(node["Relation Name"], set())
    columns -= _tenant_indexes().get(node.get("Index Name", ""), set())
    if columns and node["Total Cost"] > MANY * COST_OF_A_ROW:
        at = node.get("Index Name", node["Node Type"])
        return f"Filter on {', '.join(sorted(columns))} of {node['Relation Name']} after {at}"
    return ""


def _passes_many_by(node: dict[str, Any]) -> str:
    """An index whose first columns are not those that are asked for: many rows are passed by for a few."""
    goes_by_index = node["Node Type"] in ("Index Scan", "Index Only Scan", "Bitmap Index Scan")
    is_dear = node["Total Cost"] > MANY * COST_OF_A_ROW and node["Plan Rows"] < MANY / 10
    if goes_by_index and is_dear and "Filter" not in node:
        return f"{node['Index Name']} passes many by for {node['Plan Rows']} rows"
    return ""


def _terms_of(condition: str) -> Iterator[str]:
    """The parts of a condition that must all hold."""
    depth, begin, text = 0, 0, condition[1:-1]
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and text.startswith(" AND ", place):
            yield text[begin:place]
            begin = place + 5
    yield text[begin:]


def _gathers_a_business(node: dict[str, Any]) -> str:
    if node["Node Type"] not in _NODES_THAT_GATHER:
        return ""
    most = max((inner["Plan Rows"] for inner in node["Plans"] if inner["Parent Relationship"] == "Outer"), default=0)
    if most > MANY:
        return f"{node['Node Type']} of {most} rows" + (f" by {node['Sort Key']}" if "Sort Key" in node else "")
    return ""


_JUDGES: list[Callable[[dict[str, Any]], str]] = [
    _is_sequential,
    _is_not_led_by_the_business,
    _filters_what_it_should_seek,
    _passes_many_by,
    _gathers_a_business,
]
_known: dict[str, Any] = {}


def _tenant_tables() -> set[str]:
    return _known.setdefault("tables", {model._meta.db_table for model in tenant_models()})


def _tenant_indexes() -> dict[str, set[str]]:
    """Every index of a tenant table, with the words of its condition."""
    if "indexes" not in _known:
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "SELECT c.relname, coalesce(pg_get_expr(i.indpred, i.indrelid), '') FROM pg_index i"
                " JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = ANY(%s::regclass[])",
                [sorted(_tenant_tables())],
            )
            _known["indexes"] = {name: set(_COLUMNS.findall(condition)) for name, condition in cursor.fetchall()}
    return _known["indexes"]


def words_of_indexes() -> set[str]:
    """Every word that stands in the condition of an index."""
    return set().union(*_tenant_indexes().values())


def _columns_of(table: str) -> set[str]:
    if "columns" not in _known:
        _known["columns"] = {
            model._meta.db_table: {column.column for column in model._meta.local_concrete_fields}
            for model in apps.get_models(include_auto_created=True)
        }
    return _known["columns"].get(table, set())
