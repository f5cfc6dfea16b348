"""What identity says and accepts."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from procure.kernel.actors import Permission, Role


class PersonView(msgspec.Struct, frozen=True):
    """A person to choose for a task: panel member, keyholder, attestor."""

    id: UUID
    name: str
    email: str


class OrganisationView(msgspec.Struct, frozen=True):
    """An organisation by its registry code."""

    id: UUID
    kind: str
    registry_code: str
    name: str


class SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a program sends to get a token, and how little that token is to be good for.

    `permissions` narrows it to some of the person's rights, `read_only` to those that change
    nothing; `days` is how long it lives, 90 at most.
    """

    email: str
    password: str
    name: str = "api"
    read_only: bool = False
    permissions: Sequence[Permission] | None = None
    days: int = 90


class Token(msgspec.Struct, frozen=True):
    """A secret shown once; send it as `Authorization: Bearer …`."""

    token: str
    expires_at: datetime
    person_id: UUID
    org_id: UUID
    permissions: Sequence[str] | None = None  # None: every right of the person


class TokenView(msgspec.Struct, frozen=True):
    """One of the caller's own tokens, without its secret."""

    id: UUID
    name: str
    permissions: Sequence[str] | None
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    is_good: bool


class Tokens(msgspec.Struct, frozen=True):
    """The caller's own tokens, the newest first."""

    items: list[TokenView]


class SignedIn(msgspec.Struct, frozen=True):
    """A session's secret, and what the browser keeps to be known again."""

    token: str
    device: str


class Me(msgspec.Struct, frozen=True):
    """Who the caller is here."""

    id: UUID
    name: str
    org_id: UUID
    org_name: str
    org_kind: str
    roles: list[str]


class NewOpeningKey(msgspec.Struct, frozen=True):
    """A key pair made for the caller; the identity is shown once and not kept."""

    identity: str
    recipient: str


class NewPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person to be invited: into the caller's own organisation unless another is named.

    Another can only be a provider in which nobody has an account yet, for its first manager.
    """

    email: str
    name: str
    roles: Sequence[Role]
    organisation_id: UUID | None = None
    language: str = "et"


class Invited(msgspec.Struct, frozen=True):
    """A link to be handed to one person, shown this once; `secret` is its last part."""

    id: UUID
    email: str
    name: str
    secret: str
    link: str
    expires_at: datetime


class Acceptance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an invited person sends: the link's secret, a password, and who they are.

    The personal code is that of Estonia, or `PNOXX-…`/`PASXX-…` of another country; it is kept as
    a keyed hash alone. A link to a new password asks for none.
    """

    secret: str
    password: str
    personal_code: str = ""


class InvitationView(msgspec.Struct, frozen=True):
    """What an invited person is shown before they accept."""

    email: str
    name: str
    organisation: str
    roles: Sequence[str]
    is_reset: bool
    language: str
    expires_at: datetime


class Waiting(msgspec.Struct, frozen=True):
    """An invitation that nobody has accepted yet."""

    id: UUID
    email: str
    name: str
    organisation: str
    roles: Sequence[str]
    expires_at: datetime
    is_over: bool


class NewRoles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All the roles that a person holds from now on; the others end."""

    roles: Sequence[Role]


class NewPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A password in place of the old one."""

    old_password: str
    new_password: str


class Held(msgspec.Struct, frozen=True):
    """A role with its days; `until_on` is the first day without it."""

    role: str
    from_on: date
    until_on: date | None


class AccountView(msgspec.Struct, frozen=True):
    """An account with its roles of today, as the people who look after it see it."""

    id: UUID
    name: str
    email: str
    organisation: str
    roles: Sequence[str]
    is_active: bool
    has_signed_in: bool


class Accounts(msgspec.Struct, frozen=True):
    """The accounts of the caller's own organisation, and who has been invited into it."""

    items: list[AccountView]
    invitations: list[Waiting]


class People(msgspec.Struct, frozen=True):
    """People of the caller's organisation who hold a role."""

    items: list[PersonView]
