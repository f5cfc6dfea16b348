"""The demo's group in the format: what it owes, and what the register's answer takes back."""

from datetime import datetime
from decimal import Decimal

from procure.entitlement.difference import difference, posting
from tests.entitlement.answers import FIXTURES, Known, same


def pilot() -> Known:
    return Known(FIXTURES / "pilot")


def test_the_group_is_owed_what_its_contract_says() -> None:
    known = pilot()
    assert same(known.answers(), known.said["expected"])


def test_only_what_the_register_contradicts_changes_and_its_answer_is_named() -> None:
    (entry,) = pilot().differences()
    assert (entry.key, entry.amount) == ("EMP_SUST_90:CL-90004", Decimal("-158.40"))
    assert entry.because == ["CL-90004-job@2026-05-04T06:00:00+00:00"]
    assert (entry.entitled, entry.posted) == (Decimal("0.00"), Decimal("158.40"))


def test_posted_again_there_is_nothing_to_post() -> None:
    known = pilot()
    at = datetime.fromisoformat(known.said["posted_at"])
    posted = posting(difference(known.result(known.said["posted_at"]), []), at)
    posted += posting(difference(known.result(), posted))
    assert difference(known.result(), posted) == []
    assert sum((one.amount for one in posted), Decimal(0)) == Decimal("11814.00")


def test_a_line_says_how_it_was_reckoned() -> None:
    said = {line.key: " ".join(f.message for f in line.trace) for line in pilot().lines()}
    assert said["attendance:CL-90004"] == "34 counted × day rate 13.20 = 448.80."
    assert said["EDU_START:CL-90005"] == (
        "Reached on 2026-01-26 (outcome): 0.80 × outcome base 264 × 1.60 (band: band C) = 337.92."
    )


def test_what_is_withheld_says_why() -> None:
    (why,) = [one for one in pilot().withheld() if one.key == "EMP_SUST_90:CL-90004"]
    assert why.amount == Decimal("158.40")
    assert why.reason.message == "Not reached: longest run 71 days, for 90 days."
