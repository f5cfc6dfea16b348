"""Identifiers are version 7, and grow."""

import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procure.db import AppUUID7, ids, uuid7


def test_ids_grow_within_a_process_and_are_of_their_kind() -> None:
    made = [uuid7() for _ in range(5000)]
    assert made == sorted(set(made))
    assert {(one.version, one.variant) for one in made} == {(7, uuid.RFC_4122)}


def test_an_id_tells_when_it_was_made() -> None:
    before, one, after = time.time_ns(), uuid7(), time.time_ns()
    assert before // 10**6 <= one.int >> 80 <= after // 10**6 + 1


@given(st.lists(st.integers(0, 2**47 * 10**6), min_size=2, max_size=20))
def test_a_clock_that_jumps_does_not_make_them_shrink(times: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids, "_last", 0)
        patch.setattr("time.time_ns", iter(times).__next__)
        made = [uuid7() for _ in times]
    assert made == sorted(set(made))
    assert {one.version for one in made} == {7}


def test_threads_do_not_share_an_instant() -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda _: uuid7().int >> 64, range(20_000)))
    finally:
        sys.setswitchinterval(interval)
    assert len(set(made)) == 20_000


def test_the_database_makes_its_own_where_python_did_not() -> None:
    assert AppUUID7().postgres == "gen_random_uuid()"
    assert AppUUID7().python().version == 7
