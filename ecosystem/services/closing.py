"""Closing a business: thirty days in which nothing is sent and all can be taken back, then nothing is left (SEC-69)."""

from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from ecosystem.base.errors import Conflict
from ecosystem.base.fields import business_field_of
from ecosystem.base.sql import execute
from ecosystem.base.tenancy import business_scope, current_business_id
from ecosystem.closing import FAREWELLS
from ecosystem.models import Absence, Agenda, AgendaNote, ApiKeyIndex, Business, BusinessProfile, Membership
from ecosystem.services.audit import record_act
from ecosystem.services.sending import pause_sending, resume_sending

GRACE = timedelta(days=30)
State = Business.State


@transaction.atomic
def begin_closing(*, actor: Membership, now: datetime) -> Business:
    """Stop everything that the current business sends and set the day on which it is deleted.

    Doing it twice keeps the first day.
    """
    business = _locked()
    if business.is_closing:
        return business
    business.paused_by_closing = pause_sending(reason=_("The account is being closed."), actor=actor, now=now)
    business.state, business.closes_at = State.CLOSING, now + GRACE
    business.save(update_fields=["state", "closes_at", "paused_by_closing"])
    record_act("closing_begun", actor=actor, subject=business)
    return business


@transaction.atomic
def undo_closing(*, actor: Membership, now: datetime) -> Business:
    """Keep the business after all. What was sent before goes on, unless it was stopped before the closing too.

    Raises Conflict, code `too_late`, once its day has come.
    """
    business = _locked()
    if not business.is_closing:
        return business
    if business.closes_at is not None and business.closes_at <= now:
        raise Conflict("too_late", _("The thirty days are over. It can be taken back no more."))
    was_paused_by_it = business.paused_by_closing
    business.state, business.closes_at, business.paused_by_closing = State.ACTIVE, None, False
    business.save(update_fields=["state", "closes_at", "paused_by_closing"])
    if was_paused_by_it:
        resume_sending(actor=actor, now=now)
    record_act("closing_undone", actor=actor, subject=business)
    return business


def businesses_to_delete(*, now: datetime, using: str) -> list[int]:
    """The businesses whose thirty days are over."""
    due = Business.objects.using(using).filter(state=State.CLOSING, closes_at__lte=now)
    return list(due.order_by("closes_at").values_list("pk", flat=True))


def delete_business(business_id: int, *, now: datetime, using: str) -> int:
    """Delete every row of a business whose day has come, all or nothing; how many rows that were.

    Needs the connection of the tables' owner: the application may not empty ledgers. The tables are those of every
    model that belongs to a business, read from the registry of models. What stays is the business's number, without
    its name, so that links of old letters find an answer. Zero where somebody took the closing back meanwhile.
    """
    with business_scope(business_id, using=using):
        business = Business.objects.using(using).select_for_update().get(pk=business_id)
        if not business.is_closing or business.closes_at is None or business.closes_at > now:
            return 0
        for farewell in FAREWELLS:
            farewell(business_id, using)
        count = _empty_tables(using)
        business.name, business.slug = "", f"closed-{business_id}"
        business.state, business.closes_at = State.CLOSED, None
        business.save(using=using)
    return count


def forget_entrances(business_id: int, using: str) -> None:
    """Take away what leads to a business from outside: its keys' hashes, its work in queues and its absences."""
    ApiKeyIndex.objects.using(using).filter(business_id=business_id).delete()
    Absence.objects.using(using).filter(of_business_id=business_id).delete()
    AgendaNote.objects.using(using).filter(agenda_business_id=business_id).delete()
    Agenda.objects.using(using).filter(agenda_business_id=business_id).delete()


def _empty_tables(using: str) -> int:
    """Empty table after table; one that others still point to waits for the next round.

    Sums are kept by triggers, which write while rows go: it is done when a whole round finds nothing.
    """
    tables: list[type[models.Model]] = [model for model in apps.get_models() if business_field_of(model) is not None]
    count = 0
    execute("SET CONSTRAINTS ALL DEFERRED", using=using)
    while True:
        gone = [_empty(model, using) for model in tables]
        found, held = sum(number or 0 for number in gone), gone.count(None)
        count += found
        if not found and not held:
            break
        if not found:
            names = ", ".join(model._meta.label for model, number in zip(tables, gone, strict=True) if number is None)
            raise RuntimeError(f"These tables hold each other and cannot be emptied: {names}.")
    execute("SET CONSTRAINTS ALL IMMEDIATE", using=using)
    return count


def _empty(model: type[models.Model], using: str) -> int | None:
    """Delete a table's rows of the business that is entered, in one statement; None where others point to them."""
    rows: Any = model._base_manager.using(using)
    try:
        with transaction.atomic(using=using):
            return int(rows._raw_delete(using))
    except IntegrityError:
        return None


def _locked() -> Business:
    """The current business, held until the transaction ends, after what is sent was held: always in that order."""
    BusinessProfile.objects.select_for_update().get()
    return Business.objects.select_for_update().get(pk=current_business_id())


FAREWELLS.add("entrances", forget_entrances)
