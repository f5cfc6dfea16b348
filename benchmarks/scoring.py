"""Scoring 1,000 bids × 30 criteria × 7 evaluators, with the whole trace ÷ decoding the same file.

`python -m benchmarks.scoring [BIDS]`. Time: bytes to ranking with every intermediate value kept,
÷ msgspec decoding the same bytes into the Structs of the format (and, for comparison, into plain
lists and dicts). Memory: what Python allocates at the peak, file not included, ÷ the file's bytes.
"""

import gc
import random
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable

import msgspec

from procure.scoring import engine, machine, words
from procure.scoring.format.file import Evaluation
from procure.scoring.outcome import Outcome
from procure.scoring.reading import read_file

BIDS, CRITERIA, EVALUATORS, REPEATS = 1000, 30, 7, 7
TARGET_TIME, TARGET_MEMORY = 20, 10


def file(bids: int = BIDS) -> bytes:
    """Make an evaluation: price by lowest ratio, criteria by the mean of scores in half points."""
    chance = random.Random(20261124)
    names = [f"q{number:02}" for number in range(CRITERIA - 1)]
    inputs: list[dict[str, object]] = [
        {"input": "scores", "name": name, "at_most": 5, "step": 0.5} for name in names
    ]
    weights = [{"name": f"w_{name}", "value": 2, "side": "quality"} for name in names]
    steps: list[dict[str, object]] = []
    for name in names:
        minimum = {"step": "threshold", "name": f"least_{name}", "of": name, "is": "at-least",
                   "limit": 0.5, "on": "exact"}  # fmt: skip
        points = {"step": "linear", "name": f"p_{name}", "of": name, "times": {"of": f"w_{name}"},
                  "full_at": 5, "none_at": 0, "round": {"decimals": 2}}  # fmt: skip
        steps += [minimum, points]
    parts = [{"of": f"p_{name}"} for name in names]
    steps += [
        {"step": "reference", "name": "lowest", "of": "price", "take": "lowest"},
        {"step": "ratio", "name": "p_price", "of": "price", "best": "lowest",
         "reference": {"of": "lowest"}, "times": {"of": "w_price"}, "round": {"decimals": 2}},
        {"step": "sum", "name": "quality", "parts": parts},
        {"step": "sum", "name": "total", "parts": [{"of": "quality"}, {"of": "p_price"}]},
        {"step": "reference", "name": "others", "of": "price", "take": "mean",
         "set": {"includes_self": False}},
        {"step": "flag", "name": "low", "of": "price", "is": "at-most",
         "limit": {"of": "others", "times": 0.6}, "on": "exact", "effect": "ask"},
    ]  # fmt: skip
    rule = {
        "inputs": [{"input": "number", "name": "price", "above": 0}, *inputs],
        "weights": [{"name": "w_price", "value": 42, "side": "price"}, *weights],
        "steps": steps,
        "order": [{"of": "total", "best": "highest", "on": "exact"}],
        "ties": [{"tie": "by", "of": "quality", "best": "highest", "on": "exact"}, {"tie": "lot"}],
        "price": "price",
    }
    made = {
        "format": "procure-scoring/1",
        "title": "Benchmark",
        "rule": rule,
        "evaluators": [f"E{number}" for number in range(1, EVALUATORS + 1)],
        "bids": [
            {
                "id": f"B{number:04}",
                "values": {"price": chance.randint(150_000, 400_000) / 100},
                "scores": {name: [_score(chance) for _ in range(EVALUATORS)] for name in names},
            }
            for number in range(bids)
        ],
    }
    return msgspec.json.encode(made)


def _score(chance: random.Random) -> float | int:
    half = chance.randint(2, 10)
    return half // 2 if half % 2 == 0 else half / 2


def seconds(run: Callable[[], object]) -> float:
    """Return the median of several runs."""
    taken = []
    for _ in range(REPEATS):
        gc.collect()
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    """Measure and print."""
    content = file(int(sys.argv[1]) if len(sys.argv) > 1 else BIDS)
    typed, plain = msgspec.json.Decoder(Evaluation), msgspec.json.Decoder()
    floor, bare = seconds(lambda: typed.decode(content)), seconds(lambda: plain.decode(content))

    def scored() -> Outcome:
        return engine.score(read_file(content))

    whole = seconds(scored)
    gc.collect()
    tracemalloc.start()
    outcome = scored()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    said = seconds(lambda: list(words.of_bid(outcome, outcome.order[0])))
    written = seconds(lambda: msgspec.json.encode(machine.result(outcome)))
    ranked, steps = len(outcome.places), len(outcome.trace)
    print(f"file: {len(content):,} bytes; {ranked} bids ranked, {steps} steps")
    print(f"msgspec, into the Structs of the format: {floor * 1e3:8.1f} ms")
    print(f"msgspec, into plain lists and dicts:     {bare * 1e3:8.1f} ms")
    print(f"read, scored, whole trace kept:          {whole * 1e3:8.1f} ms")
    print(f"time ÷ decoding into the Structs: {whole / floor:.1f} (target ≤ {TARGET_TIME})")
    print(f"time ÷ decoding into plain values: {whole / bare:.1f}")
    print(f"memory at the peak ÷ file: {peak / len(content):.1f} (target ≤ {TARGET_MEMORY})")
    print(
        f"besides: one bid's steps in words {said * 1e3:.1f} ms; all as JSON {written * 1e3:.0f} ms"
    )


if __name__ == "__main__":
    main()
