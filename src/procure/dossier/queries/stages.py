"""Which rows belong to a procedure: each table is found by those above it.

What is still sealed is not among them: bids are found through the opening of their tender, so that
before it a dossier does not even tell how many there are. Shares of keys and the texts of personal
plans stay where they are.
"""

import msgspec


class Table(msgspec.Struct, frozen=True):
    """One table of a dossier: the rows whose `column` holds an id that was read before."""

    name: str  # of the file
    table: str
    column: str
    of: tuple[str, ...]  # "name.column" of tables above, whose values are looked for
    columns: str = ""  # those that are shown; all but `omit` if empty
    omit: tuple[str, ...] = ()
    where: str = ""


# In the order of the flow: each table is found by those above it.
TABLES = (
    Table("lots", "lot", "tender", ("tenders.id",)),
    Table("criteria", "criterion", "tender", ("tenders.id",)),
    Table("keyholders", "keyholder", "tender", ("tenders.id",), omit=("sealed_share",)),
    Table("invitations", "invitation", "tender", ("tenders.id",)),
    Table("bases", "basis", "id", ("tenders.basis",)),
    Table("basis_requests", "basis_request", "basis", ("bases.id",)),
    Table("openings", "opening", "tender", ("tenders.id",)),
    Table("opening_shares", "opening_share", "tender", ("openings.tender",), omit=("share",)),
    Table("arrivals", "arrival", "tender", ("openings.tender",)),
    Table("bids", "bid", "tender", ("openings.tender",), omit=("ciphertext", "receipt")),
    Table("panel_members", "panel_member", "lot", ("lots.id",)),
    Table(
        "scores",
        "score",
        "member",
        ("panel_members.id",),
        where="EXISTS (SELECT FROM panel_member m WHERE m.id = member AND m.locked_at IS NOT NULL)",
    ),
    Table("explanations", "explanation", "bid", ("bids.id",)),
    Table("drawings", "drawing", "lot", ("lots.id",)),
    Table("evaluations", "evaluation", "lot", ("lots.id",)),
    Table("awards", "award", "lot", ("lots.id",)),
    Table("award_suppliers", "award_supplier", "award", ("awards.id",)),
    Table("letters", "letter", "lot", ("lots.id",)),
    Table("contracts", "contract", "lot", ("lots.id",)),
    Table("clauses", "clause", "contract", ("contracts.id",)),
    Table("signatures", "signature", "contract", ("contracts.id",)),
    Table("groups", "service_group", "contract", ("contracts.id",)),
    Table("group_facilitators", "group_facilitator", "group", ("groups.id",)),
    Table("training_days", "training_day", "group", ("groups.id",)),
    Table("participants", "participant", "group", ("groups.id",)),
    Table("attendance", "attendance", "participant", ("participants.id",)),
    Table("plans", "plan", "participant", ("participants.id",), omit=("goal",)),
    Table("employer_visits", "employer_visit", "group", ("groups.id",)),
    Table("visit_participants", "visit_participant", "visit", ("employer_visits.id",)),
    Table("employers", "employer", "id", ("employer_visits.employer",)),
    Table("requests", "request", "id", ("basis_requests.request", "participants.request")),
    Table("outcomes", "outcome", "participant", ("participants.id",)),
    Table("evidence", "evidence", "outcome", ("outcomes.id",)),
    Table("claims", "claim", "contract", ("contracts.id",)),
    Table("claim_lines", "claim_line", "claim", ("claims.id",)),
    Table("attestations", "attestation", "claim", ("claims.id",)),
    Table("entries", "entry", "contract", ("contracts.id",)),
    Table("ledger_transactions", "ledger_transaction", "id", ("entries.transaction",)),
    Table("payments", "payment", "contract", ("contracts.id",)),
    Table("payment_runs", "payment_run", "id", ("payments.run",)),
)
# Shared by every procedure: shown where they are named, and not by themselves a part of it.
REGISTERS = (
    Table("outcome_definitions", "outcome_definition", "id", ("outcomes.definition",)),
    Table("payment_schemes", "payment_scheme", "code", ("tenders.payment_scheme",)),
    Table("services", "service", "code", ("tenders.service_code",)),
    Table("venues", "venue", "id", ("groups.venue",)),
    Table(
        "facilitators",
        "facilitator",
        "id",
        ("group_facilitators.facilitator",),
        columns="id, provider_org, code, education, profession, groups_led_count, years_count",
    ),
)
