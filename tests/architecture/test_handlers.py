"""Every route declares who may use it, and every permission is asked for and granted."""

from importlib import import_module
from typing import Any

import pytest
from litestar import Litestar
from litestar.handlers import BaseRouteHandler

from procure.identity.rules import ROLE_PERMISSIONS
from procure.kernel.actors import Permission

PUBLIC = {Permission.NONE, Permission.SIGNED_IN}  # which nobody has to be granted
DEMO = {Permission.CLOCK_MOVE}  # which no role has, but anyone in a demo


@pytest.fixture(scope="module")
def app() -> Litestar:
    """Make the whole application, without its database."""
    made: Litestar = import_module("procure.app").create_app(lifespan=[])
    return made


def handlers(app: Litestar) -> list[tuple[str, BaseRouteHandler]]:
    """List each handler with its path and methods, but for the answers to OPTIONS."""
    found = []
    for route in app.routes:
        several: Any = getattr(route, "route_handlers", None) or [
            getattr(route, "route_handler", None)
        ]
        for handler in several:
            methods = sorted(getattr(handler, "http_methods", {"-"}))
            if methods != ["OPTIONS"]:
                found.append((f"{','.join(methods)} {route.path}", handler))
    return found


def test_every_handler_declares_a_permission(app: Litestar) -> None:
    assert len(handlers(app)) > 10
    silent = [
        name
        for name, handler in handlers(app)
        if not isinstance(handler.opt.get("permission"), Permission)
    ]
    assert silent == []


# Asked within a query: a notice is public, and the buyer's own people see more of the same page.
ASKED_BY_QUERIES = {Permission.TENDER_READ}


def test_every_permission_is_asked_for_by_a_handler(app: Litestar) -> None:
    asked = {handler.opt.get("permission") for _, handler in handlers(app)}
    assert set(Permission) - asked == ASKED_BY_QUERIES


def test_every_permission_is_granted_to_a_role() -> None:
    granted = {permission for some in ROLE_PERMISSIONS.values() for permission in some}
    assert set(Permission) - PUBLIC - DEMO == granted
