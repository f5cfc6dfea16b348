"""Identity as pages: getting in and out, people and their roles, one's own account and key."""

from litestar import Controller

from procure.identity.pages.account import AccountPages
from procure.identity.pages.entering import EnteringPages, own_path
from procure.identity.pages.keys import KeyPages
from procure.identity.pages.people import PeoplePages

__all__ = ["CONTROLLERS", "own_path"]

CONTROLLERS: list[type[Controller]] = [EnteringPages, AccountPages, PeoplePages, KeyPages]
