"""The table of docs/reliability.md."""

from tests.rig.experiment import Report

HEAD = (
    "| Seed | Blows | Kills that landed | Letters | Taken | Twins | Lost or without an end | Unknown"
    " | of these taken | After leaving | Told wrong | Invariants | Seconds |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)


NOTHING_LANDED = "No kill landed between the hand-over and the answer, so this run shows nothing: it does not count."


def findings(report: Report) -> list[str]:
    """Why a run does not count, or what was broken in it; nothing in a good one."""
    unshown = [NOTHING_LANDED] if report.plan.kills and not report.landed else []
    return [*unshown, *report.history.faults, *report.problems]


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
    if report.left:
        blows += f", {report.left} people left"
    if plan.faults:
        blows += f"; provider {plan.faults}"
    lost = len(history.stuck) + len(history.never_taken)
    held = "held" if not report.problems else f"{len(report.problems)} broken"
    cells = (
        plan.seed,
        blows,
        report.landed,
        history.letters,
        history.taken,
        len(history.twins),
        lost,
        history.unknown,
        history.unknown_taken,
        len(history.after_leaving),
        f"{len(history.not_heard)} of {history.told}",
        held,
        round(report.seconds),
    )
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
