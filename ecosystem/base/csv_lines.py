"""Lines of a CSV file that a table program opens without running anything."""

import csv
import io
from collections.abc import Iterable

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_line(cells: Iterable[str]) -> str:
    """One line whose cells no table program takes for a formula."""
    buffer = io.StringIO()
    csv.writer(buffer).writerow([plain_cell(cell) for cell in cells])
    return buffer.getvalue()


def plain_cell(cell: str) -> str:
    """A cell that no table program takes for a formula; `read_cell` gives its value back."""
    return f"'{cell}" if _is_formula(cell) else cell


def read_cell(cell: str) -> str:
    """The value of a cell as it was before `plain_cell` changed it."""
    return cell[1:] if cell[:1] == "'" and _is_formula(cell) else cell


def _is_formula(cell: str) -> bool:
    """Whether a table program would run it, now or once quotes that were put before it are taken away."""
    return cell.lstrip("'").startswith(_FORMULA_STARTS)
