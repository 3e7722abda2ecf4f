"""The agenda: whose turn it is, that no note is lost, and that no lease outlives its worker for long."""

import contextlib
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from ecosystem.agenda import AGENDA_QUEUES, AgendaQueue, NotServed
from ecosystem.base.clock import now
from ecosystem.base.tenancy import BusinessNotSet, business_scope
from ecosystem.models import Agenda, AgendaNote
from ecosystem.services import agenda
from ecosystem.services.agenda import claim, note_work, release, sweep_agenda, work_lane
from tests.factories.permission import make_business

QUEUE = "outbox"


@pytest.fixture
def served(monkeypatch) -> list[tuple[str, int]]:
    """A queue of its own in a lane of its own, and whom it served."""
    calls: list[tuple[str, int]] = []

    def work(business_id, moment):
        calls.append(("tested", business_id))

    monkeypatch.setitem(AGENDA_QUEUES._entries, "tested", (0, AgendaQueue(lane="webhooks", work=work)))
    return calls


def age(seconds: float) -> None:
    """Make every lease that much older."""
    for row in Agenda.objects.exclude(lease_until=None):
        Agenda.objects.filter(pk=row.pk).update(lease_until=row.lease_until - timedelta(seconds=seconds))


def test_a_note_needs_a_business(db):
    with pytest.raises(BusinessNotSet):
        note_work(QUEUE)


def test_a_note_of_an_unknown_queue_fails_where_it_is_written(shop):
    with pytest.raises(KeyError):
        note_work("nonsense")


def test_a_claim_folds_the_notes_and_takes_the_business_once(shop):
    Agenda.objects.all().delete()
    AgendaNote.objects.all().delete()
    note_work(QUEUE)
    note_work(QUEUE, now() + timedelta(hours=1))
    taken = claim(QUEUE)
    assert taken.business_id == shop.pk
    assert AgendaNote.objects.count() == 0
    assert claim(QUEUE) is None


def test_what_is_noted_during_a_turn_is_done_after_it(shop):
    note_work(QUEUE)
    taken = claim(QUEUE)
    note_work(QUEUE)
    assert claim(QUEUE) is None
    assert release(taken, None) is True
    assert claim(QUEUE) is not None


def test_a_release_keeps_the_sooner_of_what_is_due_and_what_was_noted(shop):
    note_work(QUEUE)
    taken = claim(QUEUE)
    soon = now() + timedelta(minutes=1)
    note_work(QUEUE, soon)
    assert claim(QUEUE) is None
    release(taken, now() + timedelta(hours=1))
    assert Agenda.objects.get(queue=QUEUE).due_at == soon


def test_rel_05_a_worker_that_lost_its_lease_releases_nothing(shop):
    note_work(QUEUE)
    late = claim(QUEUE)
    age(60)
    assert sweep_agenda() == 1
    again = claim(QUEUE)
    assert again.business_id == shop.pk
    assert release(late, None) is False
    assert Agenda.objects.get(queue=QUEUE).token == again.token


def test_a_lease_in_force_is_not_swept(shop):
    note_work(QUEUE)
    claim(QUEUE)
    assert sweep_agenda() == 0
    age(44)
    assert sweep_agenda() == 0


def test_the_business_served_longest_ago_comes_first(db):
    shops = [make_business(name, owner=f"{name}@example.com") for name in ("a", "b", "c")]
    AgendaNote.objects.all().delete()
    for business in shops:
        with business_scope(business):
            note_work(QUEUE)
    order = []
    for _ in range(6):
        taken = claim(QUEUE)
        order.append(taken.business_id)
        release(taken, now())
    assert order[:3] == order[3:]
    assert sorted(order[:3]) == sorted(business.pk for business in shops)


def test_who_was_not_served_is_not_behind_those_who_were(db):
    shops = [make_business(name, owner=f"{name}@example.com") for name in ("a", "b", "c")]
    AgendaNote.objects.all().delete()
    for business in shops:
        with business_scope(business):
            note_work(QUEUE)
    for _ in shops:
        release(claim(QUEUE), now())
    first = claim(QUEUE)
    release(first, NotServed(now()))
    again = claim(QUEUE)
    assert again.business_id == first.business_id
    release(again, now())
    assert claim(QUEUE).business_id != first.business_id


def test_what_is_not_due_yet_is_left_alone(shop, served):
    note_work("tested", now() + timedelta(minutes=5))
    assert work_lane("webhooks") == 0
    assert served == []
    assert claim("tested", now() + timedelta(minutes=6)) is not None


def test_work_that_fails_comes_back_and_stops_nobody_else(shop, garage, monkeypatch):
    calls = []

    def work(business_id, moment):
        calls.append(business_id)
        if business_id == shop.pk:
            raise RuntimeError("broken for the bakery")

    monkeypatch.setitem(AGENDA_QUEUES._entries, "tested", (0, AgendaQueue(lane="webhooks", work=work)))
    note_work("tested")
    with business_scope(garage):
        note_work("tested")
    assert work_lane("webhooks") == 2
    assert sorted(calls) == sorted([shop.pk, garage.pk])
    kept = Agenda.objects.get(queue="tested", agenda_business_id=shop.pk)
    assert kept.lease_until is None
    assert timedelta(seconds=20) < kept.due_at - now() <= timedelta(seconds=30)
    assert Agenda.objects.get(queue="tested", agenda_business_id=garage.pk).due_at is None


def test_rel_21_a_broker_that_is_away_is_logged_and_left_alone_for_a_while(shop, monkeypatch):
    agenda._quiet_until.clear()
    tries = []

    def refuse(*args, **kwargs):
        tries.append(args)
        raise ConnectionRefusedError

    monkeypatch.setattr(agenda.current_app, "send_task", refuse)
    for _ in range(3):
        agenda.wake("sequence")
    assert len(tries) == 1
    agenda._quiet_until.clear()


@pytest.mark.django_db(transaction=True)
def test_rel_21_a_note_is_there_only_if_its_transaction_is():
    business = make_business()
    AgendaNote.objects.all().delete()
    with contextlib.suppress(ZeroDivisionError), business_scope(business):
        note_work(QUEUE)
        _ = 1 / 0
    assert AgendaNote.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_twenty_claimers_of_the_same_moment_get_one_business_each():
    shops = [make_business(f"b{number}", owner=f"b{number}@example.com") for number in range(5)]
    AgendaNote.objects.all().delete()
    for business in shops:
        with business_scope(business):
            note_work(QUEUE)
    taken: list[int] = []
    barrier = threading.Barrier(8)

    def try_it():
        barrier.wait()
        try:
            while found := claim(QUEUE):
                taken.append(found.business_id)
        finally:
            connection.close()

    threads = [threading.Thread(target=try_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(business.pk for business in shops)


@pytest.mark.django_db(transaction=True)
def test_a_claim_does_not_wait_for_somebody_who_holds_the_row(served):
    business = make_business()
    with business_scope(business):
        note_work("tested")
    work_lane("webhooks")
    with business_scope(business):
        note_work("tested")
    release(claim("tested"), now())
    held, done = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            list(Agenda.objects.select_for_update().filter(queue="tested"))
            held.set()
            done.wait(10)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    assert claim("tested") is None
    done.set()
    thread.join()
    assert claim("tested") is not None
