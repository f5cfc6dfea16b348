"""Every life can be lived: its states are reached, it ends, its actions exist."""

import ast
import re
from enum import StrEnum
from importlib import import_module
from typing import Any

import pytest

from procure.kernel.states import Machine
from tests.architecture.tree import TEMPLATES, modules, name_of, packages, room, tree, where

# Lives that go on: each with the reason.
NEVER_ENDS = {
    "PROVIDER": "a suspended provider may be admitted again",
    "OUTCOME": "an outcome is verified or rejected anew when evidence comes or falls away",
}


def machines() -> list[tuple[str, str, "Machine[Any]"]]:
    """List each machine with its package and name."""
    return [
        (package, name, value)
        for package in packages()
        for file in room(package, "states")
        for name, value in vars(import_module(name_of(file))).items()
        if isinstance(value, Machine)
    ]


def each() -> list[Any]:
    return [pytest.param(*found, id=f"{found[0]}.{found[1]}") for found in machines()]


def states_of(machine: "Machine[Any]") -> type[StrEnum]:
    return type(next(iter(machine.moves.values())))


def after(machine: "Machine[Any]", start: str) -> set[str]:
    """Return every state that can follow, at once or later, and the start itself."""
    reached, todo = {start}, [start]
    while todo:
        here = todo.pop()
        for (state, _), then in machine.moves.items():
            if state == here and then not in reached:
                reached.add(then)
                todo.append(then)
    return reached


@pytest.mark.parametrize(("package", "name", "machine"), each())
def test_every_state_is_reached_from_the_first(
    package: str, name: str, machine: "Machine[Any]"
) -> None:
    reached = set().union(*(after(machine, start) for start in machine.starts))
    assert set(machine.states) - reached == set(), f"born as {machine.starts}"


@pytest.mark.parametrize(("package", "name", "machine"), each())
def test_every_life_can_end(package: str, name: str, machine: "Machine[Any]") -> None:
    last = {state for state in states_of(machine) if not machine.actions(state)}
    stuck = {state for state in states_of(machine) if not after(machine, state) & last}
    assert bool(stuck) == (name in NEVER_ENDS), f"no end can be reached from {stuck or 'none'}"


def test_every_action_that_code_takes_is_in_a_machine() -> None:
    known = {action for _, _, machine in machines() for _, action in machine.moves}
    found = []
    for file in modules():
        for node in ast.walk(tree(file)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "after"
                and len(node.args) == 2
                and isinstance(action := node.args[1], ast.Constant)
                and action.value not in known
            ):
                found.append(f"{where(file, node)} {action.value!r}")
    assert found == []


def test_every_action_in_a_template_is_in_a_machine() -> None:
    known = {action for _, _, machine in machines() for _, action in machine.moves}
    asked = re.compile(r"[\"']([a-z-]+)[\"'] (?:not )?in [\w.]*actions\b")
    found = [
        f"{file.relative_to(TEMPLATES)}: {action}"
        for file in TEMPLATES.rglob("*.html")
        for action in asked.findall(file.read_text(encoding="utf-8"))
        if action not in known
    ]
    assert found == []
