"""The lives of a claim and of a payment run; the accounts of the ledger."""

from enum import StrEnum

from procure.kernel.states import Machine
from procure.kernel.texts import n_


class ClaimState(StrEnum):
    """Where a claim stands."""

    DRAFTED = "drafted"  # recomputed until it is accepted
    ACCEPTED = "accepted"  # by the provider; frozen
    DISPUTED = "disputed"  # by the provider, or returned by the buyer; is computed again
    ATTESTED = "attested"  # by the first person of the buyer
    POSTED = "posted"  # attested by a second person; the ledger has it
    PAID = "paid"
    WITHDRAWN = "withdrawn"  # a draft that turned out to ask for nothing


CLAIM = Machine(
    {
        (ClaimState.DRAFTED, "accept"): ClaimState.ACCEPTED,
        (ClaimState.DRAFTED, "dispute"): ClaimState.DISPUTED,
        (ClaimState.DRAFTED, "redraft"): ClaimState.DRAFTED,
        (ClaimState.DRAFTED, "withdraw"): ClaimState.WITHDRAWN,
        (ClaimState.DISPUTED, "redraft"): ClaimState.DRAFTED,
        (ClaimState.DISPUTED, "undispute"): ClaimState.DRAFTED,
        (ClaimState.DISPUTED, "withdraw"): ClaimState.WITHDRAWN,
        (ClaimState.ACCEPTED, "attest"): ClaimState.ATTESTED,
        (ClaimState.ACCEPTED, "return"): ClaimState.DISPUTED,
        (ClaimState.ATTESTED, "attest"): ClaimState.POSTED,
        (ClaimState.ATTESTED, "return"): ClaimState.DISPUTED,
        (ClaimState.POSTED, "pay"): ClaimState.PAID,
    }
)


# Not posted yet, so that another claim of the same group would count the same thing twice.
OPEN = frozenset(
    {ClaimState.DRAFTED, ClaimState.DISPUTED, ClaimState.ACCEPTED, ClaimState.ATTESTED}
)


class RemarkKind(StrEnum):
    """What a party said to a claim."""

    DISPUTE = "dispute"  # by the provider, of the whole claim or of lines
    ANSWER = "answer"  # by the buyer, when the claim is computed again
    RETURN = "return"  # by the buyer, of an accepted claim
    UNDISPUTE = "undispute"  # the provider takes the dispute back


class LineKind(StrEnum):
    """What a claim line pays for."""

    ATTENDANCE = "attendance"
    GUARANTEE = "guarantee"
    MILESTONE = "milestone"
    OUTCOME = "outcome"
    CAP = "cap"  # what a cap takes off again


class RunState(StrEnum):
    """Where a payment run stands."""

    PREPARED = "prepared"
    RELEASED = "released"  # by two people, neither of whom prepared it
    CANCELLED = "cancelled"  # before the second release; what it would have paid is owed again


RUN = Machine(
    {
        (RunState.PREPARED, "release"): RunState.RELEASED,
        (RunState.PREPARED, "cancel"): RunState.CANCELLED,
    }
)


class Account(StrEnum):
    """Accounts of the double-entry ledger; amounts are positive on the debit side."""

    SERVICE_COST = "service-cost"
    PROVIDER_PAYABLE = "provider-payable"
    BANK = "bank"


EVENTS = {
    "claim:drafted": n_("The system drafted a claim."),
    "claim:redrafted": n_("A drafted claim was computed again."),
    "claim:accepted": n_("The provider accepted a claim."),
    "claim:disputed": n_("The provider disputed a claim."),
    "claim:answered": n_("The buyer answered a dispute, and the claim was computed again."),
    "claim:undisputed": n_("The provider took a dispute back."),
    "claim:returned": n_("The buyer sent an accepted claim back with a reason."),
    "claim:withdrawn": n_("A draft was withdrawn: nothing was owed any more."),
    "claim:attested": n_("A claim was attested by one person."),
    "claim:posted": n_("A claim was attested by a second person and posted."),
    "run:prepared": n_("A payment run was prepared."),
    "run:confirmed": n_("One person confirmed the payment file's hash."),
    "run:cancelled": n_("A payment run was cancelled before it was released."),
    "run:released": n_("A payment file was released by two people."),
}
