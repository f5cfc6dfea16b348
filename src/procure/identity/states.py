"""Kinds of organisation, and the events of identity."""

from enum import StrEnum

from procure.kernel.texts import n_


class OrganisationKind(StrEnum):
    """What an organisation is in this installation."""

    BUYER = "buyer"
    PROVIDER = "provider"


EVENTS = {
    "person:invited": n_("Someone was invited."),
    "person:created": n_("An account was made."),
    "person:roles-changed": n_("The roles of a person were changed."),
    "person:deactivated": n_("An account was closed."),
    "person:reactivated": n_("An account was opened again."),
    "person:reset-offered": n_("A link to a new password was made."),
    "person:password-changed": n_("A password was changed."),
    "person:signed-in": n_("Someone signed in."),
    "person:signed-out": n_("Someone signed out."),
    "person:signed-out-everywhere": n_("Someone signed out everywhere."),
    "invitation:ended": n_("An invitation was withdrawn."),
    "token:issued": n_("An API token was issued."),
    "token:ended": n_("An API token was ended."),
    "organisation:created": n_("An organisation was recorded."),
    "opening-key:made": n_("An opening key was made."),
    "clock:moved": n_("The demo's clock was moved."),
}
