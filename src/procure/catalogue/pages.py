"""The catalogue as pages: services with their dates, and what counts and how it is paid."""

from datetime import datetime

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from procure.catalogue import queries
from procure.kernel.actors import Permission
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.parameters import names
from procure.web.languages import language
from procure.web.templates import page

CHANNELS = {
    "procured-framework": n_("Bought by tender, with a framework agreement"),
    "procured-call-off": n_("Bought by tender, order by order"),
    "qualified-provider-choice": n_("The client chooses among qualified providers"),
    "individual-contract": n_("A contract for each client"),
}
PARAMS = {
    "duration_months_max": n_("Longest duration, months"),
    "training_days_count": n_("Training days"),
    "hours_per_day_count": n_("Hours a day"),
    "days_per_week_count": n_("Days a week"),
    "group_size_max": n_("Largest group"),
    "group_size_min": n_("Smallest group"),
    "facilitators_count": n_("Facilitators of a group"),
    "employer_visits_min": n_("Employer visits for each participant, at least"),
    "catering": n_("Lunch"),
    "transport": n_("Transport"),
    "replacements_allowed_until_phase": n_("A place is filled again until the end of phase"),
    "contract": n_("Kind of contract"),
    "not_together_with": n_("Not together with"),
    "caseload_max": n_("Clients of one specialist, at most"),
    "includes": n_("Includes"),
    "participants_max": n_("Participants, at most"),
    "rate_max_with_vat_amount": n_("Highest price with VAT, EUR"),
    "year_max_amount": n_("At most in a year, EUR"),
    "sessions_max": n_("Sessions, at most"),
    "data_channel": n_("Data go by"),
    "training_card_max_in_three_years_amount": n_("Training card: at most in three years, EUR"),
    "academic_hours_min": n_("Academic hours, at least"),
    "max_per_supervisor": n_("Participants of one supervisor, at most"),
    "attendance_due_day_of_month": n_("Attendance is due on day of the month"),
}


class CataloguePages(Controller):
    """What can be bought and on which terms."""

    include_in_schema = False

    @get("/services", permission=Permission.NONE)
    async def services(
        self, *, now: NamedDependency[datetime], ended: FromQuery[bool] = False
    ) -> Template:
        """List the services of today; with `ended` also those that were and those to come."""
        today = legal_day(now)
        found = await queries.services()
        return page(
            "catalogue/services.html",
            services=[view for view in found if ended or view.is_on(today)],
            others_count=sum(not view.is_on(today) for view in found),
            ended=ended,
            today=today,
            units=names("units", language()),
            channels=CHANNELS,
        )

    @get("/services/{code:str}", permission=Permission.NONE)
    async def service(self, code: FromPath[str], now: NamedDependency[datetime]) -> Template:
        """Show one service in all its versions, with the source of every number."""
        versions = await queries.versions_of(code)
        every = {view.code: view for view in await queries.services()}
        return page(
            "catalogue/service.html",
            versions=versions[::-1],
            current=versions[-1],
            successors=[every[name] for name in versions[-1].successors],
            predecessors=[view for view in every.values() if code in view.successors],
            today=legal_day(now),
            units=names("units", language()),
            cpv=names("cpv", language()),
            channels=CHANNELS,
            labels=PARAMS,
        )

    @get("/outcome-definitions", permission=Permission.NONE)
    async def definitions(self, now: NamedDependency[datetime]) -> Template:
        """Show what counts as an outcome today, what proves it, and how services are paid."""
        today = legal_day(now)
        return page(
            "catalogue/outcome_definitions.html",
            definitions=await queries.definitions_on(today),
            schemes=await queries.schemes_on(today),
            sources=names("evidence_sources", language()),
            bands=names("risk_bands", language()),
            units=names("units", language()),
            today=today,
        )


CONTROLLERS: list[type[Controller]] = [CataloguePages]
