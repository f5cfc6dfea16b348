"""Identity over HTTP, as JSON."""

from datetime import datetime
from typing import Any

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody
from litestar.status_codes import HTTP_201_CREATED

from procure.identity import queries, service
from procure.identity.ports import KeyMaker
from procure.identity.schemas import Me, NewOpeningKey, NewPerson, People, PersonView, SignIn, Token
from procure.kernel.actors import Actor, Permission, Role


class TokenApi(Controller):
    """Getting in."""

    path = "/api/v1"
    tags = ("Identity",)

    @post(
        "/tokens",
        operation_id="issueToken",
        permission=Permission.NONE,
        idempotent=True,
        status_code=HTTP_201_CREATED,
    )
    async def issue(self, data: JSONBody[SignIn], request: Request[Any, Any, Any]) -> Token:
        """Exchange an e-mail address and a password for a bearer token, shown once."""
        source = request.client.host if request.client else ""
        return await service.issue_token(data.email, data.password, name=data.name, source=source)

    @get("/me", operation_id="readMe", permission=Permission.SIGNED_IN)
    async def me(self, actor: NamedDependency[Actor]) -> Me:
        """Say who the caller is, for which organisation, in which roles."""
        return Me(
            id=actor.id,
            name=actor.name,
            org_id=actor.org_id,
            org_name=actor.org_name,
            org_kind=actor.org_kind,
            roles=sorted(actor.roles),
        )

    @get("/people", operation_id="listPeople", permission=Permission.SIGNED_IN)
    async def people(self, actor: NamedDependency[Actor], role: FromQuery[Role]) -> People:
        """List the people of the caller's own organisation who hold a role."""
        return People(items=await queries.people_with_role(actor.org_id, role))

    @post("/people", operation_id="makeAccount", permission=Permission.ADMIN)
    async def make_account(
        self,
        data: JSONBody[NewPerson],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> PersonView:
        """Make an account; 422 with every finding, 403 for another authority's organisation."""
        made = await service.make_account(actor, data, now=now)
        return PersonView(id=made, name=data.name, email=data.email)

    @post(
        "/opening-keys",
        operation_id="makeOpeningKey",
        permission=Permission.OPENING_KEY,
        secret_answer=True,
    )
    async def opening_key(
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        sealer: NamedDependency[KeyMaker],
    ) -> NewOpeningKey:
        """Make the caller's opening key; keep the identity safe, it is shown this once."""
        return await service.make_opening_key(actor, sealer, now=now)


CONTROLLERS: list[type[Controller]] = [TokenApi]
