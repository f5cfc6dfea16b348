"""Payment files: ISO 20022 pain.001.001.09 by sepaxml, the same bytes for the same order.

sepaxml draws a message id, a payment id and the clock by itself; they are replaced by those of the
order before the file is checked against the message's own schema.
Source: ISO 20022 pain.001.001.09; SEPA credit transfer.
"""

from functools import cache
from pathlib import Path

from lxml import etree

from procure.kernel.time import ZONE
from procure.payments.rules import PaymentOrder

SCHEMA = "pain.001.001.09"
NS = f"urn:iso:std:iso:20022:tech:xsd:{SCHEMA}"
LONGEST_NAME = 70
LONGEST_REMITTANCE = 140


class BadPaymentFile(RuntimeError):
    """The file is not what its schema asks for; the message says where."""


class Pain001Writer:
    """Writes credit transfers for a bank."""

    media_type = "application/xml"
    file_ending = "xml"

    def write(self, order: PaymentOrder) -> bytes:
        """Return the checked file. Raises BadPaymentFile."""
        from sepaxml import SepaTransfer

        transfer = SepaTransfer(
            {
                "name": order.debtor.name[:LONGEST_NAME],
                "IBAN": order.debtor.iban,
                "batch": True,
                "currency": order.currency,
                "address": {"town": order.debtor.town, "country": order.debtor.country},
            },
            schema=SCHEMA,
            clean=False,  # it would turn Õ into O; the schema takes both
        )
        for payment in order.transfers:
            transfer.add_payment(
                {
                    "name": payment.name[:LONGEST_NAME],
                    "IBAN": payment.iban,
                    "amount": int(payment.amount * 100),
                    "execution_date": order.pay_on,
                    "description": payment.remittance[:LONGEST_REMITTANCE],
                    "endtoend_id": payment.end_to_end_id,
                }
            )
        root = etree.fromstring(transfer.export(validate=False), _parser())
        created_at = order.created_at.astimezone(ZONE).replace(microsecond=0, tzinfo=None)
        for name, text in (
            ("MsgId", order.message_id),
            ("PmtInfId", order.message_id),
            ("CreDtTm", created_at.isoformat()),
        ):
            found = root.findall(f".//{{{NS}}}{name}")
            if len(found) != 1:
                raise BadPaymentFile(f"The file has {len(found)} {name} instead of one.")
            found[0].text = text
        content: bytes = etree.tostring(
            root, xml_declaration=True, encoding="UTF-8", pretty_print=True
        )
        check(content)
        return content


def check(content: bytes) -> None:
    """Check a file against the schema; BadPaymentFile says what does not fit."""
    try:
        _schema().assertValid(etree.fromstring(content, _parser()))
    except etree.DocumentInvalid as fault:
        raise BadPaymentFile(str(fault)) from fault


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True)


@cache
def _schema() -> etree.XMLSchema:
    import sepaxml

    file = Path(sepaxml.__file__).parent / "schemas" / f"{SCHEMA}.xsd"
    return etree.XMLSchema(etree.parse(file))
