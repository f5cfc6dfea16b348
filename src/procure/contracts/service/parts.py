"""What the services of contracts share: the lock, the paper."""

from datetime import datetime
from uuid import UUID

import msgspec

from procure.contracts import queries
from procure.contracts.rules import Document
from procure.contracts.schemas import SignatureView
from procure.contracts.tables import Contract
from procure.db import fetch_as
from procure.documents import service as documents
from procure.kernel.canonical import read_canonical
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_

PAPER = "contracts/papers/contract.html"
NOTICE_DAYS = 30  # RHS § 83: after the contract, and after each year of a framework


class ContractPaper(msgspec.Struct, frozen=True):
    """What the paper of a contract is printed from."""

    reference: str
    document: Document
    document_sha256: str
    signatures: list[SignatureView]


async def order_contract_paper(
    contract: Contract, signatures: list[SignatureView], now: datetime
) -> UUID:
    """Order the contract as a PDF: before signing, and again with both signatures."""
    paper_id = await documents.order_paper(
        kind="contract" if not signatures else "signed-contract",
        template=PAPER,
        title=f"{contract.number} {contract.title}"[:200],
        subject_id=contract.id,
        buyer_id=contract.buyer,
        reader_org_id=contract.provider_org,
        facts=ContractPaper(
            reference=contract.number,
            document=read_canonical(contract.document, Document),
            document_sha256=contract.document_sha256,
            signatures=signatures,
        ),
        now=now,
    )
    contract.paper_id = paper_id
    await contract.save([Contract.paper_id])
    return paper_id


async def _held(contract_id: UUID) -> Contract:
    """Lock a contract, its framework first; NotFound if there is none."""
    await fetch_as(
        queries.ContractStanding,
        """SELECT id, kind, number, state, starts_on, ends_until, ceiling_amount, spent_amount
             FROM contract WHERE id = (SELECT parent FROM contract WHERE id = $1) FOR UPDATE""",
        contract_id,
    )
    contract: Contract | None = (
        await Contract.objects().where(Contract.id == contract_id).first().lock_rows()
    )
    if contract is None:
        raise NotFound(n_("There is no contract {id}."), {"id": str(contract_id)})
    return contract
