"""Benchmarks of lists run, at a tiny scale: what they measure is not judged here. References go the way of ours."""

import importlib

import pytest
from django.db import connection, transaction

from benchmarks import seq_limit, seq_step
from ecosystem.base.ids import uuid7

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


@pytest.mark.parametrize("name", ["list_page", "list_flat", "count_pager"])
def test_it_measures_ours_and_the_reference_five_times(name):
    report = importlib.import_module(f"benchmarks.{name}").BENCHMARK.report(0.002)
    assert len(report["repetitions"]) == 5
    assert all(one["ours"] > 0 and one["peer"] > 0 and one["ratio"] > 0 for one in report["repetitions"])
    assert report["notes"]["people"] == 2_000


@pytest.mark.parametrize("statement", [seq_step._ONE_DUE, seq_limit._MOVE])
def test_who_is_due_is_found_by_the_reference_in_the_index_by_which_ours_finds_them(statement):
    given = {"business_id": 1, "sequence_id": str(uuid7()), "batch": 1}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + statement, given)
        assert "enrollment_due" in str(cursor.fetchall())
