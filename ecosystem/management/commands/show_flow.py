"""`manage.py show_flow`: which event starts what, who lends what to whom, what beat wakes. Prints docs/flow.md."""

from typing import Any

from django.core.management.base import BaseCommand

from ecosystem.queries.flow import event_flows, lendings, task_names, ticks


class Command(BaseCommand):
    """Prints the flows of the house as a page of Markdown."""

    help = "Print events, handlers, registries and periodic tasks as docs/flow.md."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("\n".join(flow_page()), ending="\n")


def flow_page() -> list[str]:
    """The lines of docs/flow.md."""
    lines = [
        "# What starts what",
        "",
        "Made by `manage.py show_flow`. A lower floor reaches a higher one in these ways only.",
        "",
    ]
    lines += ["## Events", "", "| Event | Means | Published in | Heard by |", "| --- | --- | --- | --- |"]
    lines += [
        f"| `{flow.app}.{flow.name}` | {flow.meaning} | {_names(flow.publishers)} | {_names(flow.handlers)} |"
        for flow in event_flows()
    ]
    lines += ["", "## Registries", ""]
    for lending in lendings():
        lines += [f"### `{lending.name}` in `{lending.place}`", ""]
        lines += [f"- `{key}`: `{place}`" for key, place in lending.entries] or ["Nothing yet."]
        lines += [""]
    lines += ["## Tasks", "", *([f"- `{name}`" for name in task_names()] or ["None yet."]), ""]
    lines += [
        "## What beat wakes",
        "",
        *([f"- {tick.name}: `{tick.task}`, {tick.schedule}" for tick in ticks()] or ["Nothing yet."]),
    ]
    return lines


def _names(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nobody"
