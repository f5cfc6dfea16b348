"""Identity: the only writer of its tables. Sessions live on the real clock, never on a demo's."""

from procure.identity.service.entering import (
    change_password,
    end_token,
    issue_token,
    set_language,
    sign_in,
    sign_out,
    sign_out_everywhere,
    touch,
)
from procure.identity.service.installation import create_organisation, install, move_clock
from procure.identity.service.inviting import accept, invite, offer_reset, withdraw
from procure.identity.service.keys import make_opening_key
from procure.identity.service.people import (
    change_roles,
    create_person,
    deactivate,
    reactivate,
)

__all__ = [
    "accept",
    "change_password",
    "change_roles",
    "create_organisation",
    "create_person",
    "deactivate",
    "end_token",
    "install",
    "invite",
    "issue_token",
    "make_opening_key",
    "move_clock",
    "offer_reset",
    "reactivate",
    "set_language",
    "sign_in",
    "sign_out",
    "sign_out_everywhere",
    "touch",
    "withdraw",
]
