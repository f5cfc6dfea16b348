"""The payment file: valid by its own schema, the same bytes for the same order, cents exact."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from lxml import etree

from procure.adapters.pain001 import NS, BadPaymentFile, Pain001Writer, check
from procure.payments.ports import PaymentFileWriter
from procure.payments.rules import BuyerAccount, PaymentOrder, Transfer

WRITER: PaymentFileWriter = Pain001Writer()


def an_order(**overrides: Any) -> PaymentOrder:
    values: dict[str, Any] = {
        "message_id": "P74990018-20260420-1",
        "created_at": datetime(2026, 4, 17, 9, 30, 0, 123456, tzinfo=UTC),
        "pay_on": date(2026, 4, 20),
        "currency": "EUR",
        "debtor": BuyerAccount("Näidis Tööhõivefond", "EE629900000022090001", "Tallinn", "EE"),
        "transfers": (
            Transfer(
                "P74990018-20260420-1-1",
                "Õppija OÜ",
                "EE849900000022115838",
                Decimal("11814.00"),
                "CO-2025-01 / 1, 2",
            ),
            Transfer(
                "P74990018-20260420-1-2",
                "Kutse MTÜ",
                "EE129900000022107919",
                Decimal("0.01"),
                "CO-2025-02 / 1",
            ),
        ),
    }
    return PaymentOrder(**{**values, **overrides})


def text(content: bytes, path: str) -> list[str]:
    root = etree.fromstring(content)
    return [
        str(found.text) for found in root.findall(f".//{{{NS}}}" + path.replace("/", f"/{{{NS}}}"))
    ]


def test_the_file_says_who_pays_whom_how_much_and_when() -> None:
    content = WRITER.write(an_order())
    check(content)
    assert text(content, "MsgId") == text(content, "PmtInfId") == ["P74990018-20260420-1"]
    assert text(content, "CreDtTm") == ["2026-04-17T12:30:00"]  # the country's clock
    assert text(content, "ReqdExctnDt/Dt") == ["2026-04-20"]
    assert text(content, "InstdAmt") == ["11814.00", "0.01"]
    assert text(content, "CtrlSum") == ["11814.01", "11814.01"]
    assert text(content, "NbOfTxs") == ["2", "2"]
    assert text(content, "CdtrAcct/Id/IBAN") == ["EE849900000022115838", "EE129900000022107919"]
    assert text(content, "DbtrAcct/Id/IBAN") == ["EE629900000022090001"]
    assert text(content, "Cdtr/Nm") == ["Õppija OÜ", "Kutse MTÜ"]
    assert text(content, "EndToEndId") == ["P74990018-20260420-1-1", "P74990018-20260420-1-2"]
    assert text(content, "Ustrd") == ["CO-2025-01 / 1, 2", "CO-2025-02 / 1"]
    assert text(content, "PstlAdr/TwnNm") == ["Tallinn"]


def test_the_same_order_gives_the_same_bytes() -> None:
    assert WRITER.write(an_order()) == WRITER.write(an_order())


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"message_id": "x" * 36}, id="a message id of 36 characters"),
        pytest.param({"currency": "EURO"}, id="a currency that is none"),
        pytest.param({"transfers": ()}, id="nobody to pay"),
    ],
)
def test_what_the_schema_does_not_take_is_not_written(change: dict[str, Any]) -> None:
    with pytest.raises(BadPaymentFile):
        WRITER.write(an_order(**change))


def test_a_name_is_never_markup() -> None:
    transfer = msgspec.structs.replace(an_order().transfers[0], name='<A> & "B"')
    assert text(WRITER.write(an_order(transfers=(transfer,))), "Cdtr/Nm") == ['<A> & "B"']
