"""What identity says and accepts."""

from datetime import datetime
from uuid import UUID

import msgspec

from procure.kernel.actors import Role


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
    """What a program sends to get a token."""

    email: str
    password: str
    name: str = "api"


class Token(msgspec.Struct, frozen=True):
    """A secret shown once; send it as `Authorization: Bearer …`."""

    token: str
    expires_at: datetime
    person_id: UUID
    org_id: UUID


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
    """An account to be made: for the caller's own organisation, or for a provider's."""

    email: str
    name: str
    password: str
    roles: list[Role]
    organisation_id: UUID
    language: str = "et"


class AccountView(msgspec.Struct, frozen=True):
    """An account with its roles, as an administrator sees it."""

    id: UUID
    name: str
    email: str
    organisation: str
    roles: list[str]
    is_active: bool


class People(msgspec.Struct, frozen=True):
    """People of the caller's organisation who hold a role."""

    items: list[PersonView]
