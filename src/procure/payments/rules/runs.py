"""Payment runs: to whom money may go now, and who may release the file.

Pure: each fact is an argument.
Source: promises R9 and P-9 to P-11.
"""

from collections.abc import Sequence, Set
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.kernel.codes import is_iban
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import next_working_day


class BuyerAccount(msgspec.Struct, frozen=True):
    """From which account a buyer pays."""

    name: str
    iban: str
    town: str
    country: str


class Payee(msgspec.Struct, frozen=True):
    """Who is owed how much under one contract, and where the money would go."""

    contract_id: UUID
    contract_number: str
    provider_id: UUID
    provider_name: str
    iban: str
    iban_changed_at: datetime
    iban_changed_by: UUID | None
    currency: str
    owed_amount: Decimal  # payable, less what prepared runs will pay


class Transfer(msgspec.Struct, frozen=True):
    """One credit transfer of a payment file."""

    end_to_end_id: str
    name: str
    iban: str
    amount: Decimal
    remittance: str


class PaymentOrder(msgspec.Struct, frozen=True):
    """Everything that a payment file says."""

    message_id: str
    created_at: datetime
    pay_on: date
    currency: str
    debtor: BuyerAccount
    transfers: tuple[Transfer, ...]


def payee_findings(
    payee: Payee, person_id: UUID, now: datetime, *, cooling_days: int
) -> list[Finding]:
    """List every reason not to pay this account now.

    A changed account is cooled for `cooling_days` of 24 hours; at the end of the last one it may be
    paid. Who changed it never pays to it.
    """
    values = {"provider": payee.provider_name, "iban": payee.iban}
    found = []
    if not is_iban(payee.iban):
        found.append(
            Finding("bad-iban", n_("The account {iban} of {provider} is no IBAN."), values)
        )
    if now < (until := payee.iban_changed_at + timedelta(days=cooling_days)):
        found.append(
            Finding(
                "cooling",
                n_("The account of {provider} was changed lately; it can be paid from {until} on."),
                {**values, "until": until},
                "P-11",
            )
        )
    if person_id == payee.iban_changed_by:
        found.append(
            Finding(
                "changed-by-you",
                n_("You changed the account of {provider}, so another person must pay to it."),
                values,
                "P-11",
            )
        )
    return found


class ReleaseFacts(msgspec.Struct, frozen=True):
    """What decides whether a person may release a payment file."""

    person_id: UUID
    prepared_by: UUID
    released_by: tuple[UUID, ...]
    file_sha256: str
    typed_sha256: str
    payees: tuple[Payee, ...]  # as they are now
    paid_ibans: tuple[str, ...]  # as the file has them, in the same order
    attested_by: tuple[UUID, ...] = ()  # who vouched for a claim that the file pays


def release_findings(facts: ReleaseFacts, now: datetime, *, cooling_days: int) -> list[Finding]:
    """List every reason why this person may not release this file."""
    found = []
    if facts.person_id == facts.prepared_by:
        found.append(
            Finding("preparer", n_("Who prepared a payment run may not release it."), {}, "R9")
        )
    if facts.person_id in facts.released_by:
        found.append(
            Finding(
                "same-person",
                n_("You have confirmed this file already; the second person must be another."),
                {},
                "R9",
            )
        )
    if facts.person_id in facts.attested_by:
        found.append(
            Finding(
                "attester",
                n_("You attested a claim that this file pays, so another person releases it."),
                {},
                "R9",
            )
        )
    typed = facts.typed_sha256.strip().lower()
    if not typed:
        found.append(
            Finding(
                "no-hash",
                n_("Choose the file that you were given, or paste its SHA-256."),
                field="file_sha256",
            )
        )
    elif typed != facts.file_sha256:
        found.append(
            Finding(
                "other-hash",
                n_("This is not the hash of the file. Compare it with the file you were given."),
                {},
                "P-9",
                field="file_sha256",
            )
        )
    for payee, iban in zip(facts.payees, facts.paid_ibans, strict=True):
        if payee.iban != iban:
            found.append(
                Finding(
                    "account-changed",
                    n_("The account of {provider} is not the one in the file any more."),
                    {"provider": payee.provider_name},
                    "P-8",
                )
            )
        else:
            found += payee_findings(payee, facts.person_id, now, cooling_days=cooling_days)
    return found


def execution_findings(pay_on: date, today: date, holidays: Set[date]) -> list[Finding]:
    """Say why a bank cannot pay on a day: it is over, or no working day; today itself may be.

    >>> from datetime import date
    >>> [f.values["next"] for f in execution_findings(date(2026, 5, 1), date(2026, 4, 1),
    ...     {date(2026, 5, 1)})]
    [datetime.date(2026, 5, 4)]
    """
    if pay_on < today:
        return [
            Finding(
                "past",
                n_("{pay_on} is over; choose a day from {today} on."),
                {"pay_on": pay_on, "today": today},
                field="pay_on",
            )
        ]
    following = next_working_day(pay_on, holidays)
    if following != pay_on:
        return [
            Finding(
                "no-working-day",
                n_("Banks do not pay on {pay_on}, which is no working day; the next is {next}."),
                {"pay_on": pay_on, "next": following},
                field="pay_on",
            )
        ]
    return []


def message_id(buyer_code: str, pay_on: date, number: int) -> str:
    """Name a payment file: at most 35 characters, the same for the same run.

    >>> message_id("74990018", date(2026, 4, 20), 3)
    'P74990018-20260420-3'
    """
    return f"P{buyer_code}-{pay_on:%Y%m%d}-{number}"


def end_to_end_id(message: str, position: int) -> str:
    """Name one transfer of a file, so that the bank's answer finds it again."""
    return f"{message}-{position}"


def remittance(contract_number: str, claim_numbers: Sequence[int]) -> str:
    """Say what is paid, in at most 140 characters.

    >>> remittance("CO-2025-01", [1, 2])
    'CO-2025-01 / 1, 2'
    """
    return f"{contract_number} / {', '.join(str(number) for number in claim_numbers)}"[:140]
