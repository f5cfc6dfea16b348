"""What comes out: places, who is out and why, flags, and every intermediate value. Pure."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import msgspec

from procure.scoring.columns import Column
from procure.scoring.reading import Task
from procure.scoring.state import Done, Dropped, State


class Place(msgspec.Struct, frozen=True):
    """One bid's place in the order."""

    row: int
    id: str
    rank: int
    is_tied: bool  # shares its rank
    decided_by: str  # the rung that set it apart from equals; `order` where nobody was equal
    pending: str = ""  # what the ladder waits for: `rebid` or `lot`


class Places(msgspec.Struct, frozen=True):
    """The order, and whether the ladder ended the procedure."""

    places: tuple[Place, ...]
    is_annulled: bool = False


class Outcome:
    """An evaluation that was computed."""

    def __init__(self, task: Task, state: State, places: Places) -> None:
        self.task, self.state = task, state
        self.places = places.places
        self.is_annulled = places.is_annulled

    @property
    def order(self) -> tuple[str, ...]:
        """The ids of ranked bids, best first; equal ones by id."""
        return tuple(place.id for place in self.places)

    @property
    def ranks(self) -> dict[str, int]:
        """The rank of each ranked bid."""
        return {place.id: place.rank for place in self.places}

    @property
    def first(self) -> tuple[Place, ...]:
        """The bids at rank 1."""
        return tuple(place for place in self.places if place.rank == 1)

    @property
    def winner(self) -> str | None:
        """The bid at rank 1; none while that is open, where nobody stands, or if annulled."""
        first = self.first
        return first[0].id if len(first) == 1 and not self.is_annulled else None

    @property
    def pending(self) -> str:
        """What the first place waits for: `rebid`, `lot` or nothing."""
        return next((place.pending for place in self.first), "")

    @property
    def decided_by(self) -> str:
        """The rung that made the winner."""
        return "annul" if self.is_annulled else next((p.decided_by for p in self.first), "")

    @property
    def out(self) -> dict[str, Dropped]:
        """Who is out, and why."""
        ids = self.task.sheet.ids
        return {ids[row]: why for row, why in sorted(self.state.dropped.items())}

    @property
    def flags(self) -> dict[str, tuple[str, ...]]:
        """Who was flagged by which step; steps that flagged nobody included."""
        ids = self.task.sheet.ids
        return {
            done.step.name: tuple(ids[row] for row in done.flagged)
            for done in self.state.trace
            if done.step.__struct_config__.tag == "flag"
        }

    @property
    def trace(self) -> Sequence[Done]:
        """What each step did, in order."""
        return self.state.trace

    def column(self, name: str) -> Mapping[str, Fraction]:
        """Return the values of a column by bid; KeyError where there is no such column."""
        found: Column = self.state.columns[name]
        ids = self.task.sheet.ids
        return {ids[row]: value for row, value in enumerate(found) if value is not None}

    def value(self, name: str, bid: str) -> Fraction | None:
        """Return one bid's value in a column; none where it has none."""
        return self.state.columns[name][self.task.sheet.ids.index(bid)]

    def number(self, name: str) -> Fraction | None:
        """Return a value of the whole evaluation."""
        return self.state.numbers[name]

    def used(self, name: str) -> tuple[str, ...]:
        """Return the bids that a reference was taken of."""
        ids = self.task.sheet.ids
        for done in self.state.trace:
            if done.step.name == name and done.used is not None:
                return tuple(ids[row] for row in done.used)
        raise KeyError(name)
