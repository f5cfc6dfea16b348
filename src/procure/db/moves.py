"""The lives of `states.py` as triggers, so that a state moves by the same table for everybody.

A package's Machine belongs to the tables of that package whose CHECK names the same vocabulary
(`known_state = is_one_of("state", BidState)`); nothing else has to be said anywhere.
"""

import importlib.util
from collections.abc import Iterable
from enum import StrEnum
from importlib import import_module
from typing import Any

import msgspec
from piccolo.constraints import Check
from piccolo.table import Table

from procure.db.checks import is_one_of
from procure.kernel.states import Machine

HEADING = """\
-- Made from the packages' states.py by `make migration`; do not edit. The table of moves that the
-- services ask is here for whoever writes SQL: where a row may begin, and where it goes from there.

CREATE FUNCTION state_is_not_in_its_life() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        IF TG_OP = 'INSERT' THEN
            RAISE EXCEPTION 'no % begins as %', TG_TABLE_NAME, NEW.state
                USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
        END IF;
        RAISE EXCEPTION 'no % that is % becomes %', TG_TABLE_NAME, OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
    END $$;
"""


class Life(msgspec.Struct, frozen=True):
    """A table whose rows live by a machine."""

    table: str
    machine: Machine[Any]


def lives(tables: Iterable[type[Table]]) -> list[Life]:
    """Find the machine of each table that has one, in the order of the tables' names."""
    found = []
    for table in tables:
        conditions = {
            constraint.condition
            for constraint in table._meta.constraints
            if isinstance(constraint, Check)
        }
        found += [
            Life(table._meta.tablename, machine)
            for machine in _machines(table.__module__.rpartition(".")[0])
            if is_one_of("state", machine.states).condition in conditions
        ]
    return sorted(found, key=lambda life: life.table)


def _machines(package: str) -> list[Machine[Any]]:
    name = f"{package}.states"
    if not package.startswith("procure.") or importlib.util.find_spec(name) is None:
        return []
    return [value for value in vars(import_module(name)).values() if isinstance(value, Machine)]


def render_moves(tables: Iterable[type[Table]]) -> str | None:
    """Write the triggers of every life; None if there is none."""
    found = lives(tables)
    return "\n".join([HEADING, *map(triggers, found)]) if found else None


def triggers(life: Life) -> str:
    """Write the two triggers of one table: how a row begins, and how it goes on.

    Nothing runs for a write that the table of moves allows: the condition is the trigger's own.
    """
    moves = sorted({(start, then) for (start, _), then in life.machine.moves.items()})
    other = [(start, then) for start, then in moves if start != then]
    pairs = ",\n        ".join(f"({_text(start)}, {_text(then)})" for start, then in other)
    starts = ", ".join(_text(state) for state in sorted(life.machine.starts))
    return f"""\
CREATE TRIGGER state_begins BEFORE INSERT ON {life.table} FOR EACH ROW
    WHEN (NEW.state NOT IN ({starts})) EXECUTE FUNCTION state_is_not_in_its_life();
CREATE TRIGGER state_moves BEFORE UPDATE ON {life.table} FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        {pairs}))
    EXECUTE FUNCTION state_is_not_in_its_life();
"""


def _text(state: StrEnum) -> str:
    return f"'{state}'"
