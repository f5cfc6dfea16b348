"""Which roles a person can hold, and who may give them.

Source: promises R9 (who prepares, approves and releases are different natural persons) and the
product's table of roles (an auditor reads; a provider's people see that provider's own things).
"""

from itertools import combinations

import msgspec

from procure.kernel.actors import Role
from procure.kernel.findings import Finding
from procure.kernel.texts import n_

PROVIDER_ROLES = frozenset({Role.PROVIDER_MANAGER, Role.FACILITATOR})

_AUDITS = n_("Who audits decides nothing: {role} and {other_role} are not held by one person.")
_ADMITS = n_(
    "Who makes accounts decides nothing about bids, contracts or money: {role} and {other_role} are"
    " not held by one person."
)
_PAYS = n_("Who awards or orders does not pay: {role} and {other_role} are not held by one person.")
_SEALS = n_(
    "Who sets the deadline holds no key to the bids: {role} and {other_role} are not held by one"
    " person."
)

# Each pair once, in the order of Role; migrations/sql/15_identity.sql holds the same pairs.
INCOMPATIBLE: dict[frozenset[Role], str] = {
    **{
        frozenset({Role.AUDITOR, other}): _AUDITS
        for other in Role
        if other is not Role.AUDITOR and other not in PROVIDER_ROLES
    },
    **{
        frozenset({Role.ADMIN, other}): _ADMITS
        for other in (
            Role.COORDINATOR,
            Role.OFFICER,
            Role.EVALUATOR,
            Role.CONTRACT_MANAGER,
            Role.FINANCE,
        )
    },
    frozenset({Role.FINANCE, Role.COORDINATOR}): _PAYS,
    frozenset({Role.FINANCE, Role.CONTRACT_MANAGER}): _PAYS,
    frozenset({Role.OFFICER, Role.COORDINATOR}): _SEALS,
}


def roles_of_kind(org_kind: str) -> list[Role]:
    """List the roles that a person can hold in a buyer or in a provider.

    >>> roles_of_kind("provider")
    [<Role.PROVIDER_MANAGER: 'provider-manager'>, <Role.FACILITATOR: 'facilitator'>]
    """
    return [role for role in Role if (role in PROVIDER_ROLES) == (org_kind == "provider")]


def role_findings(roles: frozenset[Role], org_kind: str) -> list[Finding]:
    """List why one person cannot hold these roles in an organisation of this kind.

    One is needed at least; each belongs to that kind; no two of them are incompatible (R9).
    """
    if not roles:
        return [Finding("no-role", n_("Choose at least one role."), field="roles")]
    found = [
        Finding(
            "role-elsewhere",
            n_("{role} is not a role in a {kind}."),
            {"role": role, "kind": org_kind},
            field="roles",
        )
        for role in sorted(roles - set(roles_of_kind(org_kind)))
    ]
    return found + [
        Finding(
            "incompatible",
            INCOMPATIBLE[pair],
            {"role": str(one), "other_role": str(other)},
            "R9",
            "roles",
        )
        for one, other in combinations([role for role in Role if role in roles], 2)
        if (pair := frozenset({one, other})) in INCOMPATIBLE
    ]


class Inviting(msgspec.Struct, frozen=True):
    """What decides whether a person may be invited into an organisation."""

    roles: frozenset[Role]
    org_kind: str
    is_own: bool  # the inviting person's own organisation
    is_administrator: bool  # of a buyer
    has_members: bool  # someone with a role there today


def inviting_findings(facts: Inviting) -> list[Finding]:
    """List every reason against inviting a person with these roles.

    Into another organisation only one thing is possible: a buyer's administrator invites the first
    manager of a provider in which nobody has an account. Whoever comes later is that manager's
    affair, because an account there reads that provider's sealed bids and sets where it is paid.
    """
    found = role_findings(facts.roles, facts.org_kind)
    if facts.is_own:
        return found
    if not facts.is_administrator or facts.org_kind != "provider" or facts.has_members:
        found.append(
            Finding(
                "not-yours",
                n_("People of this organisation are invited by its own people."),
                {},
                "R9",
                "organisation_id",
            )
        )
    elif facts.roles != {Role.PROVIDER_MANAGER}:
        found.append(
            Finding(
                "first-is-manager",
                n_("The first person of a provider is its manager, who invites the others."),
                field="roles",
            )
        )
    return found


class Leaving(msgspec.Struct, frozen=True):
    """What decides whether roles may be taken from a person."""

    is_self: bool
    keeps: frozenset[Role]
    held: frozenset[Role]
    is_last: bool  # nobody else here gives roles


def leaving_findings(facts: Leaving) -> list[Finding]:
    """List why these roles cannot be taken: an organisation never shuts itself out."""
    giving = frozenset({Role.ADMIN, Role.PROVIDER_MANAGER})
    lost = (facts.held & giving) - facts.keeps
    if lost and facts.is_self:
        return [
            Finding(
                "yourself",
                n_("You cannot take this role from yourself; another person must."),
                field="roles",
            )
        ]
    if lost and facts.is_last:
        return [
            Finding(
                "last",
                n_("This is the last person here who can give roles. Give the role to another."),
                field="roles",
            )
        ]
    return []
