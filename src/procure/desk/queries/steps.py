"""The links of a thread: rows of every stage, each told as one step."""

from datetime import datetime
from typing import Any
from uuid import UUID

from procure.db import connection
from procure.desk.schemas import Step
from procure.kernel.canonical import read_canonical
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.web.languages import language

Row = dict[str, Any]

EVIDENCE = {
    ("register", True): n_("The register confirms it. {note}"),
    ("register", False): n_("The register contradicts it. {note}"),
    ("case-system", True): n_("The case system confirms it. {note}"),
    ("case-system", False): n_("The case system contradicts it. {note}"),
    ("caseworker", True): n_("The caseworker confirms it. {note}"),
    ("caseworker", False): n_("The caseworker contradicts it. {note}"),
    ("certificate", True): n_("A certificate confirms it. {note}"),
    ("certificate", False): n_("A certificate contradicts it. {note}"),
    ("provider", True): n_("The provider reports it. {note}"),
    ("provider", False): n_("The provider takes it back. {note}"),
}


async def rows_of(sql: str, *args: object) -> list[Row]:
    """Read rows as dicts."""
    async with connection() as c:
        return [dict(row) for row in await c.fetch(sql, *args)]


async def payment_steps(contracts: list[UUID], since: datetime) -> list[Step]:
    """List the transfers of these contracts since an instant."""
    return [
        Step(
            "payment",
            row["id"],
            n_("{reference} to {iban}"),
            {"reference": row["end_to_end_id"], "iban": row["iban"]},
            on=row["pay_on"],
            url=f"/payment-runs/{row['run']}",
            state=row["state"],
            amount=row["payment_amount"],
        )
        for row in await rows_of(
            """
            SELECT p.*, r.pay_on, r.state FROM payment p JOIN payment_run r ON r.id = p.run
             WHERE p.contract = ANY($1) AND r.prepared_at >= $2 ORDER BY r.prepared_at
            """,
            contracts,
            since,
        )
    ]


async def outcome_steps(where: str, *args: object) -> list[Step]:
    """List outcomes, each followed by what was said of it."""
    steps = []
    for row in await rows_of(
        f"""
        SELECT o.*, d.version, d.name_en, d.name_et, d.name_ru, p."group" FROM outcome o
          JOIN outcome_definition d ON d.id = o.definition
          JOIN participant p ON p.id = o.participant
         WHERE {where} ORDER BY o.outcome_on
        """,  # noqa: S608 - a constant of this module
        *args,
    ):
        steps.append(
            Step(
                "outcome",
                row["id"],
                n_("{name} (version {version} of the definition)"),
                {"name": row[f"name_{language()}"], "version": row["version"]},
                on=row["outcome_on"],
                url=f"/outcomes/{row['id']}",
                state=row["state"],
            )
        )
        steps += [
            Step(
                "evidence",
                said["id"],
                EVIDENCE[said["source"], said["supports"]],
                {"note": said["note"]},
                at=said["received_at"],
            )
            for said in await rows_of(
                "SELECT * FROM evidence WHERE outcome = $1 ORDER BY received_at", row["id"]
            )
        ]
    return steps


def participant_step(row: Row) -> Step:
    """Tell of a participant."""
    return Step(
        "participant",
        row["id"],
        n_("Participant {client}, risk band {band}, {present} days present"),
        {"client": row["client_ref"], "band": row["risk_band"], "present": row["present"]},
        on=row["joins_on"],
        url=f"/groups/{row['group']}/participants/{row['id']}",
        state=row["state"],
    )


def group_step(row: Row) -> Step:
    """Tell of a group."""
    return Step(
        "group",
        row["id"],
        n_("Group {code} in {place}"),
        {"code": row["code"], "place": row["place"]},
        on=row["starts_on"],
        url=f"/groups/{row['id']}",
        state=row["state"],
    )


def contract_step(row: Row) -> Step:
    """Tell of a contract."""
    return Step(
        "contract",
        row["id"],
        n_("{number}: {title}"),
        {"number": row["number"], "title": row["title"]},
        at=row["signed_at"] or row["drafted_at"],
        url=f"/contracts/{row['id']}",
        state=row["state"],
        amount=row["ceiling_amount"],
    )


def tender_step(row: Row) -> Step:
    """Tell of a tender."""
    return Step(
        "tender",
        row["id"],
        n_("{reference}: {title}"),
        {"reference": row["reference"], "title": row["title"]},
        at=row["published_at"],
        url=f"/tenders/{row['id']}",
        state=row["state"],
    )


def request_step(row: Row) -> Step:
    """Tell of a request."""
    return Step(
        "request",
        row["id"],
        n_("Request {reference} of {caseworker}: {service} in {county}, language {language}"),
        {
            "reference": row["reference"],
            "caseworker": row["caseworker_ref"],
            "service": row["service_code"],
            "county": row["county"],
            "language": row["language"],
        },
        on=row["created_on"],
        url=f"/requests/{row['id']}",
        state=row["state"],
    )


def traced(trace: str) -> tuple[str, dict[str, Any]]:
    """Return the source text of a claim line's reckoning, and the values in its braces."""
    finding = read_canonical(trace, Finding)
    return finding.text, dict(finding.values)


def line_step(line: Row) -> Step:
    """Tell of a claim line."""
    return Step(
        "claim-line",
        line["id"],
        *traced(line["trace"]),
        at=line["drafted_at"],
        url=f"/thread/claim-line/{line['id']}",
        state=line["claim_state"],
        amount=line["line_amount"],
    )


async def criterion_steps(tender_id: UUID, url: str) -> list[Step]:
    """List the criteria of a tender."""
    return [
        Step(
            "criterion",
            row["id"],
            n_("Criterion {code}: {name}, weight {weight}"),
            {"code": row["code"], "name": row["name"], "weight": f"{row['weight'].normalize():f}"},
            url=f"{url}#criterion-{row['code']}",
        )
        for row in await rows_of(
            "SELECT * FROM criterion WHERE tender = $1 ORDER BY position", tender_id
        )
    ]


async def basis_steps(basis_id: UUID) -> list[Step]:
    """Tell of an analysis of demand."""
    return [
        Step(
            "basis",
            row["id"],
            n_("{name}: {requests} requests, {grouped} of them in groups"),
            {"name": row["name"], "requests": row["requests"], "grouped": row["grouped"]},
            at=row["made_at"],
            url=f"/demand/{row['id']}",
        )
        for row in await rows_of(
            """
            SELECT b.*, (SELECT count(*) FROM basis_request r WHERE r.basis = b.id) AS requests,
                   (SELECT count(*) FROM basis_request r
                     WHERE r.basis = b.id AND r.verdict = 'grouped') AS grouped
              FROM basis b WHERE b.id = $1
            """,
            basis_id,
        )
    ]
