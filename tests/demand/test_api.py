from uuid import uuid4

import httpx
import msgspec
import pytest

from procure.demand import service
from procure.demand.rules.files import MOST_BYTES
from procure.kernel.actors import Actor, Role
from tests.builders.demand import SERVICE, a_basis, a_draft, a_request
from tests.builders.identity import NOW, an_actor, set_clock
from tests.client import Client, client_as
from tests.demand.test_service import a_file

pytestmark = pytest.mark.usefixtures("the_day")


@pytest.fixture
async def the_day(consultant: Actor) -> None:
    await set_clock(NOW)


async def send(
    client: Client, content: bytes, key: str = "key-of-a-file", **form: str
) -> httpx.Response:
    return await client.post(
        "/api/v1/requests/import",
        files={"file": ("requests.csv", content)},
        data=form,
        headers={"Idempotency-Key": key},
    )


def body(**overrides: object) -> dict[str, object]:
    found: dict[str, object] = msgspec.to_builtins(a_draft(**overrides))
    return found


async def test_a_request_is_recorded_and_read(caseworker: Actor) -> None:
    async with client_as(caseworker) as client:
        made = await client.send_json("/api/v1/requests", body(reference="R-1"))
        assert made.status_code == 201, made.text
        again = await client.get(f"/api/v1/requests/{made.json()['id']}")
    assert (made.json()["state"], made.json()["source"]) == ("recorded", "api")
    assert again.json()["life"][0]["message"] == "Recorded by the case system."
    assert again.json()["actions"] == ["plan", "refer-out", "refuse", "place"]


async def test_a_wrong_request_names_the_fields(caseworker: Actor) -> None:
    async with client_as(caseworker) as client:
        answer = await client.send_json("/api/v1/requests", body(county="EE-99", risk_band="D"))
    assert answer.status_code == 422
    assert [(f["field"], f["code"]) for f in answer.json()["findings"]] == [
        ("county", "unknown"),
        ("risk_band", "unknown"),
    ]


async def test_a_field_nobody_knows_is_refused(caseworker: Actor) -> None:
    async with client_as(caseworker) as client:
        answer = await client.send_json("/api/v1/requests", {**body(), "client_name": "Mari"})
    assert answer.status_code == 400
    assert "client_name" in answer.text


async def test_a_retry_records_nothing_twice(caseworker: Actor) -> None:
    sent = body(reference=None)
    async with client_as(caseworker) as client:
        first = await client.send_json("/api/v1/requests", sent, key="the-same-key")
        again = await client.send_json("/api/v1/requests", sent, key="the-same-key")
        listed = await client.get("/api/v1/requests")
    assert first.json()["id"] == again.json()["id"]
    assert len(listed.json()["items"]) == 1


async def test_the_list_is_filtered_and_read_in_parts(caseworker: Actor) -> None:
    for _ in range(3):
        await a_request(caseworker)
    await a_request(caseworker, county="EE-45", bureau="B-45-1")
    async with client_as(caseworker) as client:
        tartu = await client.get("/api/v1/requests", params={"county": "EE-79", "limit": 2})
        rest = await client.get(
            "/api/v1/requests", params={"county": "EE-79", "before": tartu.json()["next_before"]}
        )
        too_many = await client.get("/api/v1/requests", params={"limit": 501})
    assert (len(tartu.json()["items"]), len(rest.json()["items"])) == (2, 1)
    assert rest.json()["next_before"] is None
    assert too_many.status_code == 400


async def test_a_good_file_is_taken(caseworker: Actor) -> None:
    async with client_as(caseworker) as client:
        answer = await send(client, a_file({}, {}))
    assert answer.status_code == 201, answer.text
    report = answer.json()
    assert (report["rows_count"], report["taken_count"], report["findings"]) == (2, 2, [])


async def test_a_wrong_file_is_left_with_every_row_named(caseworker: Actor) -> None:
    wrong = a_file({}, {"county": "EE-99"}, {"created_on": "yesterday"})
    async with client_as(caseworker) as client:
        answer = await send(client, wrong)
        listed = await client.get("/api/v1/requests")
        taken = await send(client, wrong, "another-key", take_good="true")
    assert answer.status_code == 422
    findings = answer.json()["findings"]
    assert findings[0]["message"] == "Nothing was recorded: of 3 rows 2 are wrong."
    assert [(f["row"], f["field"]) for f in findings[1:]] == [(3, "county"), (4, "created_on")]
    assert findings[1]["message"] == "EE-99 is not a county; use a code such as EE-37."
    assert listed.json()["items"] == []
    assert taken.status_code == 201
    assert taken.json()["taken_count"] == 1
    assert [f["row"] for f in taken.json()["findings"]] == [3, 4]


@pytest.mark.parametrize(
    ("size", "status"),
    [
        pytest.param(MOST_BYTES + 1, 422, id="a byte too large is said"),
        pytest.param(MOST_BYTES + 2_000_000, 413, id="what is far too large is not read"),
    ],
)
async def test_a_large_file(caseworker: Actor, size: int, status: int) -> None:
    async with client_as(caseworker) as client:
        answer = await send(client, b"x" * size)
    assert answer.status_code == status


async def test_a_basis_is_made_read_and_set_aside(consultant: Actor) -> None:
    for _ in range(9):
        await a_request(consultant)
    await a_request(consultant, county="EE-45", bureau="B-45-1", language="ru")
    async with client_as(consultant) as client:
        now = await client.get("/api/v1/demand", params={"service_code": SERVICE})
        made = await client.send_json("/api/v1/bases", {"name": "Autumn", "service_code": SERVICE})
        read = await client.get(f"/api/v1/bases/{made.json()['id']}")
        listed = await client.get("/api/v1/bases")
        back = await client.send_json(f"/api/v1/bases/{made.json()['id']}/give-back", {})
        nothing = await client.send_json(
            "/api/v1/bases", {"name": "x", "service_code": SERVICE, "county": "EE-37"}
        )
    assert now.json()["totals"] == made.json()["totals"]
    assert made.status_code == 201, made.text
    assert read.json() == made.json()
    assert read.json()["planned_count"] == 9
    assert [(a["code"], a["groups_count"]) for a in read.json()["areas"]] == [
        ("L03", 0),
        ("L05", 1),
    ]
    assert read.json()["requests"][0]["why"]["message"] == (
        "Too few in area L03. Waiting: 1; a group needs 8."
    )
    assert [item["name"] for item in listed.json()["items"]] == ["Autumn"]
    assert back.status_code == 200
    assert back.json()["planned_count"] == 0
    assert nothing.status_code == 422
    assert nothing.json()["findings"][0]["field"] == "service_code"


async def test_a_refusal_needs_a_reason_and_a_request_that_is_open(
    consultant: Actor,
) -> None:
    request_id = await a_request(consultant)
    placed = await a_request(consultant)
    await service.place_request(placed, NOW)
    async with client_as(consultant) as client:
        empty = await client.send_json(f"/api/v1/requests/{request_id}/refuse", {"reason": ""})
        done = await client.send_json(
            f"/api/v1/requests/{request_id}/refuse", {"reason": "Found work."}
        )
        late = await client.send_json(f"/api/v1/requests/{placed}/refuse", {"reason": "Why not"})
    assert (empty.status_code, done.status_code, late.status_code) == (422, 200, 409)
    assert done.json()["why"]["message"] == "Refused: Found work."


@pytest.mark.parametrize(
    ("role", "kind", "status"),
    [
        pytest.param(Role.AUDITOR, "buyer", 200, id="an auditor reads"),
        pytest.param(Role.FINANCE, "buyer", 403, id="finance does not"),
        pytest.param(Role.FACILITATOR, "provider", 403, id="a facilitator does not"),
    ],
)
async def test_who_may_read_requests(role: Role, kind: str, status: int) -> None:
    async with client_as(await an_actor(role, kind=kind)) as client:
        answer = await client.get("/api/v1/requests")
        refused = await client.send_json("/api/v1/requests", body())
    assert answer.status_code == status
    assert refused.status_code == 403


async def test_what_is_anothers_is_not_there(consultant: Actor) -> None:
    request_id, basis_id = await a_request(consultant), await a_basis(consultant)
    async with client_as(await an_actor(Role.CONSULTANT)) as client:
        answers = [
            await client.get(f"/api/v1/requests/{request_id}"),
            await client.get(f"/api/v1/requests/{uuid4()}"),
            await client.get(f"/api/v1/bases/{basis_id}"),
            await client.send_json(f"/api/v1/bases/{basis_id}/give-back", {}),
            await client.send_json(f"/api/v1/requests/{request_id}/refuse", {"reason": "Mine"}),
        ]
    assert {answer.status_code for answer in answers} == {404}
