"""Nothing is promised and not there: actions, events, templates and rules are all in use.

True only of the finished program: while a package is being written, these say what it still lacks.
"""

import ast
from importlib import import_module
from typing import Any

import pytest

from procure.kernel.states import Machine
from tests.architecture.test_states import each
from tests.architecture.test_templates import asked_by_code, asked_by_templates, pages
from tests.architecture.tree import (
    TESTS,
    imports,
    modules,
    name_of,
    packages,
    public_functions,
    room,
    texts,
    tree,
    where,
)


@pytest.mark.parametrize(("package", "name", "machine"), each())
def test_every_action_is_taken_by_a_service(
    package: str, name: str, machine: "Machine[Any]"
) -> None:
    if not room(package, "service"):
        pytest.fail(f"procure.{package} has no service yet, so nobody takes {name}'s actions")
    said = {text for file in room(package, "service") for _, text in texts(file)}
    assert {action for _, action in machine.moves} - said == set()


def test_every_event_has_its_sentence_and_every_sentence_its_event() -> None:
    recorded: dict[str, str] = {}
    for file in modules():
        for node in ast.walk(tree(file)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "record"
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "audit"
                and node.args
            ):
                for part in ast.walk(node.args[0]):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        recorded[part.value] = where(file, node)
    told = {
        kind
        for package in packages()
        for file in room(package, "states")
        for kind in getattr(import_module(name_of(file)), "EVENTS", {})
    }
    assert {kind: place for kind, place in recorded.items() if kind not in told} == {}
    written = {text for file in modules() if file.name != "states.py" for _, text in texts(file)}
    assert told - written == set(), "nobody records these"


@pytest.mark.parametrize("page", pages)
def test_every_template_is_used(page: str) -> None:
    used = {name for _, name, _ in asked_by_code()}
    used |= {name for asked in asked_by_templates().values() for name in asked}
    assert page in used


def reached_by_tests() -> set[str]:
    """Return the dotted name of everything that some test module imports or reaches through one."""
    found = set()
    for file in TESTS.rglob("test_*.py"):
        known = imports(file)
        found |= set(known.values())
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found.add(f"{known.get(node.value.id, '')}.{node.attr}")
    return found


@pytest.mark.parametrize("package", [name for name in packages() if room(name, "rules")])
def test_every_public_function_of_rules_is_imported_by_a_test(package: str) -> None:
    seen = reached_by_tests()
    missing = []
    for file in room(package, "rules"):
        for function in public_functions(file):
            name = f"{name_of(file)}.{function.name}"
            room_name = f"procure.{package}.rules.{function.name}"  # re-exported by the folder
            if not {name, room_name} & seen:
                missing.append(f"{where(file, function)} {function.name}")
    assert missing == []
