"""What every module keeps to: no float where money is, one place that reads the environment."""

import ast
from pathlib import Path

import pytest

from tests.architecture.tree import (
    SOURCE,
    imports,
    modules,
    name_of,
    packages,
    tree,
    where,
)

MONEY = [file for name in ("payments", "outcomes", "entitlement") for file in modules(name)]
MONEY += [SOURCE / "kernel" / "money.py"]

# `settings` reads it, `db` tells Piccolo where its configuration is, and the printer hands three
# variables on to the program that it starts.
ENVIRONMENT = {"procure.settings", "procure.db", "procure.adapters.weasyprint"}


@pytest.mark.parametrize("file", MONEY, ids=name_of)
def test_money_never_passes_through_a_float(file: Path) -> None:
    found = [
        where(file, node)
        for node in ast.walk(tree(file))
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.Attribute) and node.attr in {"Real", "DoublePrecision"})
        or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and _is_whole(node.left))
    ]
    assert found == []


def _is_whole(node: ast.AST) -> bool:
    """Tell whether a node is a whole number written out, whose quotient would be a float."""
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


def test_the_environment_is_read_in_one_place() -> None:
    found = []
    for file in modules():
        if name_of(file) in ENVIRONMENT:
            continue
        known = imports(file)
        for node in ast.walk(tree(file)):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and known.get(node.value.id) == "os"
                and node.attr in {"environ", "getenv"}
            ):
                found.append(where(file, node))
        if {"os.environ", "os.getenv"} & set(known.values()):
            found.append(name_of(file))
    assert found == []


def test_every_package_says_what_it_is() -> None:
    silent = [
        name for name in packages() if not ast.get_docstring(tree(SOURCE / name / "__init__.py"))
    ]
    assert silent == []
