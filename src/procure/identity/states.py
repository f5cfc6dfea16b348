"""Kinds of organisation, and the events of identity."""

from enum import StrEnum

from procure.kernel.texts import n_


class OrganisationKind(StrEnum):
    """What an organisation is in this installation."""

    BUYER = "buyer"
    PROVIDER = "provider"


EVENTS = {
    "person:created": n_("An account was made."),
    "person:signed-in": n_("Someone signed in."),
    "person:signed-out": n_("Someone signed out."),
    "token:issued": n_("An API token was issued."),
    "organisation:created": n_("An organisation was recorded."),
    "opening-key:made": n_("An opening key was made."),
    "clock:moved": n_("The demo's clock was moved."),
}
