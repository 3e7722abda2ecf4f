"""Counts that are kept while rows change, and folded now and then."""

import threading

import pytest
from django.db import connection

from ecosystem.agenda import AGENDA_QUEUES
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AgendaNote, Tally
from ecosystem.queries.tallies import tallies, tallies_from, tally
from ecosystem.services.tallies import MANY, PAUSE, QUEUE, count, fold_tallies, fold_tallies_when_many
from tests.factories.ecosystem import make_business


@pytest.fixture
def bakery(db):
    return make_business("Oat & Ember")


def test_a_count_is_the_sum_of_its_changes(bakery, django_assert_num_queries):
    with business_scope(bakery):
        for key, amount in (("a", 2), ("a", 3), ("b", 1), ("b", -1)):
            count("crumbs", key, amount)
        with django_assert_num_queries(1):
            found = tallies(["crumbs", "never"])
        assert found == {("crumbs", "a"): 5, ("crumbs", "b"): 0}
        assert (tally("crumbs", "a"), tally("crumbs", "z"), tally("never")) == (5, 0, 0)


def test_days_are_counted_from_one_on(bakery):
    with business_scope(bakery):
        for day in ("2026-05-01", "2026-05-02", "2026-05-03"):
            count("risen", f"{day}:prospect")
        assert tallies_from("risen", "2026-05-02") == {"2026-05-02:prospect": 1, "2026-05-03:prospect": 1}


def test_folding_leaves_one_row_a_count_and_changes_none(bakery):
    with business_scope(bakery):
        for _ in range(7):
            count("crumbs", "a")
        for amount in (4, -4):
            count("crumbs", "b", amount)
        before = tallies(["crumbs", "people", "people_by_role"])
        fold_tallies()
        after = tallies(["crumbs", "people", "people_by_role"])
        assert Tally.objects.filter(name="crumbs").count() == 1
    assert {key: value for key, value in before.items() if value} == after


def test_folding_waits_until_there_are_many(bakery):
    with business_scope(bakery):
        Tally.objects.bulk_create(Tally(name="crumbs", amount=1) for _ in range(MANY - 100))
        assert fold_tallies_when_many() is False
        Tally.objects.bulk_create(Tally(name="crumbs", amount=1) for _ in range(100))
        assert fold_tallies_when_many() is True
        assert (tally("crumbs"), Tally.objects.filter(name="crumbs").count()) == (MANY, 1)


def test_one_business_folds_its_own_counts_only(bakery):
    garage = make_business("Hale's Garage")
    for business in (bakery, garage):
        with business_scope(business):
            for _ in range(3):
                count("crumbs")
    with business_scope(bakery):
        fold_tallies()
    with business_scope(garage):
        assert (tally("crumbs"), Tally.objects.filter(name="crumbs").count()) == (3, 3)


def test_a_new_business_is_looked_at_every_hour(bakery):
    assert AgendaNote.objects.filter(agenda_business_id=bakery.pk, queue=QUEUE).count() == 1
    moment = now()
    assert AGENDA_QUEUES.get(QUEUE).work(bakery.pk, moment) == moment + PAUSE


@pytest.mark.django_db(transaction=True)
def test_changes_that_come_in_while_two_fold_are_not_lost():
    bakery = make_business("Oat & Ember")
    start = threading.Barrier(4)

    def work(what):
        start.wait()
        for _ in range(10):
            with business_scope(bakery):
                what()
        connection.close()

    jobs = [lambda: count("crumbs"), lambda: count("crumbs"), fold_tallies, fold_tallies]
    threads = [threading.Thread(target=work, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with business_scope(bakery):
        assert tally("crumbs") == 20
