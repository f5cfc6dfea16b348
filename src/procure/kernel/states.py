"""A life as a table of moves, read by services, buttons, messages and tests alike."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Generic, TypeVar

from procure.kernel.errors import Conflict
from procure.kernel.texts import n_

S = TypeVar("S", bound=StrEnum)


class Machine(Generic[S]):
    """A table `(state, action) -> next state`; anything not in the table is forbidden."""

    def __init__(self, moves: Mapping[tuple[S, str], S], *, born: Collection[S] = ()) -> None:
        """Take the moves, and the states that a row may begin in besides the first."""
        self.moves = dict(moves)
        self.states: type[S] = type(next(iter(self.moves.values())))
        first = next(iter(self.states))
        moved = {state for (start, _), then in self.moves.items() for state in (start, then)}
        # What no move leads to or from can only be there from the beginning.
        self.starts: frozenset[S] = frozenset({first, *born, *(set(self.states) - moved)})

    def after(self, state: str, action: str) -> S:
        """Return the state that `action` leads to; Conflict if it is not open from `state`."""
        try:
            return self.moves[state, action]  # type: ignore[index]
        except KeyError:
            allowed = ", ".join(self.actions(state)) or "nothing"
            raise Conflict(
                n_("Cannot {action} what is {state}; from here: {allowed}."),
                {"action": action, "state": str(state), "allowed": allowed},
            ) from None

    def actions(self, state: str) -> list[str]:
        """List the actions open from `state`, for buttons and error messages."""
        return [action for (start, action) in self.moves if start == state]
