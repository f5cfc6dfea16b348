"""Referring people to a group as a page: several at once, those it was bought for first."""

from datetime import datetime
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from procure.delivery import queries, service
from procure.delivery.pages.parts import EXPECTED, ids, kept, reasons
from procure.delivery.schemas import ReferralDraft
from procure.kernel.actors import Actor, Permission
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.parameters import names
from procure.web.forms import Form
from procure.web.languages import language
from procure.web.templates import page, see_other


class ReferralPages(Controller):
    """Referring people to a group."""

    path = "/groups"
    include_in_schema = False

    @get("/{group_id:uuid}/refer", permission=Permission.PARTICIPANT_REFER)
    async def show_refer(
        self,
        group_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template:
        """Show whom the actor may refer, and on which days."""
        return await _refer_page(actor, group_id, now)

    @post("/{group_id:uuid}/refer", permission=Permission.PARTICIPANT_REFER)
    async def refer(
        self,
        group_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Refer those who are chosen one after the other, up to the first who cannot be."""
        refs = {one.id: one.client_ref for one in await queries.candidates(actor, group_id)}
        done: list[UUID] = []
        request_id = None
        try:
            chosen = ids(form, "request_id")
            if not chosen and not form.findings:
                form.find("request_id", "missing", n_("Choose at least one person."))
            replaces_id = next(iter(ids(form, "replaces_id")), None)
            if replaces_id and len(chosen) > 1:
                text = n_("One person takes the place of another: choose one.")
                form.find("replaces_id", "one-place", text)
            joins_on = form.day("joins_on")
            form.check()
            for request_id in chosen:
                draft = ReferralDraft(request_id, joins_on, replaces_id)
                await service.refer(actor, group_id, draft, now=now)
                done.append(request_id)
        except EXPECTED as refusal:
            found = reasons(refusal)
            if done and request_id is not None:
                text = n_("{done} referred; then it stopped at {client}.")
                said = {
                    "done": ", ".join(refs.get(one, "") for one in done),
                    "client": refs.get(request_id, ""),
                }
                found = [Finding("stopped", text, said, field="request_id"), *found]
            rest = [str(one) for one in ids(form, "request_id") if one not in done]
            typed = kept(
                form, ("joins_on", "replaces_id"), **({"request_id": rest} if rest else {})
            )
            return await _refer_page(actor, group_id, now, typed, found)
        return see_other(f"/groups/{group_id}", saved="referral")


async def _refer_page(
    actor: Actor,
    group_id: UUID,
    now: datetime,
    form: Form | None = None,
    findings: list[Finding] | None = None,
) -> Template:
    group = await queries.read_group(actor, group_id, now)
    left = [p for p in group.participants if p.leaves_until and p.replaced_by_id is None]
    last = group.last_joining_day or group.ends_until
    found = await queries.candidates(actor, group_id)
    return page(
        "delivery/refer.html",
        group=group,
        parts=[
            (heading, people)
            for heading, people in (
                (n_("This group was bought for them"), [one for one in found if one.is_of_basis]),
                (n_("Others who wait"), [one for one in found if not one.is_of_basis]),
            )
            if people
        ],
        counties=names("counties", language()),
        days=[day.held_on for day in group.days if day.held_on <= last],
        left=[(p.id, p.client_ref) for p in left],
        form=form,
        findings=findings or [],
    )
