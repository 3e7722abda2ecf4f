"""The page that says who may reach which address: role by role, scope by scope, door by door."""

from collections.abc import Iterable

from django.utils.translation import override

from ecosystem.base.access import PERMISSIONS, Role
from ecosystem.open_doors import OPEN_DOORS
from ecosystem.queries.routes import API, DASHBOARD, Address, addresses

_HEAD = """# Who may reach which address

Printed by `manage.py routes_reference`, read from the resolver. What has no row is refused: a member's page without a
right answers 403, and no command starts while there is one. Not in the team: 404.
"""


def routes_page() -> str:
    """The page as Markdown, in English whatever the reader's language."""
    found = addresses()
    ours = [one for one in found if one.path.startswith(DASHBOARD)]
    calls = [one for one in found if one.path.startswith(API) and one.scopes]
    open_ones = [one for one in found if one not in ours and one not in calls]
    with override("en"):
        return "\n".join([_HEAD, *_of_members(ours), "", *_of_keys(calls), "", *_of_everybody(open_ones), ""])


def _of_members(found: Iterable[Address]) -> list[str]:
    head = ["## Members, by role", "", _row("Address", "Action", *[role.label for role in Role])]
    return [*head, _row("---", "---", *[":-:" for _role in Role]), *[_member_row(one) for one in found]]


def _member_row(address: Address) -> str:
    may = ["x" if address.action in PERMISSIONS[role] else " " for role in Role]
    return _row(f"`{address.path}`", address.action or "nobody", *may)


def _of_keys(found: Iterable[Address]) -> list[str]:
    head = ["## Keys, by method", "", _row("Address", "Method", "Scope"), _row("---", "---", "---")]
    rows = [_row(f"`{one.path}`", method, scope) for one in found for method, scope in sorted(one.scopes.items())]
    return [*head, *rows]


def _of_everybody(found: Iterable[Address]) -> list[str]:
    head = ["## Open doors", "", _row("Address", "Who", "To do what"), _row("---", "---", "---")]
    known = [(one, OPEN_DOORS.get(one.door)) for one in found if one.door in OPEN_DOORS]
    return [*head, *[_row(f"`/{one.path}`", door.who, door.what) for one, door in known]]


def _row(*cells: object) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"
