"""What a person can do with money, on the pages."""

import re
from datetime import UTC, datetime

import asyncpg
import pytest

from procure.db.engine import AppConnection
from procure.kernel.actors import Actor, Role
from procure.kernel.errors import Conflict
from procure.payments import queries, service
from procure.tasks import queries as tasks
from tests.builders.identity import an_actor, set_clock
from tests.builders.payments import a_paying_group, the_money
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")

NOW = datetime(2026, 4, 7, 9, tzinfo=UTC)


async def test_the_provider_reads_why_and_accepts() -> None:
    money = await the_money()
    await set_clock(NOW)
    async with client_as(money.provider) as browser:
        before = await browser.get("/claims")
        assert "What I will be paid, and why not more" in before.text
        assert "No employer visit was relevant for this person." in before.text
        assert "Draft a claim" not in before.text
    claim_id = await money.draft(NOW)
    async with client_as(money.provider) as browser:
        shown = await browser.get(f"/claims/{claim_id}")
        assert "€11,972.40" in shown.text.replace("\xa0", "")
        assert "34 × 13.20 € = 448.80 €" in shown.text
        assert f"/claims/{claim_id}/accept" in shown.text
        assert "was not asked" not in shown.text  # that is the buyer's business
        refused = await browser.send_form(f"/claims/{claim_id}/dispute", {"reason": " "})
        assert refused.status_code == 422
        assert "Say what is not right." in refused.text
        done = await browser.send_form(f"/claims/{claim_id}/accept", {})
        assert done.status_code == 303
        late = await browser.send_form(f"/claims/{claim_id}/dispute", {"reason": "Too late."})
        assert late.status_code == 422
        assert "Cannot dispute what is accepted" in late.text
    facilitator = await an_actor(Role.FACILITATOR, org=money.provider.org_id)
    async with client_as(facilitator) as browser:
        assert "What I will be paid, and why not more" in (await browser.get("/claims")).text
        shown = await browser.get(f"/claims/{claim_id}")
        assert shown.status_code == 200
        assert f"/claims/{claim_id}/accept" not in shown.text
        assert (await browser.send_form(f"/claims/{claim_id}/accept", {})).status_code == 403
    async with client_as(await an_actor(Role.PROVIDER_MANAGER, kind="provider")) as browser:
        assert (await browser.get(f"/claims/{claim_id}")).status_code == 404
        assert (await browser.send_form(f"/claims/{claim_id}/accept", {})).status_code == 404


async def test_finance_sees_what_differs_and_attests_what_it_saw() -> None:
    money = await the_money()
    await set_clock(NOW)
    claim_id = await money.draft(NOW)
    sha256 = await money.accept(claim_id, NOW)
    one, two = money.finance[:2]
    path = f"/claims/{claim_id}/attest"
    async with client_as(one) as browser:
        shown = await browser.get(f"/claims/{claim_id}")
        assert "8 outcomes were not checked with the register" in shown.text
        assert f'name="content_sha256" value="{sha256}"' in shown.text
        changed = await browser.send_form(path, {"content_sha256": "0" * 64})
        assert changed.status_code == 422
        assert "The claim is not what you saw" in changed.text
        assert (await browser.send_form(path, {"content_sha256": sha256})).status_code == 303
        mine = await browser.get(f"/claims/{claim_id}")
        assert f'action="{path}"' not in mine.text
    async with client_as(two) as browser:
        assert "Attest and post" in (await browser.get(f"/claims/{claim_id}")).text
        assert (await browser.send_form(path, {"content_sha256": sha256})).status_code == 303
        ledger = (await browser.get("/ledger")).text
        assert "€-11,972.40" in ledger.replace("\xa0", "") or "-€11,972.40" in ledger
        assert "€0.00" in ledger


async def test_a_claim_is_drafted_from_the_page() -> None:
    money = await a_paying_group()
    await set_clock(NOW)
    async with client_as(money.group.contract_manager) as browser:
        nothing = await browser.send_form("/claims", {})
        assert nothing.status_code == 422
        assert "Choose one of the list." in nothing.text
        form = {"group_id": str(money.group.id), "reason": "Two days"}
        done = await browser.send_form("/claims", form)
        assert done.status_code == 303
        assert "Two days" in (await browser.get(done.headers["location"])).text
    await money.post((await queries.list_claims(money.provider))[0].id, NOW)
    async with client_as(money.group.contract_manager) as browser:
        refused = await browser.send_form("/claims", form)
        assert refused.status_code == 422
        assert "Everything that is owed" in refused.text
        assert "Posted" in (await browser.get("/claims?state=posted")).text


async def kinds(actor: Actor) -> list[str]:
    """List what an actor has to do."""
    return [task.kind for task in await tasks.open_tasks(actor, NOW)]


async def test_a_dispute_is_kept_answered_and_can_be_taken_back() -> None:
    money = await a_paying_group()
    claim_id = await money.draft(NOW)
    await set_clock(NOW)
    path = f"/claims/{claim_id}"
    async with client_as(money.provider) as browser:
        shown = (await browser.get(path)).text
        assert "It waits for the provider, who accepts or disputes it by" in shown
        key = re.findall(r'name="line_keys" type="checkbox" value="([^"]+)"', shown)[0]
        wrong = await browser.send_form(f"{path}/dispute", {"reason": "", "line_keys": "no:such"})
        assert wrong.status_code == 422
        assert "Choose lines that the claim has." in wrong.text
        said = {"reason": "On 2 September all were there.", "line_keys": key}
        assert (await browser.send_form(f"{path}/dispute", said)).status_code == 303
        shown = (await browser.get(path)).text
        assert "It waits for the buyer, who answers by" in shown
        assert (await browser.send_form(f"{path}/dispute-withdrawal", {})).status_code == 303
        assert "The dispute was taken back" in (await browser.get(path)).text
        assert "claim:accept" in await kinds(money.provider)
        assert (await browser.send_form(f"{path}/dispute", said)).status_code == 303
    async with client_as(money.group.contract_manager) as browser:
        assert "claim:answer" in await kinds(money.group.contract_manager)
        silent = await browser.send_form(f"{path}/answer", {"reason": " "})
        assert silent.status_code == 422
        assert "Answer what was said first." in silent.text
        answer = {"reason": "The sheet of 2 September was read again: one was absent."}
        assert (await browser.send_form(f"{path}/answer", answer)).status_code == 303
    async with client_as(money.provider) as browser:
        shown = (await browser.get(path)).text
        assert shown.count("On 2 September all were there.") == 2
        assert answer["reason"] in shown
        assert "Accept the claim" in shown
    claim = await queries.read_claim(money.provider, claim_id)
    assert [(one.kind, list(one.line_keys)) for one in claim.remarks] == [
        ("dispute", [key]),
        ("undispute", []),
        ("dispute", [key]),
        ("answer", []),
    ]
    assert (claim.state, claim.dispute) == ("drafted", None)


async def test_what_the_buyer_sent_back_is_no_dispute_to_take_back() -> None:
    money = await a_paying_group()
    claim_id = await money.draft(NOW)
    await money.accept(claim_id, NOW)
    await service.return_claim(money.finance[0], claim_id, "A day is missing.", now=NOW)
    with pytest.raises(Conflict, match="no dispute to take back"):
        await service.take_dispute_back(money.provider, claim_id, now=NOW)
    claim = await queries.read_claim(money.provider, claim_id)
    assert claim.actions == []
    assert [(one.kind, one.text) for one in claim.remarks] == [("return", "A day is missing.")]


async def test_what_was_said_of_a_claim_stays(owner: AppConnection) -> None:
    money = await a_paying_group()
    claim_id = await money.draft(NOW)
    await service.dispute(money.provider, claim_id, "No.", now=NOW)
    with pytest.raises(asyncpg.RestrictViolationError, match="stays"):
        await owner.execute("UPDATE claim_remark SET text = 'Yes.'")


async def test_a_paid_claim_says_how_far_the_money_is() -> None:
    money = await a_paying_group()
    claim_id = await money.claim_and_post(NOW)
    run_id = await money.prepare(NOW)
    await set_clock(NOW)
    async with client_as(money.provider) as browser:
        shown = (await browser.get(f"/claims/{claim_id}")).text
        assert "In a payment file that is not released yet" in shown
        await money.release(run_id, NOW)
        shown = (await browser.get(f"/claims/{claim_id}")).text
        assert "Released to the bank on 7 Apr 2026, to be executed on 8 Apr 2026" in shown
        assert "answer is not known yet" in shown
        assert "Released for payment</span>" in shown
        listed = (await browser.get("/claims")).text
        assert "Released for payment</span>" in (await browser.get("/")).text
    assert "Still to be paid" in listed
    (group,) = await queries.expectations(money.provider)
    assert group.unpaid_amount == 0


async def test_a_milestone_ahead_is_not_yet_owed_and_has_its_name() -> None:
    money = await a_paying_group()
    await set_clock(NOW)
    async with client_as(money.provider) as browser:
        shown = (await browser.get("/claims")).text
    assert ">not yet</span> No individual plan was agreed." in shown
    for name in ("Individual plan in time", "Relevant employer visit", "Exit plan agreed"):
        assert f'data-label="For">{name}</td>' in shown
    (group,) = await queries.expectations(money.provider)
    assert (group.withheld_amount > 0, group.may_come_amount > 0) == (False, True)


async def test_who_has_done_their_part_is_asked_no_more() -> None:
    money = await a_paying_group()
    claim_id = await money.draft(NOW)
    sha256 = await money.accept(claim_id, NOW)
    first, second = money.finance[:2]
    assert "claim:attest" in await kinds(first)
    await service.attest(first, claim_id, sha256, now=NOW)
    assert "claim:attest" not in await kinds(first)
    assert "claim:attest" in await kinds(second)


async def test_a_payment_file_is_prepared_confirmed_and_released() -> None:
    money = await a_paying_group()
    await money.claim_and_post(NOW)
    await set_clock(NOW)
    one, attester, two, three = money.finance
    async with client_as(one) as browser:
        assert "€237.60" in (await browser.get("/payment-runs")).text
        refused = await browser.send_form("/payment-runs", {"pay_on": "1.4.2026"})
        assert refused.status_code == 422
        assert 'value="1.4.2026"' in refused.text
        made = await browser.send_form("/payment-runs", {"pay_on": "2026-04-08"})
        assert made.status_code == 303
        path = made.headers["location"]
        assert f'action="{path}/release"' not in (await browser.get(path)).text
        file = await browser.get(f"{path}/file")
        assert file.headers["content-type"] == "application/xml"
    (run,) = await queries.list_runs(one)
    sha256 = (await queries.read_run(one, run.id)).file_sha256
    async with client_as(two) as browser:
        assert sha256 in (await browser.get(path)).text
        wrong = await browser.send_form(f"{path}/release", {"file_sha256": "nonsense"})
        assert wrong.status_code == 422
        assert "This is not the hash of the file." in wrong.text
        assert 'value="nonsense"' in wrong.text
        nothing = await browser.send_form(f"{path}/release", {"file_sha256": ""})
        assert nothing.status_code == 422
        assert "Choose a file." in nothing.text
        other = {"file": ("pain.xml", file.content + b" ", "application/xml")}
        wrong = await browser.send_form(f"{path}/release", {}, files=other)
        assert "This is not the hash of the file." in wrong.text
        given = {"file": ("pain.xml", file.content, "application/xml")}
        done = await browser.send_form(f"{path}/release", {}, files=given)
        assert done.status_code == 303
    assert "run:release" in await kinds(three)
    for who in (one, attester, two):
        assert "run:release" not in await kinds(who), "who made, attested or confirmed it"
    await service.release_run(three, run.id, sha256, now=NOW)
    async with client_as(two) as browser:
        shown = await browser.get(path)
        assert "Released" in shown.text
        assert f'action="{path}/cancel"' not in shown.text
        late = await browser.send_form(f"{path}/cancel", {})
        assert late.status_code == 422
    async with client_as(money.provider) as browser:
        assert (await browser.get(path)).status_code == 403
