"""The source as trees: what the tests of the shape read, over every package there is."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "procure"
ROOT = SOURCE.parents[1]
TESTS = ROOT / "tests"
TEMPLATES = ROOT / "templates"


def packages() -> list[str]:
    """List the packages of the program, but for the history of migrations."""
    folders = sorted(file.parent.name for file in SOURCE.glob("*/__init__.py"))
    return [name for name in folders if name != "migrations"]


def modules(package: str = "") -> list[Path]:
    """List the modules of a package, or of the whole program."""
    found = sorted((SOURCE / package).rglob("*.py"))
    return [file for file in found if "migrations" not in file.relative_to(SOURCE).parts]


def room(package: str, name: str) -> list[Path]:
    """List the modules of one room: a file, or a folder that it has grown into."""
    folder = SOURCE / package
    return [file for file in (folder / f"{name}.py", *sorted((folder / name).glob("*.py")))
            if file.exists()]  # fmt: skip


@cache
def tree(file: Path) -> ast.Module:
    """Parse a file, once."""
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def name_of(file: Path) -> str:
    """Return the dotted name of a module."""
    parts = file.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def where(file: Path, node: ast.AST) -> str:
    """Say where something stands, as an editor understands it."""
    return f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


def imports(file: Path) -> dict[str, str]:
    """Map each name that a module imports to what it stands for, as a dotted name."""
    found: dict[str, str] = {}
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {item.asname or item.name: f"{node.module}.{item.name}" for item in node.names}
        elif isinstance(node, ast.Import):
            found |= {item.asname or item.name: item.name for item in node.names}
    return found


def texts(file: Path) -> Iterator[tuple[ast.AST, str]]:
    """Yield every text in a module, but for docstrings."""
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node, node.value


def public_functions(file: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """List the functions at the top of a module whose names have no underscore before them."""
    return [
        node
        for node in tree(file).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[0] != "_"
    ]


@cache
def tables() -> dict[str, dict[str, str]]:
    """Map each package to its tables: the name of the class to the name in the database."""
    found: dict[str, dict[str, str]] = {}
    for package in packages():
        for file in room(package, "tables"):
            for node in tree(file).body:
                if isinstance(node, ast.ClassDef):
                    for keyword in node.keywords:
                        if keyword.arg == "tablename" and isinstance(keyword.value, ast.Constant):
                            found.setdefault(package, {})[node.name] = str(keyword.value.value)
    return found
