"""The statistics of a business of a million people, told to the planner without writing a row."""

from typing import Any

from django.apps import apps
from django.db import connections, models, transaction

from tests.house.plans import plan_of

PEOPLE = 1_000_000
BUSINESSES = 10_000

OURS = ("ecosystem", "contacts", "campaigns")
OF_SIGN_IN = ("account", "mfa", "sessions", "usersessions")
# Tables that grow with what a business sets up, not with its people; every other one is taken to hold a million rows.
SMALL = {
    "ecosystem.BusinessProfile": "one of a business",
    "ecosystem.KindSetting": "eight of a business",
    "ecosystem.Membership": "the team",
    "ecosystem.Invitation": "the team that is asked",
    "ecosystem.ApiKey": "programs that are let in",
    "ecosystem.HealthSnapshot": "one of a kind and a day",
    "ecosystem.PermissionSnapshot": "one of a channel and a day",
    "ecosystem.Tally": "folded when there are more than two thousand",
    "ecosystem.AuditSeal": "one of an hour in which something was done",
    "ecosystem.NoticePace": "how soon members want their notices by mail",
    "ecosystem.Job": "one of a list that was brought in",
    "ecosystem.LegalText": "versions of two texts",
    "ecosystem.BrandImage": "the few pictures of a business itself",
    "contacts.DataRequest": "what people ask about their data",
    "contacts.Import": "lists that were brought in",
    "contacts.ImportCheck": "a look at a list before it is brought in",
    "contacts.PeopleExport": "files that members took out by hand",
    "contacts.ExportPiece": "a thousand people each",
    "contacts.Topic": "what people may say yes to",
    "contacts.Tag": "words of the team",
    "contacts.PeopleView": "tabs that members keep above a list",
    "campaigns.ChannelRule": "one of a channel",
    "campaigns.DailySends": "one of an account and a day",
    "campaigns.MessageClaim": "a hundred letters each, in the hand of a worker",
    "campaigns.ProviderAccount": "providers that tell what became of letters",
    "campaigns.SenderDomain": "one of an address that letters come from",
    "campaigns.SignupForm": "opt-in pages",
    "campaigns.SignupFormTopic": "boxes on opt-in pages",
    "campaigns.Sequence": "flows that somebody wrote",
    "campaigns.SequenceVersion": "flows that somebody wrote",
    "campaigns.Step": "steps of flows",
    "campaigns.Content": "letters that somebody wrote",
    "campaigns.ContentVersion": "letters that somebody wrote",
    "campaigns.Link": "links in letters",
}
# Text columns without choices that hold one of few words.
FEW_WORDS = {"kind", "source", "trigger", "code", "template", "queue", "name", "lane", "exit_reason", "language"}
# How a global table grows, whose rows are no business's own.
GLOBAL = {"ecosystem.Agenda": BUSINESSES * 10, "ecosystem.AgendaNote": 1_000, "ecosystem.AccountEmail": 1_000}
GLOBAL["campaigns.AccountSuspension"] = 1_000
GLOBAL |= {"ecosystem.Heartbeat": 1, "ecosystem.Absence": 100, "ecosystem.SendingStop": 1}
# Shares that decide a plan: nearly all letters have arrived, and few of a million are on their way at once.
_ON_THE_WAY = ("queued", "deferred", "claimed", "handed")
SHARES = {
    "campaigns.Message.state": {"accepted": 0.6, "delivered": 0.2, **dict.fromkeys(_ON_THE_WAY, 0.002)},
    "campaigns.Message.held_by": {'""': 0.998, "rule": 0.001, "promise": 0.001},
    "campaigns.Message.is_test": {"f": 0.99, "t": 0.01},
    "contacts.Contact.do_not_contact": {"f": 0.99, "t": 0.01},
    "campaigns.Enrollment.state": {"completed": 0.6, "active": 0.2, "exited": 0.2},
}


def big_statistics(business_id: int) -> None:
    """Tell the planner that a business has a million people and all that comes with them; rows stay as they are.

    The owner does it, in a database of the test's own. A page of each table is said to hold so many rows that the pages
    there are make a big one: the planner multiplies what it was told of a page by the pages that it sees.
    """
    models_told = [
        model for model in apps.get_models(include_auto_created=True) if model._meta.app_label in OURS + OF_SIGN_IN
    ]
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        for model in models_told:
            _restore(
                cursor,
                "relation",
                relname=model._meta.db_table,
                relpages=_pages_of(cursor, model),
                reltuples=float(rows_of(model)),
            )
            _tell_of_columns(cursor, model, business_id)
        cursor.execute("SELECT set_config('app.business_id', %s, true)", [str(business_id)])
        for model in models_told:
            _tell_of_indexes(cursor, model)


def keep_pages() -> None:
    """Have no autovacuum give back pages that were emptied, or learn of rows by itself what it is to be told."""
    with connections["owner"].cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if model._meta.managed and not model._meta.proxy:
                cursor.execute(f'ALTER TABLE "{model._meta.db_table}" SET (autovacuum_enabled = false)')


def rows_of(model: Any) -> int:
    """How many rows a table has where half of them are the big business's."""
    label = model._meta.label
    return GLOBAL.get(label, BUSINESSES * 20 if label in SMALL else 2 * PEOPLE)


def _pages_of(cursor: Any, model: Any) -> int:
    """The pages that a table has. One without any is empty to the planner, whatever it is told."""
    cursor.execute("SELECT pg_relation_size(%s::regclass) / 8192", [model._meta.db_table])
    pages = int(cursor.fetchone()[0])
    is_one_row = GLOBAL.get(model._meta.label) == 1
    assert pages or is_one_row or model._meta.app_label not in OURS, (
        f"nothing was ever written to {model._meta.db_table}"
    )
    return max(1, pages)


def _tell_of_indexes(cursor: Any, model: Any) -> None:
    """An index holds every row; a partial one holds what the planner itself thinks of its condition."""
    table, count = model._meta.db_table, rows_of(model)
    cursor.execute(
        "SELECT c.relname, greatest(1, pg_relation_size(c.oid) / 8192), pg_get_expr(i.indpred, i.indrelid)"
        " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = %s::regclass",
        [table],
    )
    found = cursor.fetchall()
    whole = plan_of(cursor, f"SELECT FROM {table}")["Plan Rows"]
    for index, pages, condition in found:
        share = plan_of(cursor, f"SELECT FROM {table} WHERE {condition}")["Plan Rows"] / whole if condition else 1
        _restore(cursor, "relation", relname=index, relpages=pages, reltuples=float(max(1, int(count * share))))


def _tell_of_columns(cursor: Any, model: Any, business_id: int) -> None:
    table, label = model._meta.db_table, model._meta.label
    for column in model._meta.local_concrete_fields:
        told = {"null_frac": 0.5 if column.null else 0.0, "avg_width": 16, "n_distinct": _distinct(column, model)}
        shares = SHARES.get(f"{label}.{column.name}", {})
        if column.name in ("lease_until", "claim_token"):
            told["null_frac"] = 0.99  # what is in hand at one time is little
        if column.column in ("business_id", "agenda_business_id"):
            told |= {"n_distinct": float(BUSINESSES), "null_frac": 0.0}
            shares = {str(business_id): 0.5} if label not in SMALL | GLOBAL else {}
        elif isinstance(column, models.DateTimeField):
            bounds = ",".join(f'"{year}-{month:02}-01 00:00:00+00"' for year in (2024, 2025, 2026) for month in (1, 7))
            told["histogram_bounds"] = f"{{{bounds}}}"
        if shares:
            told |= {"most_common_vals": f"{{{','.join(shares)}}}", "most_common_freqs": list(shares.values())}
        _restore(cursor, "attribute", relname=table, attname=column.column, inherited=False, **told)


def _distinct(column: Any, model: Any) -> float:
    """How many values a column has, or, below zero, what part of all rows."""
    if column.primary_key:
        return -1.0
    if column.is_relation:
        is_small = column.related_model._meta.label in SMALL
        return 10.0 if is_small else -0.5
    if isinstance(column, models.BooleanField):
        return 2.0
    if column.choices:
        return float(len(column.choices))
    if isinstance(column, models.DateField) and not isinstance(column, models.DateTimeField):
        return 400.0
    if column.name in FEW_WORDS or isinstance(column, models.IntegerField) or column.name == "step_key":
        return 20.0
    return -0.5


def _restore(cursor: Any, what: str, **given: Any) -> None:
    types = {
        "relpages": "integer",
        "reltuples": "real",
        "null_frac": "real",
        "avg_width": "integer",
        "n_distinct": "real",
        "most_common_freqs": "real[]",
        "inherited": "boolean",
    }
    given = {"schemaname": "public", **given}
    named = ", ".join(f"'{name}', %s::{types.get(name, 'text')}" for name in given)
    cursor.execute(f"SELECT pg_restore_{what}_stats({named})", list(given.values()))
    assert cursor.fetchone() == (True,), given
