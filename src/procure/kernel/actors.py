"""Who acts: permissions, roles and the actor that every service function asks.

Three questions, each answered once: may this role (`Permission`), for this organisation
(`may(..., for_org=)`), which rows (`readable_by` in each package's queries).
"""

from enum import StrEnum
from uuid import UUID

import msgspec


class Permission(StrEnum):
    """What a handler asks of the person at it, as `<resource>:<action>`."""

    NONE = "none"  # declared public: notices, sign-in, the health answer
    SIGNED_IN = "signed-in"

    ADMIN = "admin:manage"
    STAFF = "staff:manage"
    CLOCK_MOVE = "clock:move"
    TASK_READ = "task:read"
    AUDIT_READ = "audit:read"
    DOSSIER_EXPORT = "dossier:export"
    PAPER_READ = "paper:read"
    THREAD_READ = "thread:read"

    CATALOGUE_READ = "catalogue:read"
    PROVIDER_READ = "provider:read"
    PROVIDER_REGISTER = "provider:register"
    PROVIDER_EDIT = "provider:edit"
    PROVIDER_ACCOUNT = "provider:account"

    REQUEST_READ = "request:read"
    REQUEST_RECORD = "request:record"
    REQUEST_IMPORT = "request:import"
    DEMAND_READ = "demand:read"
    DEMAND_ANALYSE = "demand:analyse"

    TENDER_READ = "tender:read"
    TENDER_DRAFT = "tender:draft"
    TENDER_PUBLISH = "tender:publish"
    TENDER_CANCEL = "tender:cancel"

    BID_SUBMIT = "bid:submit"
    BID_READ = "bid:read"
    OPENING_KEY = "opening:key"
    OPENING_SHARE = "opening:share"
    OPENING_READ = "opening:read"

    PANEL_APPOINT = "panel:appoint"
    EVALUATION_READ = "evaluation:read"
    EVALUATION_SCORE = "evaluation:score"
    EVALUATION_RANK = "evaluation:rank"
    EXPLANATION_ASK = "explanation:ask"
    EXPLANATION_ANSWER = "explanation:answer"
    EXPLANATION_DECIDE = "explanation:decide"

    AWARD_READ = "award:read"
    AWARD_DECIDE = "award:decide"

    CONTRACT_READ = "contract:read"
    CONTRACT_DRAFT = "contract:draft"
    CONTRACT_SIGN = "contract:sign"

    GROUP_READ = "group:read"
    GROUP_PLAN = "group:plan"
    PARTICIPANT_REFER = "participant:refer"
    ATTENDANCE_ENTER = "attendance:enter"
    PLAN_RECORD = "plan:record"
    VISIT_RECORD = "visit:record"

    OUTCOME_READ = "outcome:read"
    OUTCOME_REPORT = "outcome:report"
    OUTCOME_VERIFY = "outcome:verify"

    CLAIM_READ = "claim:read"
    CLAIM_DRAFT = "claim:draft"
    CLAIM_ACCEPT = "claim:accept"
    CLAIM_ATTEST = "claim:attest"
    LEDGER_READ = "ledger:read"
    RUN_READ = "run:read"
    RUN_PREPARE = "run:prepare"
    RUN_RELEASE = "run:release"


class Role(StrEnum):
    """What a person is in one organisation; the permissions of each are in `identity.rules`."""

    CASEWORKER = "caseworker"
    CONSULTANT = "consultant"
    COORDINATOR = "coordinator"
    OFFICER = "opening-officer"
    EVALUATOR = "evaluator"
    CONTRACT_MANAGER = "contract-manager"
    FINANCE = "finance-officer"
    AUDITOR = "auditor"
    ADMIN = "administrator"
    PROVIDER_MANAGER = "provider-manager"
    FACILITATOR = "facilitator"


class Actor(msgspec.Struct, frozen=True):
    """A signed-in person acting for one organisation, for the length of one request."""

    id: UUID  # one account a natural person, by the personal code: four-eyes rules compare this
    name: str
    org_id: UUID
    org_name: str
    org_kind: str  # "buyer" or "provider"
    roles: frozenset[Role]
    permissions: frozenset[Permission]
    language: str = "en"
    is_limited: bool = False  # a token that is good for some of the rights alone

    def may(self, permission: Permission, *, for_org: UUID | None = None) -> bool:
        """Tell whether the actor holds `permission`, and for that organisation if one is named."""
        if permission in (Permission.NONE, Permission.SIGNED_IN):
            return True
        return permission in self.permissions and for_org in (None, self.org_id)

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody is signed in."""
        return self.id.int == 0

    @property
    def is_buyer(self) -> bool:
        """Whether the actor acts for a contracting authority."""
        return self.org_kind == "buyer"

    @property
    def is_provider(self) -> bool:
        """Whether the actor acts for a service provider."""
        return self.org_kind == "provider"


ANONYMOUS = Actor(
    id=UUID(int=0),
    name="",
    org_id=UUID(int=0),
    org_name="",
    org_kind="public",
    roles=frozenset(),
    permissions=frozenset(),
)
