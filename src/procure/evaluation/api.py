"""Evaluation over HTTP, as JSON."""

from datetime import datetime
from uuid import UUID

from litestar import Controller, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from procure.evaluation import queries, service
from procure.evaluation.schemas import (
    Answer,
    Appointment,
    Declaration,
    DrawnLots,
    EvaluationView,
    ExplanationList,
    ExplanationView,
    Judgement,
    LotLines,
    PanelView,
    Question,
    RankingView,
    Release,
    ScoreList,
    Scores,
    ScoringView,
)
from procure.kernel.actors import Actor, Permission

TAGS = ("Evaluation",)


class EvaluationApi(Controller):
    """What there is to evaluate."""

    path = "/api/v1/evaluation"
    tags = TAGS

    @get("/", operation_id="listLotsToEvaluate", permission=Permission.EVALUATION_READ)
    async def lots(self, actor: NamedDependency[Actor]) -> LotLines:
        """List an evaluator's assigned lots; for who follows evaluations, the opened ones.

        `task` says in one word what waits: declare, score, appoint, wait, rank, ranked, over.
        Lots in which the caller declared a conflict of interest are not listed.
        """
        return LotLines(await queries.lots_to_evaluate(actor))


class LotEvaluationApi(Controller):
    """The evaluation of one lot: panel, declarations, scores, ranking, questions."""

    path = "/api/v1/lots/{lot_id:uuid}"
    tags = TAGS

    @get("/evaluation", operation_id="readEvaluation", permission=Permission.EVALUATION_READ)
    async def evaluation(
        self, lot_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> EvaluationView:
        """Read the buyer's view: progress, prices, low-price flags, questions, ranking.

        `standing_in_the_way` lists what a ranking still waits for. Scores are in it only once
        everyone has handed in. 404 for who declared a conflict of interest in the lot.
        """
        return await queries.read_evaluation(actor, lot_id)

    @get("/panel", operation_id="readPanel", permission=Permission.EVALUATION_READ)
    async def panel(self, lot_id: FromPath[UUID], actor: NamedDependency[Actor]) -> PanelView:
        """Read who is on the panel, who declared and who handed in; never what."""
        return await queries.read_panel(actor, lot_id)

    @post("/panel", operation_id="appointPanel", permission=Permission.PANEL_APPOINT)
    async def appoint(
        self,
        lot_id: FromPath[UUID],
        data: JSONBody[Appointment],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> PanelView:
        """Put evaluators on the panel; those who are on it already stay.

        422 for a person who does not hold the role of evaluator in the buyer's organisation, who
        declared a conflict or was released, once everyone has handed in, and for a lot in which
        no criterion needs people to score it.
        """
        await service.appoint(actor, lot_id, data.person_ids, now=now)
        return await queries.read_panel(actor, lot_id)

    @post(
        "/panel/release",
        operation_id="releaseEvaluator",
        permission=Permission.PANEL_APPOINT,
        status_code=HTTP_200_OK,
    )
    async def release(
        self,
        lot_id: FromPath[UUID],
        data: JSONBody[Release],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> PanelView:
        """Release an evaluator who cannot score, before handing in; drafts are dropped."""
        await service.release(actor, lot_id, data.person_id, data.reason, now=now)
        return await queries.read_panel(actor, lot_id)

    @post(
        "/declaration",
        operation_id="declareConflict",
        permission=Permission.EVALUATION_SCORE,
        status_code=HTTP_200_OK,
    )
    async def declare(
        self,
        lot_id: FromPath[UUID],
        data: JSONBody[Declaration],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Declaration:
        """Declare whether the caller has a conflict of interest in the lot.

        Until then nothing of the lot can be read but who bids. A conflict needs words and closes
        the whole lot to the caller. 409 before the bids are opened, and for a second declaration
        (one without conflict may still become a conflict, until handing in).
        """
        await service.declare(
            actor, lot_id, has_conflict=data.has_conflict, text=data.text, now=now
        )
        return data

    @get("/scoring", operation_id="readScoring", permission=Permission.EVALUATION_SCORE)
    async def scoring(self, lot_id: FromPath[UUID], actor: NamedDependency[Actor]) -> ScoringView:
        """Read the caller's own work: bids without prices, criteria, own scores so far."""
        return await queries.read_scoring(actor, lot_id)

    @get("/scores", operation_id="listScores", permission=Permission.EVALUATION_READ)
    async def scores(self, lot_id: FromPath[UUID], actor: NamedDependency[Actor]) -> ScoreList:
        """List every evaluator's scores; 403 until everyone has handed in."""
        return ScoreList(await queries.read_scores(actor, lot_id))

    @put("/scores", operation_id="saveScores", permission=Permission.EVALUATION_SCORE)
    async def save(
        self,
        lot_id: FromPath[UUID],
        data: JSONBody[Scores],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ScoringView:
        """Keep some of the caller's scores in place of earlier ones; nobody else sees them.

        Points go from 0 to the criterion's maximum in halves, each with a reason of three
        characters or more.
        """
        await service.save_scores(actor, lot_id, data.scores, now=now)
        return await queries.read_scoring(actor, lot_id)

    @post(
        "/scores",
        operation_id="handInScores",
        permission=Permission.EVALUATION_SCORE,
        status_code=HTTP_200_OK,
    )
    async def hand_in(
        self,
        lot_id: FromPath[UUID],
        data: JSONBody[Scores],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ScoringView:
        """Keep these scores, if any, and hand in all of the caller's; they never change again.

        422 with one finding for each bid and criterion that has no points yet.
        """
        await service.hand_in_scores(actor, lot_id, data.scores, now=now)
        return await queries.read_scoring(actor, lot_id)

    @get("/ranking", operation_id="readRanking", permission=Permission.EVALUATION_READ)
    async def ranking(self, lot_id: FromPath[UUID], actor: NamedDependency[Actor]) -> RankingView:
        """Read the newest ranking with every step, and what to know before deciding.

        A step is a text with names in braces and the `values` that fill it. `reversals` tells for
        each bid whether the others would stand differently without it, `sensitivity` the order at
        every weight of price, `deficits` the highest price that would have been first.
        """
        return await queries.read_ranking(actor, lot_id)

    @post("/ranking", operation_id="rankBids", permission=Permission.EVALUATION_RANK)
    async def rank(
        self,
        lot_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> RankingView:
        """Rank the bids; each ranking is a new version and the old ones stay.

        422 with everything that is waited for: declarations, scores, open questions about prices.
        """
        await service.rank(actor, lot_id, now=now)
        return await queries.read_ranking(actor, lot_id)

    @post("/drawing", operation_id="recordDrawnLots", permission=Permission.EVALUATION_RANK)
    async def draw(
        self,
        lot_id: FromPath[UUID],
        data: JSONBody[DrawnLots],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> RankingView:
        """Record the order in which lots were drawn between equal bids, and rank anew by it."""
        await service.draw_lots(actor, lot_id, data.bid_ids, data.minutes, now=now)
        return await queries.read_ranking(actor, lot_id)

    @get("/explanations", operation_id="listExplanations", permission=Permission.EVALUATION_READ)
    async def explanations(
        self, lot_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> ExplanationList:
        """List the questions asked about prices of this lot."""
        return ExplanationList(await queries.read_explanations(actor, lot_id))

    @post("/explanations", operation_id="askExplanation", permission=Permission.EXPLANATION_ASK)
    async def ask(
        self,
        lot_id: FromPath[UUID],
        data: JSONBody[Question],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ExplanationView:
        """Ask a tenderer of this lot to explain its price; `due_on` is the last day to answer.

        A price below 60 % of the median of the others is flagged, and any other may be asked
        about as well. 409 if this tenderer was asked already.
        """
        await queries.lot_for(actor, lot_id)
        asked = await service.ask_explanation(actor, data.bid_id, data.question, now=now)
        return await queries.read_explanation(actor, asked)


class ExplanationApi(Controller):
    """Questions about low prices, for the provider that was asked and the buyer that asks."""

    path = "/api/v1/explanations"
    tags = TAGS

    @get("/", operation_id="listOwnExplanations", permission=Permission.EXPLANATION_ANSWER)
    async def own(self, actor: NamedDependency[Actor]) -> ExplanationList:
        """List what the caller's organisation was asked, newest first."""
        return ExplanationList(await queries.own_explanations(actor))

    @get("/{explanation_id:uuid}", operation_id="readExplanation", permission=Permission.SIGNED_IN)
    async def read(
        self, explanation_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> ExplanationView:
        """Read one question, its answer and what was decided."""
        return await queries.read_explanation(actor, explanation_id)

    @post(
        "/{explanation_id:uuid}/answer",
        operation_id="answerExplanation",
        permission=Permission.EXPLANATION_ANSWER,
        status_code=HTTP_200_OK,
    )
    async def answer(
        self,
        explanation_id: FromPath[UUID],
        data: JSONBody[Answer],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ExplanationView:
        """Explain the own price, up to and including the last day; 422 after it."""
        await service.answer_explanation(actor, explanation_id, data.answer, now=now)
        return await queries.read_explanation(actor, explanation_id)

    @post(
        "/{explanation_id:uuid}/decision",
        operation_id="decideExplanation",
        permission=Permission.EXPLANATION_DECIDE,
        status_code=HTTP_200_OK,
    )
    async def decide(
        self,
        explanation_id: FromPath[UUID],
        data: JSONBody[Judgement],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ExplanationView:
        """Accept or reject an explanation, with a reason; a rejected bid is not ranked any more.

        Silence can be rejected once the last day to answer has passed.
        """
        await service.decide_explanation(
            actor, explanation_id, is_accepted=data.is_accepted, reason=data.reason, now=now
        )
        return await queries.read_explanation(actor, explanation_id)


CONTROLLERS: list[type[Controller]] = [EvaluationApi, LotEvaluationApi, ExplanationApi]
