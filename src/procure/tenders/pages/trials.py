"""The simulator: a draft's formula and weights on bids that nobody made. Nothing is kept."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from procure.kernel.actors import Actor, Permission
from procure.kernel.charts import Lines, lines
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.tenders import queries
from procure.tenders.rules.trials import LETTERS, MOST_BIDS, Simulation, Trial, TrialBid
from procure.tenders.states import CriterionKind
from procure.web.forms import Form
from procure.web.templates import page


def form_of(trial: Trial) -> Form:
    """Lay invented bids out as the fields of their table."""
    fields: dict[str, Any] = {}
    for i, bid in enumerate(trial.bids):
        fields[f"bids.{i}.price"] = f"{bid.price:f}"
        fields |= {f"bids.{i}.{code}": f"{score:f}" for code, score in bid.scores.items()}
    return Form(fields)


def rows(form: Form) -> list[int]:
    """List the numbers of the table's rows, such as the 0 of `bids.0.price`."""
    found = (re.fullmatch(r"bids\.(\d{1,2})\.price", field) for field in form.sent)
    return sorted(int(match[1]) for match in found if match)


def compacted(form: Form, names: Sequence[str]) -> Form:
    """Return the table without its empty rows, numbered anew, so that findings name its rows."""
    values: dict[str, Any] = {}
    count = 0
    for row in rows(form):
        typed = {name: form.value(f"bids.{row}.{name}") for name in names}
        if any(text.strip() for text in typed.values()):
            values |= {f"bids.{count}.{name}": text for name, text in typed.items()}
            count += 1
    return Form(values)


def trial_from(form: Form, codes: Sequence[str]) -> Trial:
    """Read the table; Refused with every field that cannot be read."""
    bids = [
        TrialBid(
            form.decimal(f"bids.{row}.price"),
            {code: form.decimal(f"bids.{row}.{code}") for code in codes},
        )
        for row in rows(form)
    ]
    form.check()
    return Trial(bids)


def grown(form: Form) -> Form:
    """Return the table with one more empty row, up to the most that can be tried."""
    values = dict(form.values)
    if len(rows(form)) < MOST_BIDS:
        values[f"bids.{max(rows(form), default=-1) + 1}.price"] = ""
    return Form(values)


async def trial_page(
    actor: Actor,
    tender_id: UUID,
    form: Form,
    simulation: Simulation | None = None,
    *,
    findings: Sequence[Finding] = (),
) -> Template:
    """Show the table of invented bids, and below it what came of them."""
    draft = await queries.triable_tender(actor, tender_id)
    return page(
        "tenders/simulator.html",
        tender_id=tender_id,
        draft=draft,
        form=form,
        bid_rows=rows(form),
        letters=LETTERS,
        most=MOST_BIDS,
        scored=[c for c in draft.criteria if c.kind != CriterionKind.PRICE],
        done=simulation,
        chart=_chart(simulation) if simulation and simulation.at_weights else None,
        findings=findings,
    )


def _chart(done: Simulation) -> Lines:
    """Draw the totals over the weight of price, with the drafted weight marked."""
    drafted = next((point.price_weight for point in done.at_weights if point.is_drafted), None)
    names = {bid: bid for point in done.at_weights for bid in point.totals}
    return lines([(point.price_weight, point.totals) for point in done.at_weights], names, drafted)


class TrialPages(Controller):
    """Trying a draft's scoring before it is published."""

    path = "/tenders/{tender_id:uuid}/simulator"
    include_in_schema = False

    @get("/", permission=Permission.TENDER_DRAFT)
    async def show(
        self,
        tender_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        lot: FromQuery[str] = "",
    ) -> Template:
        """Show what the scoring does with three bids invented around a lot's estimate."""
        trial = await queries.propose_trial(actor, tender_id, lot)
        done = await queries.try_scoring(actor, tender_id, trial, now=now)
        return await trial_page(actor, tender_id, form_of(trial), done)

    @post("/", permission=Permission.TENDER_DRAFT)
    async def simulate(
        self,
        tender_id: FromPath[UUID],
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template:
        """Show what the scoring does with the bids of the table; nothing is kept."""
        if form.value("more"):
            return await trial_page(actor, tender_id, grown(form))
        draft = await queries.triable_tender(actor, tender_id)
        codes = [c.code for c in draft.criteria if c.kind != CriterionKind.PRICE]
        form = compacted(form, ["price", *codes])
        try:
            trial = trial_from(form, codes)
            done = await queries.try_scoring(actor, tender_id, trial, now=now)
        except Refused as refusal:
            return await trial_page(actor, tender_id, form, findings=refusal.findings)
        return await trial_page(actor, tender_id, form_of(trial), done)
