"""The lot whose results are known by heart: criteria, four bids, and what must come of them."""

from decimal import Decimal
from uuid import UUID

import msgspec

from procure.evaluation.rules import (
    BidFacts,
    CriterionFacts,
    LabourFacts,
    LotFacts,
    LowPriceRule,
    ScoreFacts,
    TableRow,
)
from procure.tenders.states import CriterionKind, PriceFormula

D = Decimal
T1, T2, T3, T4 = (UUID(int=number) for number in (1, 2, 3, 4))
NAMES = {T1: "T1", T2: "T2", T3: "T3", T4: "T4"}


def criterion(code: str, kind: CriterionKind, weight: str, **more: object) -> CriterionFacts:
    return CriterionFacts(
        id=UUID(int=int.from_bytes(code.encode())),
        code=code,
        name=f"Criterion {code}",
        kind=kind,
        weight=D(weight),
        **more,  # type: ignore[arg-type]
    )


K1 = criterion("K1", CriterionKind.PRICE, "40", formula=PriceFormula.LOWEST_RATIO)
K1_ABSOLUTE = msgspec.structs.replace(
    K1, formula=PriceFormula.ABSOLUTE, floor_price=D(18), ceiling_price=D(30)
)
K2 = criterion("K2", CriterionKind.QUALITY, "25", scale_max=D(5), minimum=D("3.0"))
K3 = criterion("K3", CriterionKind.QUALITY, "20", scale_max=D(5), minimum=D("2.0"))
K4 = criterion(
    "K4",
    CriterionKind.OBJECTIVE,
    "15",
    scale_max=D(5),
    table=tuple(TableRow(D(least), D(score)) for score, least in enumerate((0, 1, 3, 6, 9, 12))),
)


def bid(
    id_: UUID,
    price: str,
    k2: tuple[object, ...] = (),
    k3: tuple[object, ...] = (),
    groups: tuple[int, ...] = (),
    excluded: str = "",
) -> BidFacts:
    def scores(points: tuple[object, ...]) -> tuple[ScoreFacts, ...]:
        return tuple(
            ScoreFacts(member, D(str(value)), "because") for member, value in enumerate(points, 1)
        )

    return BidFacts(
        id=id_,
        provider_org_id=UUID(int=100 + id_.int),
        provider_name=NAMES.get(id_, str(id_.int)),
        price=D(price),
        scores={"K2": scores(k2), "K3": scores(k3)},
        stated={"K4": tuple(map(D, groups))},
        excluded=excluded,
    )


def lot(*bids: BidFacts, criteria: tuple[CriterionFacts, ...] = (K1, K2, K3, K4)) -> LotFacts:
    return LotFacts(
        lot_id=UUID(int=99),
        lot_code="L03",
        reference="PR-2024-01",
        currency="EUR",
        criteria=criteria,
        bids=bids,
        low_price=LowPriceRule(
            labour=LabourFacts(
                hourly_wage=D("4.86"),
                employer_share=D("0.338"),
                facilitators_count=2,
                hours_count=D(6),
                places_count=12,
            )
        ),
    )


FACTS = lot(
    bid(T1, "24.80", (5, 4, 5), (4, 4, 5), (14, 9)),
    bid(T2, "21.50", (4, 4, 4), (5, 4, 4), (11, 8)),
    bid(T3, "12.90", (3, 3, 3), (2, 2, 3), (1, 0)),
    bid(T4, "23.10", (3, 2, 3), (4, 4, 4), (6, 4)),
)


def excluding(
    facts: LotFacts, id_: UUID, reason: str = "Its explanation was rejected."
) -> LotFacts:
    return msgspec.structs.replace(
        facts,
        bids=tuple(
            msgspec.structs.replace(b, excluded="Its explanation was rejected.")
            if b.id == id_
            else b
            for b in facts.bids
        ),
    )
