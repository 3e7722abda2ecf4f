"""What our source may not say, read as syntax trees."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

FLOORS = ("ecosystem", "contacts", "campaigns", "communities")
# The modules that may compose or execute SQL: the one for all, the backend, the door, and the bootstrap of servers.
SQL_MODULES = ("ecosystem/base/sql.py", "ecosystem/base/postgres/", "ecosystem/base/tenancy.py", "ecosystem/config/")
SQL_WORDS = re.compile(r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|MERGE|ALTER|CREATE|DROP|COPY|GRANT)\s", re.A)


def sources(*, with_migrations: bool = False) -> list[Path]:
    """Every Python file of the product, tests and benchmarks left out."""
    files = [file for floor in FLOORS for file in (settings.BASE_DIR / floor).rglob("*.py")]
    return sorted(file for file in files if with_migrations or "migrations" not in file.parts)


def name_of(file: Path) -> str:
    return file.relative_to(settings.BASE_DIR).as_posix()


def nodes(file: Path) -> Iterator[ast.AST]:
    yield from ast.walk(ast.parse(file.read_text(), filename=str(file)))


def called(node: ast.AST) -> str:
    """The last name of what is called: `execute` in `cursor.execute(...)`."""
    function = node.func if isinstance(node, ast.Call) else None
    return getattr(function, "attr", getattr(function, "id", ""))


def is_constant(node: ast.AST) -> bool:
    """Whether a text is put together from literals and constants in capitals alone, hence always the same."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return is_constant(node.left) and is_constant(node.right)
    if isinstance(node, ast.JoinedStr):
        return all(is_constant(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return is_constant(node.value)
    return isinstance(node, ast.Constant) or (isinstance(node, ast.Name) and node.id.isupper())


def is_built(node: ast.AST) -> bool:
    """Whether a text is put together where it stands, from what may vary."""
    return not is_constant(node) and (
        isinstance(node, ast.JoinedStr)
        or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add))
        or (isinstance(node, ast.Call) and called(node) in ("format", "join", "replace", "format_map"))
    )


def text_of(node: ast.AST) -> str:
    """The constant beginning of a string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr) and node.values:
        return text_of(node.values[0])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return text_of(node.func.value)
    return text_of(node.left) if isinstance(node, ast.BinOp) else ""


def sql_faults(file: Path) -> Iterator[str]:
    """Why a file breaks SEC-19."""
    for node in nodes(file):
        place = f"{name_of(file)}:{getattr(node, 'lineno', 0)}"
        if called(node) in ("raw", "extra", "RawSQL"):
            yield f"{place} calls {called(node)}()"
        if called(node) in ("cursor", "copy_expert", "copy_from", "executemany"):
            yield f"{place} opens a cursor; use ecosystem.base.sql"
        if called(node) in ("execute", "rows", "copy_rows") and node.args and is_built(node.args[0]):
            yield f"{place} builds SQL where it is executed"
        if is_built(node) and SQL_WORDS.match(text_of(node)):
            yield f"{place} builds SQL"


def test_sec_19_sql_is_never_built_from_strings():
    faults = [fault for f in sources() if not name_of(f).startswith(SQL_MODULES) for fault in sql_faults(f)]
    assert faults == []


@pytest.mark.parametrize(
    "line",
    [
        'Contact.objects.raw("SELECT 1")',
        'queryset.extra(where=["1=1"])',
        'cursor.execute("SELECT %s" % name)',
        'sql.rows(f"SELECT {name}")',
        'sql.execute("DELETE FROM a WHERE " + condition)',
        'text = "SELECT {}".format(name)\nsql.rows(text)',
        'text = f"UPDATE {table} SET a = 1"',
        "connection.cursor()",
        'annotate(x=RawSQL("1", []))',
    ],
)
def test_sec_19_each_way_of_building_sql_is_noticed(line, tmp_path, settings):
    settings.BASE_DIR = tmp_path
    file = tmp_path / "views.py"
    file.write_text(line)
    assert list(sql_faults(file))


def test_sec_19_constant_sql_with_parameters_is_fine(tmp_path, settings):
    settings.BASE_DIR = tmp_path
    file = tmp_path / "queries.py"
    file.write_text(
        'TEXT = """\n  SELECT 1 WHERE a = %(a)s"""\nrows(TEXT, {"a": 1})\n'
        'print(f"Update {name} now")\nB = f"{TEXT} AND b" + C'
    )
    assert list(sql_faults(file)) == []


def test_copy_goes_into_temporary_tables_that_end_with_the_transaction():
    for file in sources(with_migrations=True):
        for node in nodes(file):
            text = text_of(node) if isinstance(node, ast.Constant) else ""
            if re.search(r"\bCREATE\s+TEMP", text, re.I | re.A) and "TABLE" in text.upper():
                assert "ON COMMIT DROP" in text.upper(), f"{name_of(file)}:{node.lineno}"
            if re.match(r"\s*COPY\s+[\w\"]", text, re.A) and not re.match(r"\s*COPY\s+pg_temp\.", text, re.A):
                pytest.fail(f"{name_of(file)}:{node.lineno} copies into a lasting table")


def catches_integrity_error(handler: ast.ExceptHandler) -> bool:
    return handler.type is not None and any(
        getattr(n, "id", getattr(n, "attr", "")) == "IntegrityError" for n in ast.walk(handler.type)
    )


def stands_in_savepoint(body: list[ast.stmt]) -> bool:
    """Whether all of a `try` is one `with ... atomic()` or `business_scope()`, which roll back by themselves."""
    return (
        len(body) == 1
        and isinstance(body[0], ast.With)
        and any(called(item.context_expr) in ("atomic", "business_scope") for item in body[0].items)
    )


def test_an_integrity_error_is_caught_around_a_savepoint_only():
    """Else the answer is 200 and everything is rolled back."""
    for file in sources():
        for node in nodes(file):
            if isinstance(node, ast.Try) and any(map(catches_integrity_error, node.handlers)):
                assert stands_in_savepoint(node.body), f"{name_of(file)}:{node.lineno}"


def test_no_model_is_registered_in_an_admin():
    for file in sources():
        for node in nodes(file):
            assert not (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("django.contrib.admin")), (
                file
            )
            assert called(node) != "register" or "admin" not in ast.unparse(node), name_of(file)


def test_no_row_is_watched_by_signals():
    for file in sources():
        for node in nodes(file):
            names = [alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) else []
            assert not {"post_save", "pre_save", "post_delete", "pre_delete", "m2m_changed"} & set(names), name_of(file)


def test_businesses_are_looped_over_by_each_business_alone():
    """A loop over `Business.objects` would enter none of them."""
    for file in sources():
        for node in nodes(file):
            if isinstance(node, ast.For | ast.comprehension):
                assert "Business.objects" not in ast.unparse(node.iter), f"{name_of(file)}: use each_business()"


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def test_imports_run_down_the_floors_and_the_ground_imports_none_of_ours():
    for file in sources(with_migrations=True):
        app = name_of(file).split("/")[0]
        above = FLOORS[FLOORS.index(app) + 1 :]
        for node in nodes(file):
            for module in imported(node):
                where = f"{name_of(file)}:{node.lineno} imports {module}"
                assert module.split(".")[0] not in above, where
                if name_of(file).startswith("ecosystem/base/"):
                    ours = module.split(".")[0] in FLOORS
                    assert not ours or module.startswith("ecosystem.base"), where


def test_imports_stand_at_the_top_of_the_file():
    for file in sources():
        for node in nodes(file):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name != "ready":
                inside = [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
                assert not inside, f"{name_of(file)}:{inside[0].lineno}"


def test_data_migrations_enter_each_business():
    for file in sources(with_migrations=True):
        if "migrations" in file.parts and "RunPython(" in (text := file.read_text()):
            assert "each_business" in text or "get_model" not in text, name_of(file)
