"""Whom somebody may refer to a group: those it was bought for first, and what does not fit."""

from datetime import date
from uuid import UUID

import msgspec

from procure.contracts import queries as contracts
from procure.db import fetch_as
from procure.delivery.queries.access import sees_own_only
from procure.delivery.queries.duties import OPEN_REQUEST, basis_of_contract
from procure.delivery.queries.facts import group_facts
from procure.delivery.schemas import Candidate
from procure.kernel.actors import Actor

MOST = 500


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    reference: str
    client_ref: str
    risk_band: str
    language: str
    county: str
    earliest_start_on: date
    is_of_basis: bool
    other_basis: str | None


async def candidates(actor: Actor, group_id: UUID) -> list[Candidate]:
    """List whom the actor may refer to a group, those of the group's basis first.

    Open requests for its service in the counties of its lot, own ones for a caseworker. `unlike`
    says what is not as the group is: language, county, another tender's basis, too early.
    """
    group = await group_facts(group_id)
    terms = await contracts.terms_of(group.contract_id)
    rows = await fetch_as(
        _Row,
        f"""SELECT r.id, r.reference, r.client_ref, r.risk_band, r.language, r.county,
                   r.earliest_start_on, coalesce(v.basis = $4, false) AS is_of_basis,
                   CASE WHEN v.basis <> $4 THEN b.name END AS other_basis
              FROM request r
              LEFT JOIN LATERAL (
                   SELECT basis FROM basis_request x
                    WHERE x.request = r.id AND x.verdict = 'grouped'
                    ORDER BY (x.basis = $4) DESC NULLS LAST, x.id DESC LIMIT 1) v ON true
              LEFT JOIN basis b ON b.id = v.basis AND r.state = 'tendered'
             WHERE r.buyer = $1 AND r.state IN {OPEN_REQUEST} AND r.service_code = $2
               AND (r.county = ANY($3) OR v.basis = $4) AND (NOT $5 OR r.recorded_by = $6)
             ORDER BY is_of_basis DESC, r.language = $7 DESC, r.created_on, r.reference
             LIMIT {MOST}""",  # noqa: S608 - our own text
        actor.org_id,
        terms.service_code,
        list(terms.counties),
        await basis_of_contract(group.contract_id),
        sees_own_only(actor),
        actor.id,
        group.language,
    )
    return [
        Candidate(
            id=row.id,
            reference=row.reference,
            client_ref=row.client_ref,
            risk_band=row.risk_band,
            language=row.language,
            county=row.county,
            earliest_start_on=row.earliest_start_on,
            is_of_basis=row.is_of_basis,
            unlike=[
                name
                for name, is_so in (
                    ("language", row.language != group.language),
                    ("county", row.county not in terms.counties),
                    ("tender", row.other_basis is not None),
                    ("later", row.earliest_start_on > group.starts_on),
                )
                if is_so
            ],
            other_basis=row.other_basis,
        )
        for row in rows
    ]
