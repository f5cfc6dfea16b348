"""Who plays: the accounts of fixtures/demo/people.yaml, each signed in by its own password."""

from collections.abc import Sequence
from functools import cache

import httpx
import msgspec

from procure.demo.seed import PASSWORD
from procure.demo.story.client import Program
from procure.demo.story.material import read
from procure.kernel.actors import Role
from procure.web.terms import TERMS


class Member(msgspec.Struct, frozen=True):
    """A person with an account, as the fixture has them."""

    email: str
    name: str
    organisation: str  # registry code
    roles: Sequence[Role]


@cache
def members() -> dict[str, Member]:
    """Return everyone by e-mail address, in the order of the fixture."""
    found = msgspec.convert(read("people")["people"], list[Member])
    return {member.email: member for member in found}


def sign_ins() -> list[tuple[str, str]]:
    """List one account for each role, in the order of the roles: its words, and the address.

    Of the provider roles, those of the provider that wins: there is most to see.
    """
    first: dict[Role, str] = {}
    for member in members().values():
        for role in member.roles:
            first.setdefault(role, member.email)
    first[Role.PROVIDER_MANAGER] = WINNER
    return [(TERMS[role], first[role]) for role in Role if role in first]


WINNER = "manager@pakkuja02.example"


class Cast:
    """Everyone's signed-in program; a person signs in when they are first called."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._programs: dict[str, Program] = {}

    def __getitem__(self, email: str) -> Program:
        """Return the program of the person with this address."""
        if email not in self._programs:
            member = members()[email]
            self._programs[email] = Program(
                self._http, name=member.name, email=email, password=PASSWORD
            )
        return self._programs[email]
