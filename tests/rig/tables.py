"""The table of docs/reliability.md."""

from tests.rig.experiment import Report

HEAD = (
    "| Seed | Blows | Kills between handed and answered | Letters | Taken | Twins | Lost in silence | Unknown"
    " | of these taken | Invariants | Seconds |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)


def row(report: Report) -> str:
    """One run as a row."""
    plan, history = report.plan, report.history
    counts = {
        "kills": plan.kills,
        "freezes": plan.freezes,
        "kills of PostgreSQL": plan.postgres_kills,
        "flushes of Redis": plan.redis_flushes,
        "cuts of all connections": plan.cuts,
    }
    blows = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    if plan.faults:
        blows += f"; provider {plan.faults}"
    silent = len(history.silent) + len(history.never_taken)
    held = "held" if not report.problems else f"{len(report.problems)} broken"
    cells = (
        plan.seed,
        blows,
        report.landed,
        history.letters,
        history.taken,
        len(history.twins),
        silent,
        history.unknown,
        history.unknown_taken,
        held,
        round(report.seconds),
    )
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
