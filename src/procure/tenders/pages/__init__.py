"""Tenders as pages: what is open, the notice, the coordinator's draft."""

from litestar import Controller

from procure.tenders.pages.screens import TenderPages
from procure.tenders.pages.trials import TrialPages

CONTROLLERS: list[type[Controller]] = [TenderPages, TrialPages]
