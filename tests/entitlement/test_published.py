"""Payment models of several countries, written in the format: the published figures come out."""

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.entitlement.answers import FIXTURES, Known, same

FOLDERS = sorted(FIXTURES.glob("published/*"))
SHARED = Path(
    os.environ.get("PROCURE_SHARED_DATA", "../shared/data"), "known_answers/payments.json"
)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_published_model_comes_out_of_the_format(folder: Path) -> None:
    known = Known(folder)
    found = known.answers()
    assert same(found, known.said["expected"]), f"{found} is not {known.said['expected']}"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_its_sources_are_named(folder: Path) -> None:
    known = Known(folder)
    assert known.terms.source
    assert known.facts.source
    assert known.facts.about


def reference() -> list[Any]:
    """Return the cases of the reference data, or one that is skipped and says where it looked."""
    if not SHARED.is_file():
        absent = pytest.mark.skip(f"the reference data is not at {SHARED}")
        return [pytest.param({}, marks=absent, id="absent")]
    cases = msgspec.json.decode(SHARED.read_bytes())["cases"]
    return [pytest.param(case, id=case["id"]) for case in cases]


@pytest.mark.parametrize("case", reference())
def test_the_reference_data_says_the_same(case: dict[str, Any]) -> None:
    known = Known(FIXTURES / "published" / case["id"])
    assert same(known.answers(), case["expected"])
