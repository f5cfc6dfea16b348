"""Demand as pages: my requests, the one-minute form, a file, and what demand adds up to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect, Template

from procure.catalogue import queries as catalogue
from procure.catalogue.schemas import ServiceView
from procure.demand import queries, service
from procure.demand.rules.entries import COLUMNS, EXPORT_COLUMNS
from procure.demand.rules.files import MOST_BYTES, MOST_ROWS, csv_text
from procure.demand.rules.groups import AreaDemand
from procure.demand.schemas import (
    Answer,
    BasisDraft,
    BasisView,
    DemandView,
    ObjectionDraft,
    RequestDraft,
    RequestFilter,
    RequestView,
)
from procure.demand.states import RequestState, Source, Suitability
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.errors import Conflict, Forbidden, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.parameters import codes, names, reference
from procure.web.downloads import attachment
from procure.web.forms import Form
from procure.web.languages import language, said
from procure.web.templates import page, see_other

FILE_TYPES = (".csv", ".xlsx", ".json", ".txt", ".tsv")
MOST_SHOWN = 500  # findings on one page; the API gives all
LARGEST_BODY = MOST_BYTES + 1_000_000


class Bar(msgspec.Struct, frozen=True):
    """One row of the chart: who is in a group, who waits, who goes to the municipality."""

    area: AreaDemand
    grouped_count: int
    waiting_from: int
    referred_from: int


def words() -> dict[str, dict[str, str]]:
    """Say what the codes of demand are called in the running language."""
    lists = ("counties", "languages", "barriers", "risk_bands", "bureaus")
    return {name: names(name, language()) for name in lists}


def bars(areas: Sequence[AreaDemand]) -> list[Bar]:
    """Lay the parts of each row behind one another."""
    return [
        Bar(
            area=area,
            grouped_count=(grouped := area.suitable_count - area.waiting_count),
            waiting_from=grouped,
            referred_from=area.suitable_count,
        )
        for area in areas
    ]


def _plan(view: BasisView | DemandView | None) -> dict[str, Any]:
    """Give the parts of a page that shows a plan: demand now, or a basis."""
    areas = view.areas if view else []
    return {
        "plan": view,
        "bars": bars(areas),
        "longest": max((area.requests_count for area in areas), default=1),
        "words": words(),
    }


class RequestPages(Controller):
    """Requests: the list, one of them, a new one, a file of them."""

    path = "/requests"
    include_in_schema = False

    @get("/", permission=Permission.REQUEST_READ)
    async def show_list(  # noqa: PLR0917 - each a filter of the address
        self,
        actor: NamedDependency[Actor],
        whose: FromQuery[str] = "",
        county: FromQuery[str] = "",
        in_state: Annotated[str, QueryParameter(name="state")] = "",
        service_code: FromQuery[str] = "",
        before: FromQuery[UUID | None] = None,
    ) -> Template:
        """List requests; a caseworker's own come first, everyone's are one choice away."""
        whose = whose if whose in {"mine", "all"} else _usual(actor)
        wanted = RequestFilter(whose == "mine", county, in_state, service_code, before, limit=50)
        part = await queries.list_requests(actor, wanted)
        kept = {"whose": whose, "county": county, "state": in_state, "service_code": service_code}
        return page(
            "demand/requests.html",
            part=part,
            counts=await queries.count_requests(actor, wanted),
            states=list(RequestState),
            wanted=kept,
            before=before,
            address=urlencode({name: value for name, value in kept.items() if value}),
            services=await catalogue.services(),
            words=words(),
        )

    @get("/export", permission=Permission.REQUEST_READ)
    async def export(
        self,
        actor: NamedDependency[Actor],
        whose: FromQuery[str] = "",
        county: FromQuery[str] = "",
        in_state: Annotated[str, QueryParameter(name="state")] = "",
        service_code: FromQuery[str] = "",
    ) -> Response[bytes]:
        """Give the list as CSV, which can be imported elsewhere and runs no formula."""
        wanted = RequestFilter((whose or _usual(actor)) == "mine", county, in_state, service_code)
        rows = [_exported(view) for view in await queries.export_requests(actor, wanted)]
        text = csv_text([*COLUMNS, *EXPORT_COLUMNS], rows)
        # With the mark of UTF-8, without which a spreadsheet reads Estonian letters wrongly.
        return attachment(text.encode("utf-8-sig"), "text/csv", "requests")

    @get("/columns", permission=Permission.REQUEST_IMPORT)
    async def columns(self) -> Response[bytes]:
        """Give an empty file with the heading that an import needs."""
        text = csv_text(list(COLUMNS), [])
        return attachment(text.encode("utf-8-sig"), "text/csv", "requests to fill in")

    @get("/new", permission=Permission.REQUEST_RECORD)
    async def show_new(
        self, actor: NamedDependency[Actor], now: NamedDependency[datetime]
    ) -> Template:
        """Show the one-minute form, with what the last request already said."""
        return await _new_page(actor, now)

    @post("/new", permission=Permission.REQUEST_RECORD)
    async def record(
        self,
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Record the request, or show the form again with everything that is wrong."""
        try:
            draft = _draft(form)
            request_id = await service.record_request(actor, draft, now, source=Source.FORM)
        except Refused as refusal:
            return await _new_page(actor, now, form=form, findings=refusal.findings)
        return see_other(f"/requests/{request_id}?recorded=1")

    @get("/import", permission=Permission.REQUEST_IMPORT)
    async def show_import(self) -> Template:
        """Show where a file is chosen, and what it must hold."""
        return _import_page()

    @post("/import", permission=Permission.REQUEST_IMPORT, request_max_body_size=LARGEST_BODY)
    async def import_file(
        self,
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template:
        """Record the file, or say what is wrong with which row."""
        try:
            sent = await form.file("file", maximum_bytes=MOST_BYTES, types=FILE_TYPES)
            form.check()
            assert sent is not None  # noqa: S101 - otherwise there was a finding
            report = await service.import_requests(
                actor, sent.content, sent.name, take_good=form.flag("take_good"), now=now
            )
        except Refused as refusal:
            return _import_page(form=form, findings=refusal.findings)
        return _import_page(form=form, report=report)

    @get("/{request_id:uuid}", permission=Permission.REQUEST_READ)
    async def show(
        self,
        request_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        recorded: FromQuery[str] = "",
    ) -> Template:
        """Show one request: where it stands, why, and what happened to it; note who looked."""
        await service.read_for(actor, request_id, now)
        return await _request_page(actor, request_id, now, is_new=bool(recorded))

    @get("/objections", permission=Permission.REQUEST_READ)
    async def show_objections(
        self, actor: NamedDependency[Actor], now: NamedDependency[datetime]
    ) -> Template:
        """List objections, open ones first, with the time that answers take."""
        return await _objections_page(actor, now)

    @post("/{request_id:uuid}/objections", permission=Permission.REQUEST_RECORD)
    async def object_to(
        self,
        request_id: FromPath[UUID],
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Object, or show the request again with what is wrong."""
        try:
            draft = ObjectionDraft(
                form.text("reason", max_length=1000),
                form.optional_text("wanted_band", max_length=1),
            )
            form.check()
            await service.object_to(actor, request_id, draft, now)
        except (Refused, Conflict) as refusal:
            answer = await _request_page(
                actor, request_id, now, form=form, findings=_findings(refusal)
            )
            answer.status_code = refusal.status
            return answer
        return see_other(f"/requests/{request_id}")

    @post("/objections/{objection_id:uuid}/answer", permission=Permission.DEMAND_ANALYSE)
    async def answer(
        self,
        objection_id: FromPath[UUID],
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Answer an objection, or show the list again with what is wrong."""
        try:
            answer = Answer(
                form.choice("is_upheld", ["yes", "no"]) == "yes",
                form.text("reply", max_length=1000),
            )
            form.check()
            await service.answer_objection(actor, objection_id, answer, now)
        except (Refused, Conflict, Forbidden) as refusal:
            return await _objections_page(actor, now, findings=_findings(refusal))
        return see_other("/requests/objections")

    @post("/{request_id:uuid}/refuse", permission=Permission.DEMAND_ANALYSE)
    async def refuse(
        self,
        request_id: FromPath[UUID],
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Refuse the request with a reason, or show it again."""
        try:
            reason = form.text("reason", max_length=1000)
            form.check()
            await service.refuse_request(
                actor,
                request_id,
                reason,
                now,
                acknowledge_tender=form.flag("acknowledge_tender"),
            )
        except (Refused, Conflict) as refusal:
            answer = await _request_page(
                actor, request_id, now, form=form, findings=_findings(refusal)
            )
            answer.status_code = refusal.status
            return answer
        return see_other(f"/requests/{request_id}")


class DemandPages(Controller):
    """What demand adds up to: now, and in the analyses that were kept."""

    path = "/demand"
    include_in_schema = False

    @get("/", permission=Permission.DEMAND_READ)
    async def show_demand(
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        service_code: FromQuery[str] = "",
    ) -> Template:
        """Show demand as it is now, and the analyses that were kept."""
        return await _demand_page(actor, now, service_code)

    @post("/", permission=Permission.DEMAND_ANALYSE)
    async def make_basis(
        self,
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Keep the analysis as the basis of a tender, or show demand again."""
        try:
            draft = BasisDraft(
                name=form.text("name", max_length=200),
                service_code=form.text("service_code", max_length=40),
                county=form.optional_text("county"),
                created_from_on=form.optional_day("created_from_on"),
                created_until=form.optional_day("created_until"),
            )
            form.check()
            basis_id = await service.make_basis(actor, draft, now)
        except Refused as refusal:
            return await _demand_page(
                actor, now, form.value("service_code"), form=form, findings=refusal.findings
            )
        return see_other(f"/demand/{basis_id}")

    @get("/{basis_id:uuid}", permission=Permission.DEMAND_READ)
    async def show_basis(self, basis_id: FromPath[UUID], actor: NamedDependency[Actor]) -> Template:
        """Show one analysis: the groups, what waits and why, and each request's verdict."""
        view = await queries.read_basis(actor, basis_id)
        service_view = (await catalogue.versions_of(view.service_code))[-1]
        return page("demand/basis.html", basis=view, service=service_view, **_plan(view))

    @post("/{basis_id:uuid}/give-back", permission=Permission.DEMAND_ANALYSE)
    async def give_back(
        self,
        basis_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Redirect:
        """Set the analysis aside, so that its requests count in the next one."""
        await service.give_back(actor, basis_id, now)
        return see_other(f"/demand/{basis_id}")


def _usual(actor: Actor) -> str:
    """Choose whose requests to show first: a caseworker's own, everyone's for the others."""
    return "mine" if Role.CASEWORKER in actor.roles else "all"


def _findings(refusal: Refused | Conflict | Forbidden) -> list[Finding]:
    if isinstance(refusal, Refused):
        return refusal.findings
    return [Finding("conflict", refusal.text, refusal.values)]


def _exported(view: RequestView) -> dict[str, object]:
    values: dict[str, object] = msgspec.structs.asdict(view)
    values["why"] = said(view.why.text, view.why.values) if view.why else ""
    return values


def _draft(form: Form) -> RequestDraft:
    """Read the form. Its bureau says the county, so that nobody is asked for both."""
    bureau = form.text("bureau", max_length=20)
    county = {item["code"]: item["county"] for item in reference("bureaus")}.get(bureau, "")
    if bureau and not county:
        form.find("bureau", "unknown", n_("Choose one of the list."))
    judged = form.choice("suitability", Suitability)
    draft = RequestDraft(
        county=county,
        bureau=bureau,
        caseworker_ref=form.text("caseworker_ref", max_length=30),
        client_ref=form.text("client_ref", max_length=30),
        service_code=form.text("service_code", max_length=40),
        language=form.choice("language", codes("languages")),
        risk_band=form.choice("risk_band", codes("risk_bands")),
        needs_transport=form.flag("needs_transport"),
        needs_childcare=form.flag("needs_childcare"),
        earliest_start_on=form.day("earliest_start_on"),
        barriers=form.list("barriers"),
        suitability=Suitability(judged) if judged in set(Suitability) else Suitability.SUITABLE,
        acknowledge_duplicate=form.flag("acknowledge_duplicate"),
    )
    form.check()
    return draft


async def _request_page(
    actor: Actor,
    request_id: UUID,
    now: datetime,
    **context: Any,  # noqa: ANN401 - whatever the page shows
) -> Template:
    view = await queries.read_request(actor, request_id)
    versions = await catalogue.versions_of(view.service_code)
    return page(
        "demand/request.html",
        view=view,
        service=versions[-1],
        objections=await queries.objections_of(actor, request_id, now=now),
        reads=await queries.reads_of(actor, request_id),
        words=words(),
        **context,
    )


async def _objections_page(
    actor: Actor, now: datetime, *, findings: Sequence[Finding] = ()
) -> Template:
    return page(
        "demand/objections.html",
        objections=await queries.list_objections(actor, now=now),
        findings=findings,
        words=words(),
    )


async def _new_page(
    actor: Actor,
    now: datetime,
    *,
    form: Form | None = None,
    findings: Sequence[Finding] = (),
) -> Template:
    today = legal_day(now)
    services = await catalogue.services_on(today)
    counties = names("counties", language())
    open_bureaus = [
        (item["code"], f"{item['name'][language()]} ({counties[item['county']]})")
        for item in reference("bureaus")
        if item["closed_on"] is None
    ]
    return page(
        "demand/new.html",
        form=form,
        findings=findings,
        last=await queries.last_request(actor),
        today=today,
        services=sorted(services, key=lambda view: view.sizes is None),
        bureau_choices=sorted(open_bureaus, key=lambda choice: choice[1]),
        band_choices=[
            (code, f"{code} – {name}") for code, name in names("risk_bands", language()).items()
        ],
        words=words(),
    )


def _import_page(**context: Any) -> Template:  # noqa: ANN401 - whatever the page shows
    return page(
        "demand/import.html",
        columns=COLUMNS,
        most_shown=MOST_SHOWN,
        most_megabytes=MOST_BYTES // 1_000_000,
        most_rows=MOST_ROWS,
        file_types=",".join(FILE_TYPES),
        words=words(),
        **context,
    )


async def _demand_page(
    actor: Actor,
    now: datetime,
    service_code: str,
    *,
    form: Form | None = None,
    findings: Sequence[Finding] = (),
) -> Template:
    today = legal_day(now)
    services = [view for view in await catalogue.services_on(today) if view.sizes is not None]
    chosen = _chosen(services, service_code)
    now_asked: DemandView | None = None
    if chosen is not None:
        now_asked = await queries.demand_now(actor, chosen.code, today=today)
    return page(
        "demand/demand.html",
        form=form,
        findings=findings,
        services=services,
        chosen=chosen,
        today=today,
        bases=await queries.list_bases(actor),
        **_plan(now_asked),
    )


def _chosen(services: Sequence[ServiceView], code: str) -> ServiceView | None:
    """Return the service that was asked for, otherwise the first that is given in groups."""
    for view in services:
        if view.code == code:
            return view
    return services[0] if services else None
