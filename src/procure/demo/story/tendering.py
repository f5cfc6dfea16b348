"""Step 2: a tender out of the demand, drafted, checked and published."""

from typing import Any

from procure.demo.story.material import only, read
from procure.demo.story.registering import Parties
from procure.demo.story.stage import COORDINATOR, Json, Stage

_OF_TENDER = (
    "reference",
    "title",
    "description",
    "procedure",
    "service_code",
    "technique",
    "contract_starts_on",
    "contract_until",
    "payment_scheme",
    "max_suppliers_count",
    "is_price_fixed",
    "deadline_at",
    "opening_quorum_count",
    "lots",
    "criteria",
)


def draft_of(fixture: dict[str, Any], basis_id: str, parties: Parties) -> dict[str, Any]:
    """Make what the API takes of a tender in the fixtures."""
    return {
        **only(fixture, *_OF_TENDER),
        "keyholder_ids": [parties.people[email] for email in fixture["keyholders"]],
        "basis_id": basis_id,
    }


def play_framework(stage: Stage, basis_id: str, parties: Parties) -> Json:
    """Draft and publish the framework of 2024; wrong drafts are told everything at once."""
    fixture = read("tender-2024")
    coordinator = stage.cast[COORDINATOR]
    draft = draft_of(fixture, basis_id, parties)
    wrong = {
        **draft,
        "lots": [{**draft["lots"][0], "counties": ["EE-99"], "unit_price": "-22.00"}],
        "criteria": [{**draft["criteria"][0], "weight": 41}, *draft["criteria"][1:]],
    }
    refusal = coordinator.refused("/tenders", wrong)
    stage.does(COORDINATOR, f"drafts badly, and is told at once: {refusal}")
    tender: Json = coordinator.post("/tenders", draft)
    stage.does(
        COORDINATOR,
        f"drafts {tender['reference']} from the demand: {len(tender['lots'])} lots, "
        f"{len(tender['award_criteria'])} criteria",
    )
    stage.figures.check("framework-rules", tender["rule_set"])
    stage.figures.check("framework-value", tender["value"]["amount"])
    stage.clock(fixture["published_at"])
    return publish(stage, tender["id"])


def play_present(stage: Stage, basis_id: str, parties: Parties) -> Json:
    """Publish the tender of today under the rules of today, and leave it open."""
    fixture = read("tender-2026")
    coordinator = stage.cast[COORDINATOR]
    proposal = coordinator.get(f"/tenders/proposals/{basis_id}")
    stage.does(
        COORDINATOR,
        f"has a draft proposed from the demand: a lot for each of "
        f"{len(proposal['lots'])} areas with a group",
    )
    tender: Json = coordinator.post("/tenders", draft_of(fixture, basis_id, parties))
    stage.figures.check("present-rules", tender["rule_set"])
    stage.figures.check("present-value", tender["value"]["amount"])
    return publish(stage, tender["id"])


def publish(stage: Stage, tender_id: str) -> Json:
    """Publish a draft, and say which days follow from it."""
    tender: Json = stage.cast[COORDINATOR].post(f"/tenders/{tender_id}/publish")
    stage.subjects.append(tender_id)
    stage.does(
        COORDINATOR,
        f"publishes {tender['reference']}; the legal calendar has {len(tender['calendar'])} days, "
        "and the key that bids are sealed to is held by nobody alone",
    )
    return tender
