"""Promised work and long work: kept once, tried again, set aside; and the mails about accounts."""

from datetime import timedelta

import pytest

from ecosystem.base.clock import now
from ecosystem.base.errors import Invalid
from ecosystem.base.sealing import BrokenSeal, seal, unseal
from ecosystem.base.tenancy import business_scope
from ecosystem.jobs import JOBS
from ecosystem.models import AccountEmail, Agenda, AgendaNote, Job, OutboxEntry
from ecosystem.outbox import OUTBOX
from ecosystem.services.account_emails import queue_account_email, send_account_emails
from ecosystem.services.jobs import end_job, request_cancel, start_job, work_jobs
from ecosystem.services.outbox import enqueue, work_outbox
from tests.factories.campaigns import pass_time
from tests.smtp_server import Trouble


@pytest.fixture
def kept(monkeypatch) -> list[dict]:
    """A kind of promised work that remembers what it was given."""
    payloads: list[dict] = []
    monkeypatch.setitem(OUTBOX._entries, "tested", (0, payloads.append))
    return payloads


def work(shop) -> None:
    """One turn at the outbox."""
    work_outbox(shop.pk, now())


def test_a_promise_is_kept_once(shop, kept):
    enqueue("tested", {"name": "Ana"})
    work(shop)
    work(shop)
    assert kept == [{"name": "Ana"}]
    assert OutboxEntry.objects.filter(kind="tested").count() == 0


def test_an_unknown_kind_fails_where_it_is_promised(shop):
    with pytest.raises(KeyError):
        enqueue("nonsense", {})


def test_a_promise_for_later_waits(shop, kept):
    enqueue("tested", {}, due_at=now() + timedelta(hours=1))
    work(shop)
    assert kept == []
    assert AgendaNote.objects.filter(queue="outbox", due_at__gt=now() + timedelta(minutes=59)).exists()


def test_work_that_fails_is_tried_again_later_and_after_five_times_set_aside(shop, monkeypatch):
    tries = []

    def fail(payload):
        tries.append(payload)
        OutboxEntry.objects.filter(kind="other").delete()
        raise RuntimeError("not today")

    monkeypatch.setitem(OUTBOX._entries, "tested", (0, fail))
    monkeypatch.setitem(OUTBOX._entries, "other", (0, lambda payload: None))
    enqueue("other", {}, due_at=now() + timedelta(days=30))
    enqueue("tested", {})
    for attempt in range(1, 6):
        work(shop)
        assert len(tries) == attempt
        work(shop)
        assert len(tries) == attempt
        pass_time(3600)
    entry = OutboxEntry.objects.get(kind="tested")
    assert entry.parked_at is not None
    assert entry.parked_reason == "RuntimeError: not today"
    assert OutboxEntry.objects.filter(kind="other").count() == 1


def test_a_broken_rule_is_set_aside_at_once(shop, monkeypatch):
    def refuse(payload):
        raise Invalid("bad", "That cannot be.")

    monkeypatch.setitem(OUTBOX._entries, "tested", (0, refuse))
    enqueue("tested", {})
    work(shop)
    entry = OutboxEntry.objects.get(kind="tested")
    assert (entry.attempts, entry.parked_reason) == (1, "bad: That cannot be.")


def test_rel_12_what_takes_its_worker_down_five_times_is_set_aside_while_others_flow(shop, kept):
    enqueue("tested", {"n": 1})
    deadly = OutboxEntry.objects.get(kind="tested")
    OutboxEntry.objects.filter(id=deadly.id).update(attempts=5, lease_until=now() - timedelta(seconds=1))
    enqueue("tested", {"n": 2})
    work(shop)
    assert kept == [{"n": 2}]
    deadly.refresh_from_db()
    assert deadly.parked_reason == "The work ended without a word too often."


def test_a_promise_in_hand_is_not_taken_by_somebody_else(shop, kept):
    enqueue("tested", {})
    OutboxEntry.objects.update(attempts=1, lease_until=now() + timedelta(seconds=50))
    work(shop)
    assert kept == []
    pass_time(60)
    work(shop)
    assert kept == [{}]


# Jobs


def counting(total: int):
    """Work that moves the cursor by one a slice."""

    def slice_of(business_id, job_id):
        with business_scope(business_id):
            job = Job.objects.select_for_update().get(id=job_id)
            if job.cancel_requested_at is not None or job.cursor >= total:
                return False
            job.cursor += 1
            job.done = job.cursor
            job.save()
            return job.cursor < total

    return slice_of


def test_a_job_is_done_slice_by_slice(shop, monkeypatch):
    monkeypatch.setitem(JOBS._entries, "tested", (0, counting(3)))
    job = start_job("tested", total=3)
    assert work_jobs(shop.pk, now()) is None
    job.refresh_from_db()
    assert (job.state, job.done, job.is_over) == ("done", 3, True)
    assert job.started_at is not None
    assert job.ended_at is not None


def test_a_job_goes_on_where_a_dead_worker_left_off(shop, monkeypatch):
    monkeypatch.setitem(JOBS._entries, "tested", (0, counting(3)))
    job = start_job("tested", total=3)
    Job.objects.update(state="running", cursor=2, attempts=1, lease_until=now() + timedelta(seconds=30))
    assert work_jobs(shop.pk, now()) > now()
    Job.objects.update(lease_until=now() - timedelta(seconds=1))
    work_jobs(shop.pk, now())
    job.refresh_from_db()
    assert (job.state, job.cursor) == ("done", 3)


def test_a_job_can_be_cancelled(shop, monkeypatch):
    monkeypatch.setitem(JOBS._entries, "tested", (0, counting(3)))
    job = start_job("tested")
    request_cancel(job.id)
    request_cancel(job.id)
    work_jobs(shop.pk, now())
    job.refresh_from_db()
    assert (job.state, job.done) == ("cancelled", 0)


def test_a_job_that_breaks_is_tried_again_and_fails_after_five_times(shop, monkeypatch):
    def broken(business_id, job_id):
        raise RuntimeError

    monkeypatch.setitem(JOBS._entries, "tested", (0, broken))
    job = start_job("tested")
    for _ in range(5):
        assert not Job.objects.get().is_over
        work_jobs(shop.pk, now())
        Job.objects.filter(state="running").update(lease_until=now() - timedelta(seconds=1))
    job.refresh_from_db()
    assert job.state == "failed"
    assert "five times" in job.message


def test_a_job_whose_slice_takes_the_worker_down_ends(shop, monkeypatch):
    monkeypatch.setitem(JOBS._entries, "tested", (0, counting(3)))
    start_job("tested")
    Job.objects.update(state="running", attempts=5, lease_until=now() - timedelta(seconds=1))
    work_jobs(shop.pk, now())
    assert Job.objects.get().state == "failed"


def test_a_job_that_is_over_stays_as_it_is(shop, monkeypatch):
    monkeypatch.setitem(JOBS._entries, "tested", (0, counting(1)))
    job = start_job("tested")
    end_job(job.id, state="done", message="All in.")
    end_job(job.id, state="failed", message="Too late.")
    assert (Job.objects.get().state, Job.objects.get().message) == ("done", "All in.")
    assert Agenda.objects.filter(queue="jobs", due_at__isnull=False).count() == 0


# Mails about accounts


def test_an_account_mail_is_sealed_sent_and_forgotten(db, mail_server):
    mail = queue_account_email("nora@example.com", "Your code", "Use 123 456.", "<p>Use <b>123 456</b>.</p>")
    assert b"nora" not in bytes(mail.sealed)
    assert b"123" not in bytes(mail.sealed)
    assert send_account_emails() == 1
    assert AccountEmail.objects.count() == 0
    (sent,) = mail_server.accepted
    assert sent.recipient == "nora@example.com"
    assert sent.message_id == mail.message_id
    assert b"Use 123 456." in sent.body
    assert send_account_emails() == 0


def test_an_account_mail_waits_while_the_server_is_away(db, mail_server):
    mail_server.script("*", Trouble("connect", "421 away", times=1))
    queue_account_email("nora@example.com", "Your code", "Use 123 456.")
    assert send_account_emails() == 0
    waiting = AccountEmail.objects.get()
    assert (waiting.attempts, waiting.lease_until) == (1, None)
    AccountEmail.objects.update(due_at=now())
    assert send_account_emails() == 1


def test_a_refused_account_mail_stops_no_other(db, mail_server):
    mail_server.script("gone@example.com", Trouble("rcpt", "550 5.1.1 no such user"))
    queue_account_email("gone@example.com", "Your code", "1")
    queue_account_email("nora@example.com", "Your code", "2")
    assert send_account_emails() == 1
    assert [mail.recipient for mail in mail_server.accepted] == ["nora@example.com"]
    assert AccountEmail.objects.count() == 1


def test_an_account_mail_that_is_no_longer_worth_sending_is_forgotten(db, mail_server):
    queue_account_email("nora@example.com", "Your code", "1", worth_sending=timedelta(seconds=-1))
    assert send_account_emails() == 0
    assert AccountEmail.objects.count() == 0
    assert mail_server.accepted == []


def test_a_subject_cannot_smuggle_a_header(db, mail_server):
    queue_account_email("nora@example.com", "Your code\r\nBcc: eve@example.com", "1")
    assert send_account_emails() == 1
    assert [mail.recipient for mail in mail_server.accepted] == ["nora@example.com"]
    assert b"\r\nBcc:" not in mail_server.accepted[0].body


def test_a_seal_opens_with_an_old_key_and_not_with_a_strange_one(settings):
    sealed = seal(b"secret")
    old = settings.FIELD_KEYS
    settings.FIELD_KEYS = {"n2": "x" * 40, **old}
    assert unseal(sealed) == b"secret"
    assert unseal(seal(b"new")) == b"new"
    settings.FIELD_KEYS = {"n3": "y" * 40}
    with pytest.raises(BrokenSeal):
        unseal(sealed)
