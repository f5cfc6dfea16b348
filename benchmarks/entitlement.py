"""Entitlements of 1,000,000 facts ÷ decoding the same facts with msgspec, one core, as a stream.

`python -m benchmarks.entitlement [PEOPLE]`. Each participant's facts are a piece of JSON; the
engine decodes and computes one after the other, the floor decodes them only. Also what posting the
result would look at: lines with their traces worded are not part of it, they are made when asked.
"""

import gc
import random
import resource
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from procure.entitlement.engine import Program, stream
from procure.entitlement.facts import Fact
from procure.entitlement.reading import read_terms

PEOPLE = 50_000
FACTS = 20  # a participant's, on average exactly

TERMS: dict[str, Any] = {
    "format": "procure-payment-terms",
    "format_version": 1,
    "code": "BENCHMARK",
    "version": 1,
    "currency": "EUR",
    "start": "referral",
    "tables": {
        "band": {
            "rows": [
                {"words": {"band": ["A"]}, "value": "0.7"},
                {"words": {"band": ["B"]}, "value": "1"},
                {"words": {"band": ["C"]}, "value": "1.6"},
            ]
        }
    },
    "fees": [
        {
            "kind": "unit",
            "code": "attendance",
            "counts": [
                {"facts": {"what": ["present"]}},
                {"facts": {"what": ["excused"]}},
                {"facts": {"what": ["vacated"]}, "most": "3"},
            ],
            "price": {"is": "product", "of": ["22", "0.6"]},
            "per": "person",
        },
        {
            "kind": "milestone",
            "code": "plan",
            "when": {"is": "first", "facts": {"what": ["plan"], "words": {"plan": ["individual"]}}},
            "price": "105.60",
        },
        {
            "kind": "milestone",
            "code": "exit-plan",
            "when": {"is": "first", "facts": {"what": ["plan"], "words": {"plan": ["exit"]}}},
            "price": "79.20",
        },
        *(
            {
                "kind": "milestone",
                "code": f"sustained-{days}",
                "when": {
                    "is": "run",
                    "facts": {
                        "what": ["job"],
                        "numbers": [{"number": "hours", "op": ">", "than": "20"}],
                        "not_words": {"employer": ["own"]},
                    },
                    "length": {"days": days},
                    "bridge": {"days": 7},
                },
                "price": {"is": "product", "of": ["264", {"is": "table", "name": "band"}]},
                "quantity": quantity,
            }
            for days, quantity in ((1, "0.4"), (90, "0.6"))
        ),
    ],
    "limits": [
        {"kind": "quantity", "code": "whole", "fees": ["sustained-1", "sustained-90"], "most": "1"},
        {
            "kind": "amount",
            "code": "year",
            "fees": ["plan", "exit-plan", "sustained-1", "sustained-90"],
            "per": "person_year",
            "most": "500",
        },
        {
            "kind": "amount",
            "code": "contract",
            "fees": ["sustained-1", "sustained-90"],
            "per": "contract",
            "most": "3000000",
            "cut": "apart",
        },
    ],
}


def one(number: int, chance: random.Random) -> bytes:
    """Write the facts of one participant: referral, attendance, plans, jobs, a few revisions."""
    who, start = f"CL-{number:06d}", date(2025, 1, 6) + timedelta(days=chance.randrange(200))
    facts = [
        Fact(f"{who}-r", "referral", start, who, words={"band": chance.choice("ABC")}),
        Fact(f"{who}-p", "plan", start + timedelta(days=8), who, words={"plan": "individual"}),
    ]
    if chance.random() < 0.8:
        on = start + timedelta(days=60)
        facts.append(Fact(f"{who}-e", "plan", on, who, words={"plan": "exit"}))
    for place in range(chance.randrange(3)):
        on = start + timedelta(days=70 + 50 * place)
        job = Fact(
            f"{who}-j{place}", "job", on, who, on + timedelta(days=chance.randrange(20, 140)),
            numbers={"hours": Decimal(chance.choice(("16", "20", "38.5", "40")))},
            words={"employer": chance.choice(("own", "E1", "E2", "E3"))}, source="register",
        )  # fmt: skip
        facts.append(job)
    day = 0
    while len(facts) < FACTS:
        kind = chance.choices(("present", "excused", "absent", "vacated"), (80, 8, 9, 3))[0]
        facts.append(Fact(f"{who}-{day}", kind, start + timedelta(days=day), who))
        day += 1
    chance.shuffle(facts)
    return msgspec.json.encode(facts)


def peak() -> int:
    """Return the peak memory of the process in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    """Measure and print."""
    people = int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE
    chance = random.Random(1)
    pieces = [one(number, chance) for number in range(people)]
    decoder = msgspec.json.Decoder(list[Fact])
    program = Program(read_terms(msgspec.json.encode(TERMS)))
    held = peak()

    def decoded() -> Iterator[tuple[str, list[Fact]]]:
        for piece in pieces:
            facts = decoder.decode(piece)
            yield facts[0].who, facts

    floors, engines = [], []
    for _ in range(3):
        gc.collect()
        begun = time.perf_counter()
        count = sum(len(decoder.decode(piece)) for piece in pieces)
        floors.append(time.perf_counter() - begun)
        gc.collect()
        begun = time.perf_counter()
        done = stream(program, decoded())
        engines.append(time.perf_counter() - begun)
    floor, engine = min(floors), min(engines)
    ratio = (engine - floor) / floor
    print(
        f"{count:,} facts of {done.people:,} participants: {done.lines:,} lines, {done.total} EUR"
    )
    print(f"decoding {floor:.2f} s, decoding and computing {engine:.2f} s")
    print(f"entitlements ÷ decoding: {ratio:.1f} (with the decoding itself {engine / floor:.1f})")
    print(f"peak memory {peak()} MiB; {held} MiB of it before, with the input")


if __name__ == "__main__":
    main()
