"""When a group may start and be completed: every reason why not yet.

Pure. Source: THP § 13(1) attendance; the contract's days.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from procure.contracts.states import ContractState
from procure.delivery.states import ParticipantState
from procure.kernel.findings import Finding
from procure.kernel.texts import n_


class StartFacts(msgspec.Struct, frozen=True):
    """What the start of a group rests on."""

    starts_on: date
    today: date
    contract_state: str
    people_count: int


def start_findings(facts: StartFacts) -> list[Finding]:
    """List every reason why the group cannot start today."""
    found = []
    if facts.today < facts.starts_on:
        text = n_("The group's first day is {day}.")
        found.append(Finding("too-early", text, {"day": facts.starts_on}))
    if facts.contract_state != ContractState.RUNNING:
        text = n_("The contract is {state}; a group runs under a running contract.")
        found.append(Finding("contract-not-running", text, {"state": facts.contract_state}))
    if not facts.people_count:
        found.append(Finding("nobody", n_("Nobody has been referred to the group.")))
    return found


class CompleteFacts(msgspec.Struct, frozen=True):
    """What the completion of a group rests on."""

    ends_until: date
    today: date
    unmarked: list[tuple[date, str]]  # days that have come, and clients without a mark on them
    people: list[tuple[str, str]]  # client and state


def complete_findings(facts: CompleteFacts) -> list[Finding]:
    """List every reason why the group cannot be completed today."""
    found = []
    if facts.today < facts.ends_until:
        text = n_("The group's last day is {day}.")
        last = facts.ends_until - timedelta(days=1)
        found.append(Finding("too-early", text, {"day": last}))
    for day, client in facts.unmarked:
        text = n_("{client} has no mark on {day}.")
        found.append(Finding("no-mark", text, {"client": client, "day": day}, "THP § 13(1)"))
    for client, state in facts.people:
        if state == ParticipantState.REFERRED:
            text = n_("{client} never came; record that they left.")
            found.append(Finding("never-came", text, {"client": client}))
    return found


def first_of_each(found: Sequence[Finding]) -> list[Finding]:
    """Keep the first finding of each kind, which is enough to say what comes next."""
    seen: dict[str, Finding] = {}
    for finding in found:
        seen.setdefault(finding.code, finding)
    return list(seen.values())
