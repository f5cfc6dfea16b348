"""Objections get answers from somebody else, in measured time; who looks at a request is noted."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from procure.demand import queries, service
from procure.demand.schemas import Answer, ObjectionDraft
from procure.kernel.actors import Actor, Role
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from tests.builders.demand import a_request
from tests.builders.guards import refused
from tests.builders.identity import NOW, an_actor
from tests.client import client_as

LATER = NOW + timedelta(days=3)
UPHOLD = Answer(is_upheld=True, reply="The band was set too low.")


async def an_appeal(caseworker: Actor, **overrides: Any) -> tuple[UUID, UUID]:
    request_id = await a_request(caseworker, **overrides)
    draft = ObjectionDraft("Has not worked for ten years.", "C")
    return request_id, await service.object_to(caseworker, request_id, draft, NOW)


async def test_an_appeal_that_is_upheld_changes_the_band(
    caseworker: Actor, consultant: Actor
) -> None:
    request_id, objection_id = await an_appeal(caseworker)
    await service.answer_objection(consultant, objection_id, UPHOLD, LATER)
    assert (await queries.read_request(caseworker, request_id)).risk_band == "C"
    [found] = await queries.objections_of(caseworker, request_id, now=LATER)
    assert (found.state, found.is_upheld, found.days_count) == ("answered", True, 3)
    listed = await queries.list_objections(consultant, now=LATER)
    assert (listed.answered_count, listed.median_days) == (1, 3)
    with pytest.raises(Conflict):
        await service.answer_objection(consultant, objection_id, UPHOLD, LATER)


async def test_an_appeal_that_is_not_upheld_leaves_the_band(
    caseworker: Actor, consultant: Actor
) -> None:
    request_id, objection_id = await an_appeal(caseworker)
    await service.answer_objection(
        consultant, objection_id, Answer(is_upheld=False, reply="Worked in 2025."), LATER
    )
    assert (await queries.read_request(caseworker, request_id)).risk_band == "B"


async def test_the_database_changes_a_band_for_an_upheld_appeal_alone(
    caseworker: Actor, consultant: Actor
) -> None:
    _, objection_id = await an_appeal(caseworker)
    assert "an appeal of it is upheld" in await refused("UPDATE request SET risk_band = 'C'")
    await service.answer_objection(consultant, objection_id, UPHOLD, LATER)
    assert "an appeal of it is upheld" in await refused("UPDATE request SET risk_band = 'A'")
    assert "stays as it was" in await refused("UPDATE objection SET reply = 'Otherwise.'")


async def test_nobody_answers_their_own_objection(consultant: Actor, caseworker: Actor) -> None:
    _, objection_id = await an_appeal(consultant)
    with pytest.raises(Forbidden):
        await service.answer_objection(consultant, objection_id, UPHOLD, LATER)
    with pytest.raises(Forbidden):
        await service.answer_objection(caseworker, objection_id, UPHOLD, LATER)
    with pytest.raises(NotFound):
        await service.answer_objection(await an_actor(Role.CONSULTANT), objection_id, UPHOLD, LATER)
    with pytest.raises(NotFound):
        await service.answer_objection(consultant, uuid4(), UPHOLD, LATER)


async def test_a_band_is_frozen_once_the_client_is_referred(
    caseworker: Actor, consultant: Actor
) -> None:
    request_id, objection_id = await an_appeal(caseworker)
    await service.place_request(request_id, NOW)
    with pytest.raises(Refused, match="frozen"):
        await service.answer_objection(consultant, objection_id, UPHOLD, LATER)
    with pytest.raises(Refused, match="frozen"):
        await service.object_to(caseworker, request_id, ObjectionDraft("Too low.", "A"), NOW)


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (ObjectionDraft("  "), "reason"),
        (ObjectionDraft("Too low.", "B"), "wanted_band"),
        (ObjectionDraft("Too low.", "D"), "wanted_band"),
    ],
)
async def test_what_is_no_objection(caseworker: Actor, draft: ObjectionDraft, field: str) -> None:
    request_id = await a_request(caseworker)
    with pytest.raises(Refused) as refusal:
        await service.object_to(caseworker, request_id, draft, NOW)
    assert [finding.field for finding in refusal.value.findings] == [field]


async def test_one_objection_of_a_kind_is_open_at_a_time(caseworker: Actor) -> None:
    request_id, _ = await an_appeal(caseworker)
    with pytest.raises(Conflict):
        await service.object_to(caseworker, request_id, ObjectionDraft("Again.", "A"), NOW)
    await service.object_to(caseworker, request_id, ObjectionDraft("Not this provider."), NOW)


async def test_who_looked_at_a_request_is_noted_with_the_reason(
    caseworker: Actor, consultant: Actor
) -> None:
    request_id = await a_request(caseworker)
    async with client_as(caseworker) as client:
        await client.get(f"/requests/{request_id}")
    async with client_as(consultant) as client:
        await client.get(f"/api/v1/requests/{request_id}")
        reads = (await client.get(f"/api/v1/requests/{request_id}/reads")).json()["items"]
        assert [read["reason"] for read in reads] == ["planning", "own"]
        assert "Who looked at it" in (await client.get(f"/requests/{request_id}")).text
    stranger = await an_actor(Role.CONSULTANT)
    with pytest.raises(NotFound):
        await service.read_for(stranger, request_id, NOW)
    assert await queries.reads_of(stranger, request_id) == []


async def test_objections_in_a_browser_and_over_the_api(
    caseworker: Actor, consultant: Actor
) -> None:
    request_id = await a_request(caseworker)
    async with client_as(caseworker) as client:
        assert "Nobody has objected" in (await client.get("/requests/objections")).text
        url = f"/requests/{request_id}/objections"
        assert (await client.send_form(url, {"reason": ""})).status_code == 422
        sent = await client.send_form(url, {"reason": "Too low.", "wanted_band": "C"})
        assert sent.status_code == 303
        assert (
            await client.send_form(url, {"reason": "x y z", "wanted_band": "C"})
        ).status_code == 409
        made = await client.send_json(f"/api/v1{url}", {"reason": "Not this provider."})
        assert made.json()["kind"] == "other"
    async with client_as(consultant) as client:
        shown = (await client.get("/requests/objections")).text
        assert "Do not uphold" in shown
        items = (await client.get("/api/v1/requests/objections")).json()["items"]
        band, other = (next(i for i in items if i["kind"] == kind) for kind in ("band", "other"))
        answer = f"/requests/objections/{band['id']}/answer"
        assert (await client.send_form(answer, {"is_upheld": "yes"})).status_code == 422
        upheld = await client.send_form(answer, {"is_upheld": "yes", "reply": "Right."})
        assert upheld.status_code == 303
        answered = await client.send_json(
            f"/api/v1/requests/objections/{other['id']}/answer",
            {"is_upheld": False, "reply": "There is no other."},
        )
        assert answered.json()["state"] == "answered"
        assert "Upheld" in (await client.get(f"/requests/{request_id}")).text
