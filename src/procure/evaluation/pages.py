"""Evaluation as pages: declaring and scoring for evaluators, progress and ranking for the buyer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from procure.evaluation import queries, service
from procure.evaluation.rules import SHORTEST_REASON, ScoreEntry, bars, lines
from procure.evaluation.schemas import EvaluationView, ScoringView
from procure.identity.queries import people_with_role
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.errors import Conflict, Forbidden, ProcureError, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.web.forms import Form
from procure.web.templates import page, see_other

POINTS, REASON = "points-", "reason-"
UUID_LENGTH = 36
LONGEST_TEXT = 10_000


def said(error: ProcureError) -> list[Finding]:
    """Return what an error says as findings, so that a page can show it on top."""
    if isinstance(error, Refused):
        return error.findings
    return [Finding("conflict", error.text, error.values)]


async def lot_page(
    actor: Actor,
    lot_id: UUID,
    *,
    version: int | None = None,
    form: Form | None = None,
    findings: Sequence[Finding] = (),
) -> Template:
    """Show a lot as the actor works on it: declare, score, or follow the evaluation.

    Who holds other roles besides being on the panel declares and scores first.
    """
    found, panel = await queries.admitted(actor, lot_id)
    own = queries.own_member(actor, panel)
    if own is not None and own.released_at is None and not queries.has_handed_in(panel):
        scoring = await queries.read_scoring(actor, lot_id)
        return page(
            "evaluation/scoring.html",
            scoring=scoring,
            is_opened=found.tender_state in queries.OPENED,
            form=form,
            findings=findings,
        )
    view = await queries.read_evaluation(actor, lot_id, version)
    return page(
        "evaluation/evaluation.html",
        evaluation=view,
        candidates=await candidates(view),
        is_opened=found.tender_state in queries.OPENED,
        bars=bars(view.ranking.ranking) if view.ranking else None,
        lines=lines(view.ranking.sensitivity, view.ranking.names) if view.ranking else None,
        paper_names={c.code: c.name for c in view.criteria},
        form=form,
        findings=findings,
    )


async def candidates(view: EvaluationView) -> list[tuple[str, str]]:
    """List the evaluators who can still be put on the panel."""
    if "appoint" not in view.next_steps:
        return []
    there = {member.person_id for member in view.panel.members}
    return [
        (str(person.id), person.name)
        for person in await people_with_role(view.lot.buyer_id, Role.EVALUATOR)
        if person.id not in there
    ]


def entries(form: Form, scoring: ScoringView) -> tuple[list[ScoreEntry], int]:
    """Read the scores that are whole, and count those that were begun; bad numbers are findings."""
    whole: list[ScoreEntry] = []
    begun = 0
    for bid in scoring.bids:
        for criterion in scoring.criteria:
            field = f"{POINTS}{bid.bid_id}-{criterion.code}"
            reason = form.value(field.replace(POINTS, REASON, 1)).strip()
            typed = form.value(field).strip()
            if not typed and not reason:
                continue
            if not typed or len(reason) < SHORTEST_REASON:
                begun += 1
                continue
            points = form.decimal(field)
            whole.append(ScoreEntry(bid.bid_id, criterion.code, points, reason))
    return whole, begun


def ids(form: Form, name: str) -> list[UUID]:
    """Read identifiers out of a form; what is none gives a finding."""
    found = []
    for value in form.list(name):
        try:
            found.append(UUID(value))
        except ValueError:
            form.find(name, "choice", n_("Choose one of the list."))
    return found


class EvaluationPages(Controller):
    """What there is to evaluate."""

    path = "/evaluation"
    include_in_schema = False

    @get("/", permission=Permission.EVALUATION_READ)
    async def show(self, actor: NamedDependency[Actor]) -> Template:
        """List the lots that wait for the actor, and those that are over."""
        return page(
            "evaluation/lots.html",
            lots=await queries.lots_to_evaluate(actor),
            sees_whole_lots=queries.sees_whole_lots(actor),
        )


class LotEvaluationPages(Controller):
    """One lot under evaluation."""

    path = "/lots/{lot_id:uuid}/evaluation"
    include_in_schema = False

    @get("/", permission=Permission.EVALUATION_READ)
    async def show(
        self,
        lot_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        version: FromQuery[int | None] = None,
    ) -> Template:
        """Show the lot as the actor works on it, with an earlier ranking if one is named."""
        return await lot_page(actor, lot_id, version=version)

    @post("/panel", permission=Permission.PANEL_APPOINT)
    async def appoint(
        self,
        lot_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Put people on the panel."""
        try:
            chosen = ids(form, "person_ids")
            form.check()
            await service.appoint(actor, lot_id, chosen, now=now)
        except (Refused, Conflict) as error:
            return await lot_page(actor, lot_id, form=form, findings=said(error))
        return see_other(f"/lots/{lot_id}/evaluation#panel")

    @post("/release", permission=Permission.PANEL_APPOINT)
    async def release(
        self,
        lot_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Release an evaluator who cannot score."""
        try:
            people = ids(form, "person_id")
            reason = form.text("reason", max_length=LONGEST_TEXT)
            if len(people) != 1:
                form.find("person_id", "choice", n_("Choose one of the list."))
            form.check()
            await service.release(actor, lot_id, people[0], reason, now=now)
        except (Refused, Conflict) as error:
            return await lot_page(actor, lot_id, form=form, findings=said(error))
        return see_other(f"/lots/{lot_id}/evaluation#panel")

    @post("/declaration", permission=Permission.EVALUATION_SCORE)
    async def declare(
        self,
        lot_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Declare; a conflict leads back to the list, because nothing of the lot opens any more."""
        try:
            answer = form.choice("has_conflict", ["no", "yes"])
            form.check()
            await service.declare(
                actor,
                lot_id,
                has_conflict=answer == "yes",
                text=form.optional_text("text", max_length=LONGEST_TEXT) or "",
                now=now,
            )
        except (Refused, Conflict) as error:
            return await lot_page(actor, lot_id, form=form, findings=said(error))
        return see_other("/evaluation" if answer == "yes" else f"/lots/{lot_id}/evaluation")

    @post("/scores", permission=Permission.EVALUATION_SCORE)
    async def save(
        self,
        lot_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
        request: Request[Any, Any, Any],
    ) -> Redirect | Template:
        """Keep what is whole, whenever something was typed; say what is still missing."""
        scoring = await queries.read_scoring(actor, lot_id)
        is_part = "hx-request" in request.headers
        try:
            whole, begun = entries(form, scoring)
            form.check()
            await service.save_scores(actor, lot_id, whole, now=now)
        except (Refused, Conflict, Forbidden) as error:
            if is_part:
                return page("evaluation/_saved.html", stops=said(error), scoring=scoring)
            return await lot_page(actor, lot_id, form=form, findings=said(error))
        if not is_part:
            return see_other(f"/lots/{lot_id}/evaluation")
        return page(
            "evaluation/_saved.html",
            scoring=await queries.read_scoring(actor, lot_id),
            begun=begun,
            saved_at=now,
        )

    @post("/hand-in", permission=Permission.EVALUATION_SCORE)
    async def hand_in(
        self,
        lot_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Hand in all scores, once and for good."""
        try:
            whole, _ = entries(form, await queries.read_scoring(actor, lot_id))
            if not form.flag("is_final"):
                form.find(
                    "is_final", "not-final", n_("Confirm that these scores are your last word.")
                )
            form.check()
            await service.hand_in_scores(actor, lot_id, whole, now=now)
        except (Refused, Conflict, Forbidden) as error:
            return await lot_page(actor, lot_id, form=form, findings=said(error))
        return see_other(f"/lots/{lot_id}/evaluation")

    @post("/ranking", permission=Permission.EVALUATION_RANK)
    async def rank(
        self,
        lot_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Redirect | Template:
        """Rank the bids, or show what is still waited for."""
        try:
            await service.rank(actor, lot_id, now=now)
        except (Refused, Conflict) as error:
            return await lot_page(actor, lot_id, findings=said(error))
        return see_other(f"/lots/{lot_id}/evaluation#ranking")

    @post("/drawing", permission=Permission.EVALUATION_RANK)
    async def draw(
        self,
        lot_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Record drawn lots; each equal bid is given its place."""
        try:
            view = await queries.read_evaluation(actor, lot_id)
            tied = [bid for group in view.undecided for bid in group]
            places = {bid: form.integer(f"place-{bid}", minimum=1) for bid in tied}
            minutes = form.text("minutes", max_length=LONGEST_TEXT)
            if len(set(places.values())) < len(tied):
                form.find(
                    "minutes", "places", n_("Give each of the equal bids a place of its own.")
                )
            form.check()
            order = sorted(places, key=lambda bid: places[bid])
            await service.draw_lots(actor, lot_id, order, minutes, now=now)
        except (Refused, Conflict) as error:
            return await lot_page(actor, lot_id, form=form, findings=said(error))
        return see_other(f"/lots/{lot_id}/evaluation#ranking")

    @post("/questions", permission=Permission.EXPLANATION_ASK)
    async def ask(
        self,
        lot_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Ask a tenderer to explain its price."""
        try:
            chosen = ids(form, "bid_id")
            if len(chosen) != 1:
                form.find("bid_id", "choice", n_("Choose one of the list."))
            question = form.text("question", max_length=LONGEST_TEXT)
            form.check()
            await service.ask_explanation(actor, chosen[0], question, now=now)
        except (Refused, Conflict) as error:
            return await lot_page(actor, lot_id, form=form, findings=said(error))
        return see_other(f"/lots/{lot_id}/evaluation#questions")


class ExplanationPages(Controller):
    """Questions about prices."""

    path = "/explanations"
    include_in_schema = False

    @get("/", permission=Permission.EXPLANATION_ANSWER)
    async def show_list(self, actor: NamedDependency[Actor]) -> Template:
        """List what the actor's organisation was asked."""
        return page(
            "evaluation/explanations.html", explanations=await queries.own_explanations(actor)
        )

    @get("/{explanation_id:uuid}", permission=Permission.SIGNED_IN)
    async def show(self, explanation_id: FromPath[UUID], actor: NamedDependency[Actor]) -> Template:
        """Show one question, with a form for the answer or for the decision."""
        return page(
            "evaluation/explanation.html",
            explanation=await queries.read_explanation(actor, explanation_id),
        )

    @post("/{explanation_id:uuid}/answer", permission=Permission.EXPLANATION_ANSWER)
    async def answer(
        self,
        explanation_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Explain the own price."""
        try:
            text = form.text("answer", max_length=LONGEST_TEXT)
            form.check()
            await service.answer_explanation(actor, explanation_id, text, now=now)
        except (Refused, Conflict) as error:
            return await self._again(actor, explanation_id, form, error)
        return see_other(f"/explanations/{explanation_id}")

    @post("/{explanation_id:uuid}/decision", permission=Permission.EXPLANATION_DECIDE)
    async def decide(
        self,
        explanation_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Accept or reject an explanation."""
        try:
            verdict = form.choice("verdict", ["accept", "reject"])
            reason = form.text("reason", max_length=LONGEST_TEXT)
            form.check()
            await service.decide_explanation(
                actor, explanation_id, is_accepted=verdict == "accept", reason=reason, now=now
            )
        except (Refused, Conflict) as error:
            return await self._again(actor, explanation_id, form, error)
        return see_other(f"/explanations/{explanation_id}")

    async def _again(
        self, actor: Actor, explanation_id: UUID, form: Form, error: ProcureError
    ) -> Template:
        return page(
            "evaluation/explanation.html",
            explanation=await queries.read_explanation(actor, explanation_id),
            form=form,
            findings=said(error),
        )


CONTROLLERS: list[type[Controller]] = [EvaluationPages, LotEvaluationPages, ExplanationPages]
