"""Which role may what: the one table of permissions."""

from procure.kernel.actors import Permission as P
from procure.kernel.actors import Role

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
            P.PROVIDER_ACCOUNT,
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
    Role.ADMIN: frozenset({P.ADMIN, P.STAFF, P.CATALOGUE_READ, P.PROVIDER_READ, P.TASK_READ}),
    Role.PROVIDER_MANAGER: frozenset(
        {
            P.CATALOGUE_READ,
            P.STAFF,
            P.TENDER_READ,
            P.PROVIDER_EDIT,
            P.PROVIDER_ACCOUNT,
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


def permissions_of(roles: frozenset[Role], scope: frozenset[P] | None = None) -> frozenset[P]:
    """Return everything that these roles together may do, within `scope` if there is one.

    >>> sorted(permissions_of(frozenset({Role.ADMIN}), frozenset({P.STAFF, P.RUN_RELEASE})))
    [<Permission.STAFF: 'staff:manage'>]
    """
    whole = frozenset[P]().union(*(ROLE_PERMISSIONS[role] for role in roles))
    return whole if scope is None else whole & scope


def reading() -> frozenset[P]:
    """Return the permissions that change nothing: what a token for reading alone is given.

    >>> P.TENDER_READ in reading(), P.TENDER_PUBLISH in reading()
    (True, False)
    """
    return frozenset(one for one in P if one.endswith(":read"))
