"""Group plans over HTTP, as JSON."""

from datetime import datetime
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.status_codes import HTTP_200_OK

from procure.demand import queries, service
from procure.demand.schemas import (
    BasisView,
    MoveDraft,
    MoveOptions,
    MovePreview,
    PlanDraft,
    PlanList,
    PlanView,
)
from procure.kernel.actors import Actor, Permission


class PlanApi(Controller):
    """Plans of groups: asked for, made, moved by hand, kept."""

    path = "/api/v1/group-plans"
    tags = ("Demand",)

    @get("/", operation_id="listGroupPlans", permission=Permission.DEMAND_READ)
    async def list_all(self, actor: NamedDependency[Actor]) -> PlanList:
        """List the group plans of your organisation, newest first."""
        return PlanList(await queries.list_plans(actor))

    @post("/", operation_id="askGroupPlan", permission=Permission.DEMAND_ANALYSE)
    async def ask(
        self,
        data: JSONBody[PlanDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> PlanView:
        """Ask for a plan of everybody who waits for a service; a job makes it.

        The answer is `asked`; read it again until it is `drafted` or `failed`. 422 if nobody waits
        or a limit makes no sense.
        """
        return await queries.read_plan(actor, await service.ask_plan(actor, data, now))

    @get("/{plan_id:uuid}", operation_id="readGroupPlan", permission=Permission.DEMAND_READ)
    async def read(self, plan_id: FromPath[UUID], actor: NamedDependency[Actor]) -> PlanView:
        """Read a plan: groups, who waits and why, and how far from the best it can be."""
        return await queries.read_plan(actor, plan_id)

    @get(
        "/{plan_id:uuid}/options",
        operation_id="listGroupPlanOptions",
        permission=Permission.DEMAND_READ,
    )
    async def options(
        self,
        plan_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        person_id: FromQuery[UUID | None] = None,
        group_no: FromQuery[int | None] = None,
    ) -> MoveOptions:
        """Say what each sensible move of a person or of a group would cost and break."""
        return MoveOptions(
            await queries.move_options(actor, plan_id, person_id=person_id, group_no=group_no)
        )

    @post(
        "/{plan_id:uuid}/preview",
        operation_id="previewGroupPlanMove",
        permission=Permission.DEMAND_READ,
        status_code=HTTP_200_OK,
    )
    async def preview(
        self, plan_id: FromPath[UUID], data: JSONBody[MoveDraft], actor: NamedDependency[Actor]
    ) -> MovePreview:
        """Say what a move would cost and which rules it would break; nothing is changed."""
        found = await service.preview_move(actor, plan_id, data)
        return MovePreview(found.before, found.after, found.findings)

    @post(
        "/{plan_id:uuid}/move",
        operation_id="moveInGroupPlan",
        permission=Permission.DEMAND_ANALYSE,
        status_code=HTTP_200_OK,
    )
    async def move(
        self,
        plan_id: FromPath[UUID],
        data: JSONBody[MoveDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> PlanView:
        """Do one move; 409 if the plan was moved since, 422 if it breaks a rule unexplained."""
        await service.move_in_plan(actor, plan_id, data, now)
        return await queries.read_plan(actor, plan_id)

    @post("/{plan_id:uuid}/again", operation_id="planAgain", permission=Permission.DEMAND_ANALYSE)
    async def again(
        self,
        plan_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> PlanView:
        """Ask for the plan anew, with everybody who waits now; what hands decided is kept."""
        return await queries.read_plan(actor, await service.plan_again(actor, plan_id, now))

    @post(
        "/{plan_id:uuid}/keep", operation_id="keepGroupPlan", permission=Permission.DEMAND_ANALYSE
    )
    async def keep(
        self,
        plan_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> BasisView:
        """Keep the plan as the basis of a tender: requests in its groups become planned."""
        return await queries.read_basis(actor, await service.keep_plan(actor, plan_id, now))

    @post(
        "/{plan_id:uuid}/withdraw",
        operation_id="withdrawGroupPlan",
        permission=Permission.DEMAND_ANALYSE,
        status_code=HTTP_200_OK,
    )
    async def withdraw(
        self,
        plan_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> PlanView:
        """Set a plan aside; it stays to be read."""
        await service.withdraw_plan(actor, plan_id, now)
        return await queries.read_plan(actor, plan_id)
