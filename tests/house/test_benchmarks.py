"""Benchmarks of lists run, at a tiny scale: what they measure is not judged here."""

import importlib

import pytest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


@pytest.mark.parametrize("name", ["list_page", "list_flat", "count_pager"])
def test_it_measures_ours_and_the_reference_five_times(name):
    report = importlib.import_module(f"benchmarks.{name}").BENCHMARK.report(0.002)
    assert len(report["repetitions"]) == 5
    assert all(one["ours"] > 0 and one["peer"] > 0 and one["ratio"] > 0 for one in report["repetitions"])
    assert report["notes"]["people"] == 2_000
