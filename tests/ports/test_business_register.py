"""What a business register answers, and what the answer does to a registration."""

import logging
from datetime import date
from pathlib import Path

import pytest

from procure.adapters.business_register import FixtureBusinessRegister, NoBusinessRegister
from procure.providers.ports import BusinessRegister

COMPANIES = """
companies:
  - {registry_code: "19990011", name: Kirdesild OÜ, legal_form: OU, status: registered,
     county: EE-45, address: Jõhvi, board: [A. Tamm], tax_debt_since: null}
  - {registry_code: "19991177", name: Võlgnik OÜ, legal_form: OU, status: registered,
     county: EE-37, address: Tallinn, board: [], tax_debt_since: 2026-05-01}
"""


@pytest.fixture
def register(tmp_path: Path) -> BusinessRegister:
    file = tmp_path / "business.yaml"
    file.write_text(COMPANIES, encoding="utf-8")
    return FixtureBusinessRegister(file)


async def test_a_company_is_found_by_its_code(register: BusinessRegister) -> None:
    found = await register.company("19991177")

    assert found is not None
    assert (found.name, found.tax_debt_since) == ("Võlgnik OÜ", date(2026, 5, 1))


@pytest.mark.parametrize("code", ["19990012", "", "1999001", "../etc"])
async def test_a_code_that_nobody_has_is_nobody(register: BusinessRegister, code: str) -> None:
    assert await register.company(code) is None


async def test_the_twin_says_that_it_is_no_register(
    register: BusinessRegister, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        await register.company("19990011")

    assert "not from a register" in caplog.text


async def test_where_no_register_is_set_up_nobody_is_known() -> None:
    assert await NoBusinessRegister().company("19990011") is None


async def test_the_projects_own_file_can_be_read() -> None:
    found = await FixtureBusinessRegister().company("80991016")

    assert found is not None
    assert found.name == "Samm-Sammult Töötoad MTÜ"
