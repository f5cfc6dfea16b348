"""What a docstring claims is executed."""

import doctest
from importlib import import_module

import pytest

from tests.architecture.tree import modules, name_of

NAMES = [name_of(file) for file in modules() if ">>> " in file.read_text(encoding="utf-8")]


@pytest.mark.parametrize("name", NAMES)
def test_what_the_docstrings_claim_is_true(name: str) -> None:
    found = doctest.testmod(import_module(name), optionflags=doctest.FAIL_FAST)

    assert found.attempted, "the claim is nowhere that doctest looks"
    assert found.failed == 0
