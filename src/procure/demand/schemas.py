"""What demand says and accepts."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from procure.demand.rules.analysis import Age, Dimension, Pivot, Season
from procure.demand.rules.forecasting import BackTest, Compared, History
from procure.demand.rules.grouping.facts import (
    Figures,
    GroupOfPlan,
    Placing,
    PlanRules,
    Relaxation,
    Site,
)
from procure.demand.rules.grouping.moving import Move
from procure.demand.rules.groups import (
    Area,
    AreaDemand,
    CountyDemand,
    PlannedGroup,
    Reason,
    RequestVerdict,
    Totals,
    UnmetNeed,
)
from procure.demand.states import Suitability
from procure.kernel.findings import Finding


class RequestDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request for one client.

    Without `reference` the system gives one; without `created_on` it was made today. The client is
    known by the case system's reference alone, never by name or personal code. Whose client waits
    for the same service already says so by `acknowledge_duplicate`.
    """

    county: str
    bureau: str
    caseworker_ref: str
    client_ref: str
    service_code: str
    language: str
    risk_band: str
    needs_transport: bool
    needs_childcare: bool
    earliest_start_on: date
    barriers: list[str] = []
    suitability: Suitability = Suitability.SUITABLE
    reference: str | None = None
    created_on: date | None = None
    acknowledge_duplicate: bool = False


class RequestFilter(msgspec.Struct, frozen=True):
    """Which requests to list; an empty value asks for all."""

    is_mine: bool = False  # recorded by the one who asks
    county: str = ""
    state: str = ""
    service_code: str = ""
    before: UUID | None = None  # older than this one
    limit: int = 100


class LifeStep(msgspec.Struct, frozen=True):
    """Something that happened to a request: `text` with `values`, why, and where to read on."""

    at: datetime
    text: str
    values: dict[str, str | int]
    message: str
    why: Reason | None = None
    link: str | None = None


class RequestView(msgspec.Struct, frozen=True):
    """A request, where it stands, and why: the latest verdict of an analysis, or of a person."""

    id: UUID
    reference: str
    created_on: date
    county: str
    bureau: str
    caseworker_ref: str
    client_ref: str
    service_code: str
    language: str
    risk_band: str
    barriers: list[str]
    needs_transport: bool
    needs_childcare: bool
    earliest_start_on: date
    suitability: Suitability
    source: str
    state: str
    recorded_at: datetime
    recorded_by: UUID
    is_mine: bool
    actions: list[str]
    why: Reason | None = None
    verdict: str | None = None
    basis_id: UUID | None = None
    area_code: str | None = None
    group_no: int | None = None
    life: list[LifeStep] = []  # only where one request is read


class RequestPart(msgspec.Struct, frozen=True):
    """Some requests, newest first. `next_before` asks for the rest."""

    items: list[RequestView]
    next_before: UUID | None


class Refusal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a request is refused; the caseworker reads it.

    One that went out to tender is refused only with `acknowledge_tender`: the tender stays.
    """

    reason: str
    acknowledge_tender: bool = False


class ImportReport(msgspec.Struct, frozen=True):
    """What became of a file. Rows count as in a spreadsheet: the heading is row 1.

    Of JSON the first object is row 1.
    """

    file_name: str
    file_sha256: str
    kind: str
    rows_count: int
    taken_count: int
    wrong_count: int
    findings: list[Finding]


class ImportAnswer(msgspec.Struct, frozen=True):
    """The report of an import for programs: each finding with row, field and message."""

    file_name: str
    file_sha256: str
    kind: str
    rows_count: int
    taken_count: int
    wrong_count: int
    findings: list[dict[str, Any]]


class BasisDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which recorded requests to analyse and keep.

    Without `areas` the lot areas of the reference list count. `created_until` is exclusive.
    """

    name: str
    service_code: str
    county: str | None = None
    created_from_on: date | None = None
    created_until: date | None = None
    areas: list[Area] | None = None


class BasisLine(msgspec.Struct, frozen=True):
    """A basis in a list."""

    id: UUID
    name: str
    service_code: str
    made_at: datetime
    totals: Totals
    planned_count: int  # requests in a group that no tender has taken yet
    is_tendered: bool


class BasisList(msgspec.Struct, frozen=True):
    """The bases of your organisation, newest first."""

    items: list[BasisLine]


class BasisRequestView(msgspec.Struct, frozen=True):
    """A request of a basis: what the analysis said of it, and where it stands now."""

    id: UUID
    reference: str
    client_ref: str
    county: str
    language: str
    risk_band: str
    area_code: str | None
    verdict: str
    group_no: int | None
    state: str
    why: Reason


class BasisView(msgspec.Struct, frozen=True):
    """An analysis of demand, as it was when it was made, and its requests as they are now.

    `areas` has one line for each area and language in which people asked; `planned_count` counts
    the requests in a group that no tender has taken yet.
    """

    id: UUID
    name: str
    service_code: str
    made_at: datetime
    made_by: UUID
    group_min: int
    group_max: int
    county: str | None
    created_from_on: date | None
    created_until: date | None
    planned_count: int
    is_tendered: bool
    facts_sha256: str
    totals: Totals
    areas: list[AreaDemand]
    groups: list[PlannedGroup]
    counties: list[CountyDemand]
    unmet: list[UnmetNeed]
    requests: list[BasisRequestView]


class DemandView(msgspec.Struct, frozen=True):
    """Demand as it is now, not kept: what a basis would say if it were made."""

    service_code: str
    group_min: int
    group_max: int
    totals: Totals
    areas: list[AreaDemand]
    groups: list[PlannedGroup]
    counties: list[CountyDemand]
    unmet: list[UnmetNeed]
    verdicts: list[RequestVerdict]


class PlacedRequest(msgspec.Struct, frozen=True):
    """What a group needs to know of the request that a participant comes from."""

    id: UUID
    client_ref: str
    risk_band: str
    language: str
    county: str


class PlanDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to plan and what the groups keep to; None asks for nothing.

    `facilitators` says how many can be had at once in each language, anywhere; a language that is
    not named has none. `provider_rooms_count` rooms with the largest group's seats are counted in
    each county's centre, beside the known venues: who wins a tender brings them.
    """

    name: str
    service_code: str
    first_start_on: date
    county: str | None = None
    starts_count: int = 4
    weeks_between_count: int = 4
    travel_minutes_max: int | None = 60
    band_c_max: int | None = None
    childcare_max: int | None = None
    facilitators: Mapping[str, int] | None = None
    provider_rooms_count: int | None = 4
    budget_amount: Decimal | None = None
    is_full_first: bool = False
    serve_at_least_count: int | None = None
    seconds_count: int = 60


class MoveDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A move, why it is made, and how many moves of the plan were seen when it was chosen."""

    move: Move
    moves_count: int
    reason: str = ""


class PlanLine(msgspec.Struct, frozen=True):
    """A plan in a list."""

    id: UUID
    name: str
    service_code: str
    state: str
    asked_at: datetime
    figures: Figures | None


class PlanList(msgspec.Struct, frozen=True):
    """The group plans of your organisation, newest first."""

    items: list[PlanLine]


class PlanPerson(msgspec.Struct, frozen=True):
    """Somebody in a plan: where they live, what they need, and where they stand."""

    id: UUID
    reference: str
    place: str
    county: str
    language: str
    risk_band: str
    needs_transport: bool
    needs_childcare: bool
    placing: Placing


class PlanGroupView(msgspec.Struct, frozen=True):
    """A group of a plan with its people and the rules that it breaks."""

    group: GroupOfPlan
    site: Site
    people: list[PlanPerson]
    findings: list[Finding]


class MoveView(msgspec.Struct, frozen=True):
    """A move that was made."""

    number: int
    moved_at: datetime
    moved_by_name: str
    move: Move
    reason: str
    before: Figures
    after: Figures
    findings: list[str]


class PlanView(msgspec.Struct, frozen=True):
    """A group plan as it is now: groups, who waits and why, and how far from the best it can be.

    `served_bound` and `points_bound` are what no plan of these facts beats; `solved` is what the
    solver gave, `greedy` what first come first served gives, `figures` what hands have made of it.
    """

    id: UUID
    name: str
    service_code: str
    state: str
    asked_at: datetime
    made_at: datetime | None
    seconds_count: int
    rules: PlanRules
    draft: PlanDraft
    quality: str | None
    figures: Figures | None
    solved: Figures | None
    greedy: Figures | None
    served_bound: int | None
    points_bound: int | None
    served_gap_permille: int | None
    points_gap_permille: int | None
    groups: list[PlanGroupView]
    waiting: list[PlanPerson]
    sites: list[Site]
    findings: list[Finding]
    relaxations: list[Relaxation]
    moves: list[MoveView]
    moves_count: int
    follows: UUID | None
    basis_id: UUID | None
    failure: str | None
    facts_sha256: str
    actions: list[str]


class MoveOption(msgspec.Struct, frozen=True):
    """A move that could be made, where it leads, and what it would cost and break."""

    move: Move
    site: Site | None
    start_on: date | None
    size_count: int
    before: Figures
    after: Figures
    findings: list[Finding]


class MoveOptions(msgspec.Struct, frozen=True):
    """What could be done with a person or a group of a plan, the best first."""

    items: list[MoveOption]


class MovePreview(msgspec.Struct, frozen=True):
    """What a move would cost and break, if it were made."""

    before: Figures
    after: Figures
    findings: list[Finding]


class CountFilter(msgspec.Struct, frozen=True):
    """Which requests to count; an empty value asks for all. `until_month` is included."""

    service_code: str = ""
    county: str = ""
    language: str = ""
    risk_band: str = ""
    state: str = ""
    suitability: str = ""
    from_month: date | None = None
    until_month: date | None = None


class Why(msgspec.Struct, frozen=True):
    """A reason why people wait, and how many."""

    code: str
    reason: Reason
    requests_count: int


class AnalysisView(msgspec.Struct, frozen=True):
    """Requests counted by two dimensions, and beside it how long they wait and why.

    `ages` and `seasons` count the requests of the filter: those that wait, and all. `whys` are of
    the latest analysis or plan of the service.
    """

    rows: Dimension
    columns: Dimension
    table: Pivot
    by_county: dict[str, int]
    ages: list[Age]
    seasons: list[Season]
    whys: list[Why]
    why_of: str | None  # the name of the analysis or plan that said so


class ForecastDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which service to forecast, and how many months ahead."""

    service_code: str
    months_count: int = 6


class ForecastLine(msgspec.Struct, frozen=True):
    """A forecast in a list; `basis_id` if it was kept when a tender went out."""

    id: UUID
    service_code: str
    asked_at: datetime
    months_count: int
    is_made: bool
    basis_id: UUID | None


class ForecastList(msgspec.Struct, frozen=True):
    """The forecasts of your organisation, newest first."""

    items: list[ForecastLine]


class ForecastView(msgspec.Struct, frozen=True):
    """A forecast by county and language, how good such forecasts were, and what came since.

    The series with an empty county and language is that of everything. `came_permille` of the
    months that have ended lay in their intervals.
    """

    id: UUID
    service_code: str
    asked_at: datetime
    made_at: datetime | None
    months_count: int
    basis_id: UUID | None
    method: str | None
    interval_permille: int | None
    history: History
    points: list[Compared]
    back_test: BackTest | None
    came_permille: int | None
    facts_sha256: str


class ObjectionDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An objection to what became of a request; with `wanted_band` an appeal of its risk band."""

    reason: str
    wanted_band: str | None = None


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to an objection. An appeal that is upheld changes the band."""

    is_upheld: bool
    reply: str


class ObjectionView(msgspec.Struct, frozen=True):
    """An objection with its answer, and the days until it came, or since it was made."""

    id: UUID
    request_id: UUID
    reference: str
    kind: str
    wanted_band: str | None
    reason: str
    made_at: datetime
    made_by: UUID
    state: str
    is_upheld: bool | None
    reply: str | None
    answered_at: datetime | None
    days_count: int


class ObjectionList(msgspec.Struct, frozen=True):
    """Objections, open ones first; the median is of those that were answered, in days."""

    items: list[ObjectionView]
    answered_count: int
    median_days: int | None


class ReadView(msgspec.Struct, frozen=True):
    """Who looked at a request, when and why."""

    read_at: datetime
    read_by_name: str
    reason: str


class ReadList(msgspec.Struct, frozen=True):
    """Who looked at a request, the latest first."""

    items: list[ReadView]
