"""Pages of facts of every stage: first screens, thread, history, what everyone may see."""

from litestar import Controller

from procure.desk.pages.register import RegisterPages
from procure.desk.pages.screens import DeskPages

CONTROLLERS: list[type[Controller]] = [DeskPages, RegisterPages]
