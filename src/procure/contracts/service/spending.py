"""What later stages may do to a contract: hold it, and say what was spent under it."""

from decimal import Decimal
from uuid import UUID

from procure.contracts.rules import Terms
from procure.contracts.service.parts import _held
from procure.contracts.tables import Contract
from procure.db import transaction
from procure.kernel.canonical import read_canonical
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.money import rounded
from procure.kernel.texts import n_


async def hold_contract(contract_id: UUID) -> Terms:
    """Lock a contract until the transaction ends, its framework first, and return its terms.

    Whoever decides about money under a contract holds it, so that two cannot spend the same room.
    """
    contract = await _held(contract_id)
    return read_canonical(contract.terms, Terms)


async def record_spending(contract_id: UUID, spending_amount: Decimal) -> Decimal:
    """Add what was posted under a contract, negative for a correction; return what is spent now.

    Called by payments in the transaction that posts. Raises Refused over the ceiling (RHS 123).
    """
    async with transaction():
        contract = await _held(contract_id)
        spent = rounded(contract.spent_amount + spending_amount)
        if spent > contract.ceiling_amount or spent < 0:
            raise Refused(
                [
                    Finding(
                        "over-ceiling",
                        n_("With this {spent} would be spent; contract {number} has {ceiling}."),
                        {
                            "spent": spent,
                            "number": contract.number,
                            "ceiling": contract.ceiling_amount,
                        },
                        "RHS § 123",
                    )
                ]
            )
        contract.spent_amount = spent
        await contract.save([Contract.spent_amount])
    return spent
