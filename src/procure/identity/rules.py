"""Which role may what, and what makes a password or a sign-in acceptable."""

from datetime import timedelta

from procure.kernel.actors import Permission as P
from procure.kernel.actors import Role
from procure.kernel.findings import Finding
from procure.kernel.texts import n_

_READ_BUYER = frozenset(
    {
        P.CATALOGUE_READ,
        P.PROVIDER_READ,
        P.DEMAND_READ,
        P.TENDER_READ,
        P.OPENING_READ,
        P.EVALUATION_READ,
        P.AWARD_READ,
        P.CONTRACT_READ,
        P.GROUP_READ,
        P.OUTCOME_READ,
        P.TASK_READ,
        P.PAPER_READ,
        P.THREAD_READ,
        P.AUDIT_READ,
    }
)

ROLE_PERMISSIONS: dict[Role, frozenset[P]] = {
    Role.CASEWORKER: frozenset(
        {
            P.CATALOGUE_READ,
            P.REQUEST_READ,
            P.REQUEST_RECORD,
            P.REQUEST_IMPORT,
            P.TENDER_READ,
            P.GROUP_READ,
            P.PARTICIPANT_REFER,
            P.OUTCOME_READ,
            P.TASK_READ,
            P.PAPER_READ,
            P.THREAD_READ,
        }
    ),
    Role.CONSULTANT: frozenset(
        {
            P.CATALOGUE_READ,
            P.PROVIDER_READ,
            P.REQUEST_READ,
            P.REQUEST_RECORD,
            P.REQUEST_IMPORT,
            P.DEMAND_READ,
            P.DEMAND_ANALYSE,
            P.TENDER_READ,
            P.CONTRACT_READ,
            P.GROUP_READ,
            P.GROUP_PLAN,
            P.PARTICIPANT_REFER,
            P.OUTCOME_READ,
            P.TASK_READ,
            P.PAPER_READ,
            P.THREAD_READ,
        }
    ),
    Role.COORDINATOR: _READ_BUYER
    | {
        P.PROVIDER_REGISTER,
        P.REQUEST_READ,
        P.REQUEST_IMPORT,
        P.DEMAND_ANALYSE,
        P.TENDER_DRAFT,
        P.TENDER_PUBLISH,
        P.TENDER_CANCEL,
        P.BID_READ,
        P.PANEL_APPOINT,
        P.EVALUATION_RANK,
        P.EXPLANATION_ASK,
        P.EXPLANATION_DECIDE,
        P.AWARD_DECIDE,
        P.CONTRACT_DRAFT,
        P.CONTRACT_SIGN,
        P.GROUP_PLAN,
    },
    Role.OFFICER: frozenset(
        {
            P.TENDER_READ,
            P.OPENING_KEY,
            P.OPENING_SHARE,
            P.OPENING_READ,
            P.TASK_READ,
            P.PAPER_READ,
        }
    ),
    Role.EVALUATOR: frozenset({P.TENDER_READ, P.EVALUATION_READ, P.EVALUATION_SCORE, P.TASK_READ}),
    Role.CONTRACT_MANAGER: _READ_BUYER
    | {
        P.REQUEST_READ,
        P.CONTRACT_DRAFT,
        P.CONTRACT_SIGN,
        P.GROUP_PLAN,
        P.OUTCOME_VERIFY,
        P.CLAIM_READ,
        P.CLAIM_DRAFT,
        P.CLAIM_ATTEST,
    },
    Role.FINANCE: frozenset(
        {
            P.PROVIDER_READ,
            P.CONTRACT_READ,
            P.GROUP_READ,
            P.OUTCOME_READ,
            P.OUTCOME_VERIFY,
            P.CLAIM_READ,
            P.CLAIM_DRAFT,
            P.CLAIM_ATTEST,
            P.LEDGER_READ,
            P.RUN_READ,
            P.RUN_PREPARE,
            P.RUN_RELEASE,
            P.TASK_READ,
            P.PAPER_READ,
            P.THREAD_READ,
        }
    ),
    Role.AUDITOR: _READ_BUYER
    | {
        P.REQUEST_READ,
        P.BID_READ,
        P.CLAIM_READ,
        P.LEDGER_READ,
        P.RUN_READ,
        P.DOSSIER_EXPORT,
    },
    Role.ADMIN: frozenset({P.ADMIN, P.CATALOGUE_READ, P.PROVIDER_READ, P.TASK_READ}),
    Role.PROVIDER_MANAGER: frozenset(
        {
            P.CATALOGUE_READ,
            P.TENDER_READ,
            P.PROVIDER_EDIT,
            P.BID_SUBMIT,
            P.BID_READ,
            P.EXPLANATION_ANSWER,
            P.AWARD_READ,
            P.CONTRACT_READ,
            P.CONTRACT_SIGN,
            P.GROUP_READ,
            P.ATTENDANCE_ENTER,
            P.PLAN_RECORD,
            P.VISIT_RECORD,
            P.OUTCOME_READ,
            P.OUTCOME_REPORT,
            P.CLAIM_READ,
            P.CLAIM_ACCEPT,
            P.TASK_READ,
            P.PAPER_READ,
            P.THREAD_READ,
        }
    ),
    Role.FACILITATOR: frozenset(
        {
            P.CATALOGUE_READ,
            P.GROUP_READ,
            P.ATTENDANCE_ENTER,
            P.PLAN_RECORD,
            P.VISIT_RECORD,
            P.OUTCOME_READ,
            P.OUTCOME_REPORT,
            P.CLAIM_READ,  # what I will be paid, and why not; accepting is the manager's
            P.TASK_READ,
        }
    ),
}

PROVIDER_ROLES = frozenset({Role.PROVIDER_MANAGER, Role.FACILITATOR})

# NIST SP 800-63B: length counts, composition rules do not.
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200

# CNIL and NIST SP 800-63B: after ten failures in a quarter of an hour a sign-in waits.
FAILURES = 10
FAILURE_WINDOW = timedelta(minutes=15)

IDLE = timedelta(minutes=30)
LONGEST_SESSION = timedelta(hours=12)
TOKEN_LIFE = timedelta(days=90)


def permissions_of(roles: frozenset[Role]) -> frozenset[P]:
    """Return everything that these roles together may do."""
    return frozenset().union(*(ROLE_PERMISSIONS[role] for role in roles))


def password_findings(password: str) -> list[Finding]:
    """List what is wrong with a new password.

    >>> password_findings("short")[0].code
    'password-length'
    """
    if SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return []
    return [
        Finding(
            "password-length",
            n_("A password has {shortest} to {longest} characters; this one has {length}."),
            {
                "shortest": SHORTEST_PASSWORD,
                "longest": LONGEST_PASSWORD,
                "length": len(password),
            },
            field="password",
        )
    ]


def roles_of_kind(org_kind: str) -> list[Role]:
    """List the roles that a person can hold in a buyer or in a provider.

    >>> roles_of_kind("provider")
    [<Role.PROVIDER_MANAGER: 'provider-manager'>, <Role.FACILITATOR: 'facilitator'>]
    """
    return [role for role in Role if (role in PROVIDER_ROLES) == (org_kind == "provider")]


def role_findings(roles: frozenset[Role], org_kind: str) -> list[Finding]:
    """List which roles cannot be held in an organisation of this kind; one at least is needed."""
    if not roles:
        return [Finding("no-role", n_("Choose at least one role."), field="roles")]
    return [
        Finding(
            "role-elsewhere",
            n_("{role} is not a role in a {kind}."),
            {"role": role, "kind": org_kind},
            field="roles",
        )
        for role in sorted(roles - set(roles_of_kind(org_kind)))
    ]
