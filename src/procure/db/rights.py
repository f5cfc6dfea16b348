"""What the application's role may do to each table: read and add, and beyond that what stands here.

Deny by default. A row that was published, signed, decided, opened or recorded is neither changed
nor deleted, because nothing here says that it may be; which of the columns below may change *when*
is said by triggers in `migrations/sql`. A new table needs a line only where rows change or go.
Source: docs, promises A-1 and Z-5.
"""

import msgspec

from procure.db.engine import AppConnection


class Rights(msgspec.Struct, frozen=True):
    """What may be done besides reading."""

    change: tuple[str, ...] = ()  # columns of rows that are there; a row lock needs one, too
    delete: bool = False
    insert: bool = True


ADDED_TO = Rights()
READ_ONLY = Rights(insert=False)
NAMES = ("name_en", "name_et", "name_ru")
EVERYTHING = ("*",)

RIGHTS: dict[str, Rights] = {
    # Written by functions of the owner's alone, which choose number, hash and instant.
    "event": READ_ONLY,
    "event_head": READ_ONLY,
    "arrival": Rights(("provider_org", "person", "refused_at", "refusal"), insert=False),
    "migration": READ_ONLY,
    # Means of work, not records.
    "pgqueuer": Rights(EVERYTHING, delete=True),
    "pgqueuer_log": Rights(EVERYTHING, delete=True),
    "pgqueuer_schedules": Rights(EVERYTHING, delete=True),
    "pgqueuer_statistics": Rights(EVERYTHING, delete=True),
    "idempotency_key": Rights(("started_at", "status", "media_type", "body"), delete=True),
    "request_count": Rights(delete=True),
    # identity, documents, tasks
    "installation": Rights(("clock_at", "clock_set_at")),
    "person": Rights(("language", "password_hash", "password_at", "is_active", "natural_key")),
    "membership": Rights(("until_on",)),
    "account_link": Rights(("used_at", "ended_at", "person")),
    "session": Rights(("seen_at", "ended_at")),
    "api_token": Rights(("ended_at",)),
    "login_failure": Rights(("failed_at",), delete=True),
    "opening_key": Rights(("retired_at",)),
    "paper": Rights(("state", "file", "printed_at", "failure")),
    "task": Rights(
        ("text", "values", "link", "clause", "due_on", "state", "closed_at", "excused_ids")
    ),
    # catalogue, providers
    "service": Rights((*NAMES, "valid_until", "successors")),
    "outcome_definition": Rights(NAMES),
    "payment_scheme": Rights(NAMES),
    "provider": Rights(
        (
            "state",
            "state_reason",
            "iban",
            "iban_changed_at",
            "iban_changed_by",
            "iban_confirmed_by",
            "new_iban",
            "new_iban_at",
            "new_iban_by",
        )
    ),
    "facilitator": Rights(
        (
            "code",
            "display_name",
            "education",
            "profession",
            "groups_led_count",
            "years_count",
            "languages",
        )
    ),
    # demand
    "request": Rights(("state", "state_reason", "risk_band")),
    "objection": Rights(("state", "is_upheld", "reply", "answered_at", "answered_by")),
    "demand_forecast": Rights(("result", "made_at")),
    "group_plan": Rights(
        (
            "state",
            "solved",
            "made_at",
            "failure",
            "groups",
            "held_out",
            "moves_count",
            "basis",
        )
    ),
    # tenders: a draft changes as a whole
    "tender": Rights(EVERYTHING),
    "lot": Rights(("state", "ground"), delete=True),
    "criterion": Rights(delete=True),
    "keyholder": Rights(("sealed_share", "share_sha256"), delete=True),
    "invitation": Rights(delete=True),
    # bids, evaluation, awards; uploads and drafts are means of work
    "bid_file": Rights(EVERYTHING, delete=True),
    "bid_piece": Rights(delete=True),
    "bid_draft": Rights(("content", "saved_by", "saved_at"), delete=True),
    "bid_package": Rights(delete=True),
    "bid": Rights(("state", "content", "opened_at")),
    "opening_share": Rights(("share",)),
    "panel_member": Rights(
        (
            "declared_at",
            "has_conflict",
            "declaration",
            "locked_at",
            "released_at",
            "released_reason",
        )
    ),
    "score": Rights(("points", "reason", "given_at"), delete=True),
    "explanation": Rights(("answer", "answered_at", "state", "reason", "decided_at", "decided_by")),
    "award": Rights(("state", "annulled_reason")),
    # contracts, delivery, outcomes
    "contract": Rights(("state", "signed_at", "paper_id", "spent_amount")),
    "service_group": Rights(("state",)),
    "participant": Rights(("state", "leaves_until", "stays_until", "exit_reason")),
    "attendance": Rights(("mark", "was", "reason", "entered_at", "entered_by")),
    "plan": Rights(
        (
            "confirmed_at",
            "confirmed_by",
            "confirmation",
            "withdrawn_at",
            "withdrawn_by",
            "withdrawal",
        )
    ),
    "outcome": Rights(("state", "state_reason")),
    # payments: a draft changes as a whole
    "claim": Rights(EVERYTHING),
    "claim_line": Rights(delete=True),
    "payment_run": Rights(("state", "first_released_by", "second_released_by", "released_at")),
}


def grants(table: str, columns: frozenset[str], role: str, rights: Rights) -> list[str]:
    """Write the GRANTs of one table; a column that is not there yet is left out.

    >>> grants("person", frozenset({"id", "language"}), "app", Rights(("language", "moon")))
    ['GRANT INSERT ON "person" TO "app"', 'GRANT UPDATE ("language") ON "person" TO "app"']
    """
    found = []
    if rights.insert:
        found.append("INSERT")
    if rights.delete:
        found.append("DELETE")
    if rights.change == EVERYTHING:
        found.append("UPDATE")
    elif named := [f'"{name}"' for name in rights.change if name in columns]:
        found.append(f"UPDATE ({', '.join(named)})")
    return [f'GRANT {right} ON "{table}" TO "{role}"' for right in found]


async def grant_rights(connection: AppConnection, role: str) -> None:
    """Give the application's role the rights above, and no others.

    Views are for reading only: writing through one would happen with its owner's rights. Nobody but
    the owner makes temporary tables, which could be taken for ours, or anything else here.
    """
    tables = await connection.fetch(
        "SELECT relname, array_agg(attname::text) FROM pg_class c "
        "JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped "
        "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') GROUP BY 1"
    )
    named = f'"{role}"'
    database = await connection.fetchval("SELECT quote_ident(current_database())")
    statements = [
        f"REVOKE TEMPORARY, CREATE ON DATABASE {database} FROM PUBLIC, {named}",
        f"REVOKE CREATE ON SCHEMA public FROM PUBLIC, {named}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {named}, PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {named}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {named}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {named}",
        f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {named}",
    ]
    for table, columns in tables:
        statements += grants(table, frozenset(columns), role, RIGHTS.get(table, ADDED_TO))
    await connection.execute(";\n".join(statements))


async def pin_functions(connection: AppConnection) -> None:
    """Let each function of ours look for temporary tables last, whether its file says so or not."""
    for (statement,) in await connection.fetch(
        "SELECT format('ALTER FUNCTION %s SET search_path = pg_catalog, public, pg_temp', "
        "p.oid::regprocedure) FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang "
        "WHERE p.pronamespace = 'public'::regnamespace AND l.lanname IN ('sql', 'plpgsql') "
        "AND NOT coalesce(p.proconfig, '{}') @> ARRAY['search_path=pg_catalog, public, pg_temp']"
    ):
        await connection.execute(statement)
