"""Which test holds which promise about sealed bids, T-1 to T-19; and what is not held yet.

The index is a test, so that it names no test that is not there.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
BIDS, SUBMIT = "bids/test_service.py", "bids/test_submitting.py"
FILES, DRAFTS = "bids/test_files.py", "bids/test_drafts.py"
CHECK, SIGN = "adapters/test_file_check.py", "adapters/test_signing.py"
BURST = "promises/test_tender_rows.py::test_a_thousand_bids_around_a_deadline"

HELD: dict[str, list[str]] = {
    "T-1": [BURST, f"{BIDS}::test_the_arrival_is_the_databases_instant_and_no_one_elses"],
    "T-2": [
        "bids/test_rules.py::test_ten_oclock_ends_at_ten_oclock",
        "bids/test_rules.py::test_the_verdict_is_one_instant_before_another_in_every_zone",
        f"{BIDS}::test_the_verdict_follows_the_arrival",
        BURST,
    ],
    "T-3": [
        f"{SUBMIT}::test_a_slow_sign_in_makes_no_bid_late",
        f"{SUBMIT}::test_waiting_for_a_connection_makes_no_bid_late",
        f"{SUBMIT}::test_a_try_that_failed_by_our_fault_counts_when_it_is_repeated",
        f"{SUBMIT}::test_arrivals_are_stamped_before_anyone_is_asked",
        f"{BIDS}::test_waiting_for_a_lock_does_not_make_a_bid_late",
        f"{BIDS}::test_an_on_time_bid_is_taken_after_the_clock_has_closed_the_tender",
    ],
    "T-3b": [
        f"{BIDS}::test_an_opening_waits_for_arrivals_that_are_not_committed_yet",
        f"{BIDS}::test_an_arrival_that_never_became_a_bid_holds_up_for_a_minute_and_is_minuted",
        f"{SUBMIT}::test_an_opening_waits_for_what_is_here_and_not_stamped_yet",
    ],
    "T-4": [
        f"{SUBMIT}::test_what_began_before_and_ended_after_is_late_and_kept",
        "bids/test_api.py::test_a_late_bid_is_refused_by_name_with_a_receipt_that_proves_it",
        f"{BIDS}::test_a_late_bid_is_kept_sealed_told_and_never_opened",
    ],
    "T-5": [
        f"{SUBMIT}::test_what_is_prepared_is_no_bid_until_it_is_submitted",
        f"{SUBMIT}::test_what_was_only_prepared_is_not_opened",
        f"{DRAFTS}::test_what_a_program_prepared_is_submitted_on_a_page",
    ],
    "T-6": [
        f"{SIGN}::test_receipts_verify_and_no_bit_of_them_can_change",
        f"{SIGN}::test_no_bit_of_the_sealed_file_can_change",
        f"{FILES}::test_a_file_goes_with_the_bid_and_is_opened_with_it",
        BURST,
    ],
    "T-7": [
        "bids/test_walks.py::test_the_last_version_in_time_counts_whatever_was_done",
        "bids/test_walks.py::test_the_last_version_in_time_counts_on_many_ways",
    ],
    "T-8": [
        "bids/test_secrecy.py::test_nobody_learns_of_a_bid_before_the_opening",
        f"{FILES}::test_nothing_of_a_file_lies_here_open",
        f"{DRAFTS}::test_a_draft_is_kept_while_typing_and_shown_again",
    ],
    "T-9": [
        "tenders/test_service.py::test_a_deadline_moves_forward_until_it_is_over",
        "tenders/test_service.py::test_the_clock_closes_a_tender_at_its_deadline_and_not_before",
        f"{BIDS}::test_the_database_takes_no_share_before_the_deadline_nor_from_strangers",
    ],
    "T-10": [
        f"{BIDS}::test_only_enough_distinct_keyholders_open_after_the_deadline",
        f"{BIDS}::test_before_the_deadline_nothing_opens_with_all_shares_and_every_try_is_kept",
        f"{BIDS}::test_the_same_person_counts_once",
        f"{BIDS}::test_the_database_keeps_a_sealed_bid",
    ],
    "T-12": [
        f"{BIDS}::test_before_the_deadline_nothing_opens_with_all_shares_and_every_try_is_kept",
        f"{BIDS}::test_a_wrong_key_is_refused_and_recorded_without_repeating_it",
        f"{SUBMIT}::test_a_request_of_nobody_is_stamped_refused_and_holds_up_nothing",
    ],
    "T-14": [
        f"{DRAFTS}::test_a_draft_is_kept_while_typing_and_shown_again",
        f"{DRAFTS}::test_the_draft_is_forgotten_with_the_submission_and_kept_with_a_refusal",
        f"{FILES}::test_a_file_in_pieces_goes_on_where_it_was_cut_off",
    ],
    "T-15": [
        f"{FILES}::test_what_an_upload_may_be",
        f"{FILES}::test_how_much_room_there_is",
        f"{FILES}::test_a_file_in_pieces_goes_on_where_it_was_cut_off",
    ],
    "T-16": [
        f"{FILES}::test_what_is_looked_into_and_not_taken_is_forgotten_and_named",
        f"{CHECK}::test_what_runs_in_a_pdf_is_found_where_it_hides",
        f"{CHECK}::test_a_bomb_does_not_go_off",
    ],
    "T-17": [
        f"{BIDS}::test_a_changed_bit_is_named_in_the_minutes_and_the_others_open",
        f"{BIDS}::test_two_bids_that_were_swapped_are_named",
        f"{BIDS}::test_what_an_owner_of_the_database_did_is_named",
        f"{BIDS}::test_an_older_version_brought_back_is_named",
        f"{FILES}::test_a_file_that_is_not_what_was_received_is_named_and_the_bid_opened",
    ],
    "T-18": [
        f"{BIDS}::test_a_bid_brought_from_another_tender_with_its_receipt_does_not_pass",
        f"{BIDS}::test_a_sealed_bid_does_not_open_with_another_tenders_key",
        f"{FILES}::test_a_file_of_one_tender_goes_with_no_bid_for_another",
        f"{DRAFTS}::test_a_draft_opens_for_its_bidder_and_its_tender_alone",
    ],
}
NOT_HELD = {
    "T-10b": "a limit that is said in docs/operating.md, not a test",
    "T-11": "a tender has one envelope; the price is opened with the quality",
    "T-13": "an outage does not extend deadlines by itself",
    "T-19": "there are no questions and answers yet",
}
PARTLY = {
    "T-5": "no warnings before the deadline are sent",
    "T-9": "a deadline moves by one person",
    "T-12": "attempts are recorded; nobody is alerted",
    "T-16": "no virus scanner is asked",
}


def test_every_promise_is_accounted_for() -> None:
    rows = [f"T-{n}" for n in range(1, 20)] + ["T-3b", "T-10b"]
    assert sorted([*HELD, *NOT_HELD]) == sorted(rows)
    assert set(PARTLY) <= set(HELD)


@pytest.mark.parametrize("row", HELD)
def test_the_tests_that_are_named_are_there(row: str) -> None:
    for name in HELD[row]:
        file, _, test = name.partition("::")
        found = {
            node.name
            for node in ast.walk(ast.parse((TESTS / file).read_text()))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert test in found, name


@pytest.mark.long
def test_a_thousand_bids_around_a_deadline() -> None:
    """Verdicts and receipts alone: how fast it is, is measured where nothing else runs."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.deadline"],
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert "wrong verdicts and lost receipts: 0 of 1000" in done.stdout, done.stdout + done.stderr
