"""The table of docs/reliability.md."""

from tests.rig.experiment import Report

HEAD = (
    "| Seed | Blows | Kills that landed | Letters | Taken | Twins | Lost in silence | Unknown"
    " | of these taken | Invariants | Seconds |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)


def row(report: Report) -> str:
    """One run as a row."""
    plan, history = report.plan, report.history
    names = {
        "kill": "kills",
        "freeze": "freezes",
        "kill postgres": "kills of PostgreSQL",
        "flush redis": "flushes of Redis",
        "cut connections": "cuts of all connections",
    }
    blows = ", ".join(f"{report.struck[blow]} {name}" for blow, name in names.items() if report.struck[blow])
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
