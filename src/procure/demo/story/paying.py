"""Step 8: what is owed is claimed, accepted, attested by two, corrected, and sent to the bank."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from lxml import etree

from procure.adapters import pain001
from procure.demo.errors import DemoFailed
from procure.demo.story import delivering
from procure.demo.story.cast import WINNER
from procure.demo.story.delivering import Group
from procure.demo.story.material import read
from procure.demo.story.stage import CONTRACT_MANAGER, FINANCE, Json, Stage

CLAIMED_ON = date(2026, 4, 7)
CHECKED_ON = date(2026, 4, 13)
PREPARED_ON = date(2026, 4, 15)
PAY_ON = date(2026, 4, 20)


class Paid(msgspec.Struct, frozen=True):
    """What the payment of the group left behind."""

    claims: list[Json]
    run: Json


def play(stage: Stage, group: Group) -> Paid:
    """Claim, correct after the register's answer, and pay the difference of both at once."""
    stage.day(CLAIMED_ON)
    first = _drafted(stage, group)
    stage.figures.check("attendance-amount", first["attendance_amount"])
    stage.figures.check("milestone-amount", first["milestone_amount"])
    stage.figures.check("outcome-amount", first["outcome_amount"])
    _check_people(first)
    stage.figures.check("first-claim", first["total_amount"])
    first = _through(stage, first, is_tried_twice=True)
    stage.day(CHECKED_ON)
    delivering.check_register(group)
    stage.day(CHECKED_ON, 11)
    correction = _drafted(stage, group)
    stage.figures.check("correction", correction["total_amount"])
    for line in correction["lines"]:
        stage.progress.note(f"{line['line_amount']} EUR: {line['trace']['message']}")
    correction = _through(stage, correction)
    posted = sum(
        Decimal(entry["entry_amount"])
        for transaction in stage.cast[FINANCE[0]].get("/ledger")["transactions"]
        for entry in transaction["entries"]
        if entry["account"] == "service-cost"
    )
    stage.figures.check("posted", posted)
    run = _pay(stage)
    claims = [stage.cast[FINANCE[0]].get(f"/claims/{claim['id']}") for claim in (first, correction)]
    for claim in claims:
        stage.keep(f"claim-{claim['number']}.json", claim)
    return Paid(claims=claims, run=run)


def _drafted(stage: Stage, group: Group) -> Json:
    """Find the claim that the system has drafted by itself."""
    provider = stage.cast[WINNER]
    found = provider.get(f"/groups/{group.id}/claims")["items"]
    drafted = [claim["id"] for claim in found if claim["state"] == "drafted"]
    if len(drafted) != 1:
        raise DemoFailed(f"The system has drafted {len(drafted)} claims, and should have one.")
    claim: Json = provider.get(f"/claims/{drafted[0]}")
    stage.progress.note(
        f"The system drafts claim {claim['number']} of {claim['group_code']}: "
        f"{claim['total_amount']} {claim['currency']} in {len(claim['lines'])} line(s); "
        f"{len(claim['withheld'])} things are withheld with a reason"
    )
    return claim


def _through(stage: Stage, claim: Json, *, is_tried_twice: bool = False) -> Json:
    """Have a claim accepted by the provider, and attested by two people of the buyer."""
    stage.subjects.append(claim["id"])
    path = f"/claims/{claim['id']}"
    claim = stage.cast[WINNER].post(f"{path}/accept")
    stage.does(WINNER, f"accepts claim {claim['number']}")
    first, second = CONTRACT_MANAGER, FINANCE[2]
    content = {"content_sha256": claim["content_sha256"]}
    stage.cast[first].post(f"{path}/attest", content)
    stage.does(first, "attests it, by the hash of what is read")
    if is_tried_twice:
        refusal = stage.cast[first].refused(f"{path}/attest", content)
        stage.does(first, f"may not attest it twice: {refusal}")
    posted: Json = stage.cast[second].post(f"{path}/attest", content)
    stage.does(second, f"attests it too; the ledger has it, state {posted['state']}")
    return posted


def _pay(stage: Stage) -> Json:
    """Prepare a run, release it by two others, and check the file against its schema."""
    stage.day(PREPARED_ON)
    preparer, *releasers = FINANCE[2], *FINANCE[:2]
    run: Json = stage.cast[preparer].post("/payment-runs", {"pay_on": PAY_ON})
    stage.does(preparer, f"prepares payment run {run['message_id']}: {run['total_amount']} EUR")
    path = f"/payment-runs/{run['id']}"
    content = stage.cast[preparer].read(f"{path}/file")
    stage.keep("pain001.xml", content)
    for email in releasers:
        run = stage.cast[email].post(f"{path}/release", {"file_sha256": run["file_sha256"]})
        stage.does(email, f"releases it by the hash of the file, state {run['state']}")
    stage.figures.check("payment-file", run["total_amount"])
    pain001.check(content)
    root = etree.fromstring(content)
    stage.figures.check("payment-schema", str(etree.QName(root).namespace).rpartition(":")[2])
    sums = root.findtext(f".//{{{pain001.NS}}}CtrlSum")
    if sums is None or Decimal(sums) != Decimal(run["total_amount"]):
        raise DemoFailed(f"The payment file sums to {sums}, not to {run['total_amount']}.")
    return run


def _check_people(claim: Json) -> None:
    """Hold what each participant brings against the worked example."""
    for expected in read("group-2025")["expected"]["participants"]:
        client = expected["client_ref"]
        lines = [line for line in claim["lines"] if line["client_ref"] == client]
        for kind in ("attendance", "milestone", "outcome"):
            found = _sum(lines, kind)
            if found != expected[f"{kind}_amount"]:
                raise DemoFailed(f"{client}: {kind} {found}, not {expected[f'{kind}_amount']}.")


def _sum(lines: list[dict[str, Any]], kind: str) -> Decimal:
    amounts = (Decimal(line["entitled_amount"]) for line in lines if line["kind"] == kind)
    return sum(amounts, Decimal(0))
