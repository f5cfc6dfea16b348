"""The life of a contract."""

from enum import StrEnum

from procure.kernel.states import Machine
from procure.kernel.texts import n_


class ContractKind(StrEnum):
    """What an agreement is."""

    FRAMEWORK = "framework"
    CALL_OFF = "call-off"
    DIRECT = "direct"


class ContractState(StrEnum):
    """Where an agreement stands; signed becomes running and ended by the clock."""

    DRAFTED = "drafted"
    SIGNED = "signed"
    RUNNING = "running"
    ENDED = "ended"


CONTRACT = Machine(
    {
        (ContractState.DRAFTED, "sign"): ContractState.SIGNED,
        (ContractState.SIGNED, "start"): ContractState.RUNNING,
        (ContractState.RUNNING, "end"): ContractState.ENDED,
    }
)

EVENTS = {
    "contract:drafted": n_("A contract was drafted from an award."),
    "contract:signed-by-side": n_("One side signed a contract."),
    "contract:signed": n_("A contract was signed by both sides."),
    "contract:sign-refused": n_("A signature was refused."),
    "contract:started": n_("A contract began."),
    "contract:ended": n_("A contract ended."),
}
