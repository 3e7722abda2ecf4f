"""What is asked of the database, each question once, with the place that asked it first."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.house.big_statistics import SHARES
from tests.house.plans import Asked, skeleton_of, words_of_indexes

_FRAME = ("SAVEPOINT", "RELEASE", "ROLLBACK", "SELECT set_config", "SET ", "ANALYZE", "COPY ", "INSERT INTO", "DROP ")
_ASKED = ("SELECT", "UPDATE", "DELETE", "WITH", "INSERT")
_WORDS = re.compile(r"'([a-z_]{2,16})'")
_ALONE = re.compile(r"^(?:SELECT set_config\(.*?\)|SET LOCAL [^;]*);", re.DOTALL)


class Everything:
    """The statements that were asked so far, each question once."""

    def __init__(self) -> None:
        self.statements: dict[str, Asked] = {}
        self.questions: set[str] = set()
        self.tables: list[str] = []
        self.visited: set[tuple[str, str]] = set()
        # The question and the key of each statement that was asked word by word before; None for what is none.
        self._known: dict[str, tuple[str, str] | None] = {}
        # What the last place asked.
        self.last: set[str] = set()
        # Which places a list takes, by its path, its order and the names of its filters.
        self.places: dict[object, list[list[str]]] = {}
        # The words by which the planner chooses: told of in the statistics, or named by the condition of an index.
        self._telling = words_of_indexes() | {word for shares in SHARES.values() for word in shares}

    @contextmanager
    def at(self, place: str) -> Iterator[None]:
        """Keep what is asked inside, under the name of a place."""
        with CaptureQueriesContext(connection) as captured:
            yield
        self.last = set()
        for query in captured.captured_queries:
            self._keep(place, query["sql"].strip())

    def _keep(self, place: str, sql: str) -> None:
        if sql.lower().startswith("create temp"):
            self.tables.append(sql)
        sql = _ALONE.sub("", sql).strip() if ";" in sql else sql
        if sql not in self._known:
            self._known[sql] = self._understood(sql)
        if (found := self._known[sql]) is not None:
            question, key = found
            self.questions.add(question)
            self.last.add(key)
            self.statements.setdefault(key, Asked(place, sql))

    def _understood(self, sql: str) -> tuple[str, str] | None:
        """The question that a statement asks, and the key by which it is kept; None where it asks nothing."""
        if sql.startswith(_FRAME) and "select" not in sql[11:].lower():
            return None
        if sql.split(maxsplit=1)[0].upper() not in _ASKED or not ("FROM" in sql.upper() or "UPDATE" in sql.upper()):
            return None
        question = skeleton_of(sql)
        # A word in it, such as a state, may lead to another index.
        return question, f"{question} {sorted(self._telling & set(_WORDS.findall(sql)))}"
