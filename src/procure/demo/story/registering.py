"""Before the story: providers, their people, venues, and the keys of the opening officers."""

from typing import Any

import msgspec

from procure.demo.story.cast import members
from procure.demo.story.client import Program
from procure.demo.story.material import only, read
from procure.demo.story.stage import COORDINATOR, OFFICERS, Stage


class Parties(msgspec.Struct, frozen=True):
    """Who and what was registered, by the codes of the fixtures."""

    providers: dict[str, str]  # organisation's id by code
    facilitators: dict[str, str]
    venues: dict[str, str]
    people: dict[str, str]  # by e-mail address, of those whom others name

    def code_of(self, org_id: str) -> str:
        """Return a provider's code by its organisation's id."""
        return next(code for code, found in self.providers.items() if found == org_id)


def play(stage: Stage) -> Parties:
    """Register everyone whom the story needs."""
    coordinator = stage.cast[COORDINATOR]
    providers = {row["code"]: _register(coordinator, row) for row in read("providers")["providers"]}
    stage.does(COORDINATOR, f"registers {len(providers)} providers and their accounts")
    venues = {
        row["code"]: coordinator.post("/venues", row)["id"] for row in read("venues")["venues"]
    }
    stage.does(COORDINATOR, f"records {len(venues)} venues")
    facilitators = _facilitators(stage)
    stage.progress.note(f"Providers name {len(facilitators)} facilitators with what they have led")
    for email in OFFICERS:
        key = stage.cast[email].post("/opening-keys")
        stage.keep(f"opening-keys/{email.partition('@')[0]}.txt", key["identity"].encode() + b"\n")
    stage.progress.note("Three officers make their opening keys; the system keeps no secret half")
    return Parties(
        providers=providers,
        facilitators=facilitators,
        venues=venues,
        people=_people(coordinator),
    )


def _register(coordinator: Program, row: dict[str, Any]) -> str:
    draft = only(
        row,
        "registry_code",
        "name",
        "legal_form",
        "kind",
        "seat_county",
        "languages",
        "iban",
        "email",
        "vat_number",
        "is_mission_driven",
    )
    return str(coordinator.post("/providers", draft)["org_id"])


def manager_of(provider: str) -> str | None:
    """Return the manager's address of a provider by its code; none if nobody has an account."""
    codes = {org["registry_code"]: org["code"] for org in read("people")["organisations"]}
    return next(
        (
            email
            for email, member in members().items()
            if codes[member.organisation] == provider and "provider-manager" in member.roles
        ),
        None,
    )


def _facilitators(stage: Stage) -> dict[str, str]:
    found = {}
    for row in read("facilitators")["facilitators"]:
        manager = manager_of(row["provider"])
        if manager is not None:
            draft = only(
                row,
                "code",
                "display_name",
                "education",
                "profession",
                "groups_led_count",
                "years_count",
                "languages",
            )
            made = stage.cast[manager].post("/my-organisation/facilitators", draft)
            found[row["code"]] = made["id"]
    return found


def _people(coordinator: Program) -> dict[str, str]:
    return {
        person["email"]: person["id"]
        for role in ("opening-officer", "evaluator")
        for person in coordinator.get("/people", role=role)["items"]
    }
