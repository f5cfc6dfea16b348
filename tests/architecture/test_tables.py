"""A package writes only its own tables, only in its service, and its rows stay at home."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.tree import (
    imports,
    modules,
    packages,
    public_functions,
    room,
    tables,
    texts,
    tree,
    where,
)

# What writes, and what hands out a row that could be saved.
WRITES = {"insert", "update", "delete", "objects", "exists_or_create", "alter", "raw"}
SQL = re.compile(r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO|COPY)\s+\"?(\w+)", re.I)
WRITERS = ("service", "sessions")


def is_writer(package: str, file: Path) -> bool:
    return any(file in room(package, name) for name in WRITERS)


def foreign_writes(package: str, file: Path) -> Iterator[str]:
    """Find what a module does to tables that it may not write."""
    own = tables().get(package, {}) if is_writer(package, file) else {}
    by_database_name = {name: owner for owner, found in tables().items() for name in found.values()}
    foreign = {
        name
        for name, meaning in imports(file).items()
        if ".tables." in meaning and meaning.rpartition(".")[2] not in own
    }
    for node in ast.walk(tree(file)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id in foreign:
            yield f"{where(file, node)} makes a row of {called.id}"
        if (
            isinstance(called, ast.Attribute)
            and isinstance(called.value, ast.Name)
            and called.value.id in foreign
            and called.attr in WRITES
        ):
            yield f"{where(file, node)} {called.value.id}.{called.attr}"
    for node, text in texts(file):
        for table in SQL.findall(text):
            if table in by_database_name and table not in own.values():
                yield f"{where(file, node)} writes {table}, which is {by_database_name[table]}'s"


@pytest.mark.parametrize("package", packages())
def test_a_package_writes_only_its_own_tables_and_only_in_its_service(package: str) -> None:
    found = [
        fault
        for file in modules(package)
        if file not in room(package, "tables")
        for fault in foreign_writes(package, file)
    ]
    assert found == []


def test_rows_stay_at_home() -> None:
    rows = {name for found in tables().values() for name in found} | {"Table"}
    found = []
    for package in packages():
        for file in [*room(package, "service"), *room(package, "queries")]:
            # A Struct may have the name of a table; what counts is where it comes from.
            here = {name for name, meaning in imports(file).items()
                    if ".tables." in meaning or meaning == "piccolo.table.Table"}  # fmt: skip
            for function in public_functions(file):
                if function.returns is None:
                    found.append(f"{where(file, function)} {function.name} says nothing")
                    continue
                parts = list(ast.walk(function.returns))
                quoted = [part.value for part in parts if isinstance(part, ast.Constant)]
                named = {part.id for part in parts if isinstance(part, ast.Name)}
                named |= {word for text in quoted for word in re.findall(r"\w+", str(text))}
                if out := named & here & rows:
                    found.append(
                        f"{where(file, function)} {function.name} returns {', '.join(out)}"
                    )
    assert found == []


def test_two_tables_never_share_a_name() -> None:
    names = [name for found in tables().values() for name in found.values()]
    assert sorted(names) == sorted(set(names))
