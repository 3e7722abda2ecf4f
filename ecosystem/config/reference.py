"""The settings reference, made from the readers themselves so that it cannot drift."""

from collections.abc import Iterable

from ecosystem.config import settings  # noqa: F401 - reading it is what fills the table
from ecosystem.config.embedded import options
from ecosystem.config.env import VARIABLES, Variable

_INTRODUCTION = """# Settings

Every value from outside comes in by an environment variable; this page is made by `manage.py settings_reference`.
A value that cannot be understood, or a secret that is missing outside DEBUG, ends the start with one sentence.

Make a secret: `python -c "import secrets; print(secrets.token_urlsafe(48))"`. Keys with ids look like `k1:<secret>`; to
change one, put the new one in front: `k2:<secret>,k1:<secret>`. Any value may instead stand in a file
named by `<NAME>_FILE`, as secrets of containers do.

With `bin/up` nothing has to be set: secrets are made at the first start and kept in `.data/secrets.json` (mode 600).
"""


def reference_page() -> str:
    """docs/settings.md."""
    ours = set(vars(options))
    general = [variable for variable in VARIABLES.values() if variable.name not in ours]
    local = [variable for variable in VARIABLES.values() if variable.name in ours]
    return "\n".join([_INTRODUCTION, *_table(general), "", "## Only for `bin/up`", "", *_table(local)]) + "\n"


def _table(variables: Iterable[Variable]) -> list[str]:
    lines = ["| Variable | Value | Default | Meaning |", "| --- | --- | --- | --- |"]
    for variable in variables:
        default = (
            f"`{variable.default}`" if variable.default and " " not in variable.default else variable.default or "none"
        )
        lines.append(f"| `{variable.name}` | {variable.kind} | {default} | {variable.help} |")
    return lines
