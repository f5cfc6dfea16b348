"""What everyone may see without an account: contracts, what was paid under them, spending."""

from typing import Any, get_args
from uuid import UUID

import msgspec
from litestar import Controller, Response, get
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from procure.catalogue import queries as catalogue
from procure.demand.rules.files import csv_text
from procure.desk.queries import register
from procure.kernel.actors import Permission
from procure.parameters import names
from procure.web.downloads import attachment
from procure.web.languages import language
from procure.web.templates import page

COLUMNS = (
    "year",
    "buyer_name",
    "provider_code",
    "provider_name",
    "service_code",
    "county",
    "paid_amount",
)


async def _names() -> dict[str, Any]:
    """Give a page the names of what stands in the register as a code."""
    services = {
        view.code: msgspec.structs.asdict(view.name)[language()]
        for view in await catalogue.services()
    }
    return {"counties": names("counties", language()), "service_names": services}


class RegisterPages(Controller):
    """Contracts and spending, for everyone."""

    include_in_schema = False

    @get("/contract-register", permission=Permission.NONE)
    async def contracts(
        self,
        *,
        tender_id: FromQuery[UUID | None] = None,
        provider: FromQuery[str] = "",
        service: FromQuery[str] = "",
    ) -> Template:
        """List the signed contracts, with what was paid under each."""
        return page(
            "desk/contract_register.html",
            contracts=await register.list_contracts(
                tender_id=tender_id, provider=provider[:40], service=service[:40]
            ),
            is_filtered=bool(tender_id or provider or service),
            **await _names(),
        )

    @get("/contract-register/{contract_id:uuid}", permission=Permission.NONE)
    async def contract(self, contract_id: FromPath[UUID]) -> Template:
        """Show the parties and terms of a contract, what was paid, and what came of it."""
        found = await register.read_contract(contract_id)
        return page(
            "desk/public_contract.html",
            contract=found,
            families=names("outcome_families", language()),
            units=names("units", language()),
            scheme_name=await catalogue.scheme_name(found.scheme_code, found.scheme_version),
            **await _names(),
        )

    @get("/spending", permission=Permission.NONE)
    async def spending(
        self,
        *,
        by: FromQuery[str] = "provider",
        provider: FromQuery[str] = "",
        service: FromQuery[str] = "",
        county: FromQuery[str] = "",
        year: FromQuery[str] = "",
    ) -> Template:
        """Show what was paid, by provider, service, county or year."""
        chosen: register.Dimension = next(
            (name for name in get_args(register.Dimension) if name == by), "provider"
        )
        wanted = {"provider": provider, "service": service, "county": county, "year": year}
        return page(
            "desk/spending.html",
            spending=await register.read_spending(chosen, **wanted),
            wanted=wanted,
            **await _names(),
        )

    @get("/spending.csv", permission=Permission.NONE)
    async def spending_file(self) -> Response[bytes]:
        """Download what was paid, by year, provider, service and county."""
        rows = [
            {name: getattr(cell, name) for name in COLUMNS}
            for cell in await register.spending_cells()
        ]
        return attachment(csv_text(COLUMNS, rows).encode("utf-8-sig"), "text/csv", "spending")
