"""An officer's opening key: shown once, and replaced only by who says so."""

from datetime import datetime

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template

from procure.identity import queries, service
from procure.identity.ports import KeyMaker
from procure.kernel.actors import Actor, Permission
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.web.forms import Form
from procure.web.templates import page


class KeyPages(Controller):
    """The key that an officer's shares are sealed to."""

    path = "/opening-key"
    include_in_schema = False

    @get("/", permission=Permission.OPENING_KEY)
    async def show(self, actor: NamedDependency[Actor], anew: FromQuery[bool] = False) -> Template:  # noqa: FBT002 - a query parameter
        """Show whether the officer has an opening key; with `anew`, what a new one would mean."""
        has_key = await queries.has_opening_key(actor.id)
        return page("identity/opening_key.html", has_key=has_key, anew=has_key and anew, made=None)

    @post("/", permission=Permission.OPENING_KEY)
    async def make(
        self,
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        sealer: NamedDependency[KeyMaker],
    ) -> Template:
        """Make a key and show its secret half once; a second one only if that was confirmed."""
        has_key, confirmed = await queries.has_opening_key(actor.id), form.flag("replace")
        if has_key and not confirmed:
            missing = Finding("missing", n_("Confirm that you read this."), field="replace")
            return page(
                "identity/opening_key.html",
                findings=[missing],
                form=form,
                has_key=True,
                anew=True,
                made=None,
            )
        made = await service.make_opening_key(actor, sealer, now=now, replace=confirmed)
        return page("identity/opening_key.html", has_key=True, anew=False, made=made)
