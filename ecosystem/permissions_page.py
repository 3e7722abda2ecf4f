"""The page that says who may do what, written from the one table that the code asks."""

from django.utils.translation import override

from ecosystem.base.access import PERMISSIONS, Action, Role
from ecosystem.scopes import SCOPE_ACTIONS, SCOPE_LABELS, Scope

_HEAD = """# Who may do what

Printed by `manage.py permissions_reference > docs/permissions.md` from `ecosystem/base/access.py` and
`ecosystem/scopes.py`; a test compares. What is not ticked is refused with 403. Somebody who is not in the team gets the
same 404 as for a business that is not there. Nobody gives somebody else more rights than they have. An adviser's access
can have a last day; so can everybody's but an owner's.

"""
_KEYS = """
## What a key of the API may be allowed

A key has scopes; its maker must be allowed the action behind each. When the maker's role shrinks, so does the key; when
the maker leaves the team or changes their password, the key ends. No key can manage keys, the team or the business.

"""


def permissions_page() -> str:
    """The page as Markdown, in English whatever the reader's language."""
    with override("en"):
        return _HEAD + _table_of_roles() + _KEYS + _table_of_scopes()


def _table_of_roles() -> str:
    lines = [_row("Action", *[role.label for role in Role]), _row("---", *[":-:" for _role in Role])]
    lines += [_row(_words(action), *["x" if action in PERMISSIONS[role] else "" for role in Role]) for action in Action]
    return "\n".join(lines) + "\n"


def _table_of_scopes() -> str:
    lines = [_row("Scope", "What it opens", "Action of its maker"), _row("---", "---", "---")]
    lines += [_row(f"`{scope}`", str(SCOPE_LABELS[scope]), _words(SCOPE_ACTIONS[scope])) for scope in Scope]
    return "\n".join(lines) + "\n"


def _words(action: Action) -> str:
    return action.value.replace("_", " ").capitalize()


def _row(*cells: object) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |".replace("|  |", "| |").replace("|  |", "| |")
