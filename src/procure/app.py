"""The web application: the one place where packages, adapters and the framework meet."""

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from litestar import Controller, Litestar, Request, Router
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.static_files import create_static_files_router
from litestar.template import TemplateConfig

from procure.adapters.age_seal import AgeSealer
from procure.adapters.business_register import FixtureBusinessRegister, NoBusinessRegister
from procure.adapters.employment_register import HttpEmploymentRegister
from procure.adapters.file_check import MemoryFileCheck
from procure.adapters.pain001 import Pain001Writer
from procure.adapters.signing import FileSigner
from procure.adapters.vault import AesVault
from procure.adapters.weasyprint import CopyPrinter
from procure.bids.api import ArrivalMiddleware, provide_arrived
from procure.db.server import database
from procure.demo.api import DemoApi
from procure.identity.sessions import SessionMiddleware
from procure.kernel.actors import ANONYMOUS, Actor, Permission
from procure.providers.ports import BusinessRegister
from procure.settings import settings
from procure.web import headers, languages
from procure.web.clock import is_demo, provide_now
from procure.web.forms import provide_form
from procure.web.guards import require_own_form, require_permission
from procure.web.hosts import HostMiddleware
from procure.web.idempotency import IdempotencyMiddleware
from procure.web.intake import IntakeMiddleware
from procure.web.nowhere import nowhere
from procure.web.problems import HANDLERS
from procure.web.templates import template_engine
from procure.worker import worker_lifespan

PACKAGES = (
    "identity",
    "documents",
    "tasks",
    "catalogue",
    "providers",
    "demand",
    "tenders",
    "bids",
    "evaluation",
    "awards",
    "contracts",
    "delivery",
    "outcomes",
    "payments",
    "dossier",
    "desk",
)
STATIC = Path(__file__).parent / "web" / "static"
VERSION = "0.1.0"
LARGEST_BODY = 12_000_000

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


def controllers() -> list[type[Controller]]:
    """Collect the API and page controllers of every package, in the order of the flow."""
    found: list[type[Controller]] = []
    for package in PACKAGES:
        for room in ("api", "pages"):
            name = f"procure.{package}.{room}"
            if find_spec(name) is not None:
                found += import_module(name).CONTROLLERS
    return found


def provide_actor(request: Request[Any, Any, Any]) -> Actor:
    """Give handlers who is asking."""
    user = request.scope.get("user")
    return user if isinstance(user, Actor) else ANONYMOUS


# Adapters come from functions without parameters: Litestar reads a class's own parameters from the
# request, and a caller could name the register's address.
def provide_sealer() -> AgeSealer:
    """Give handlers what seals bids."""
    return AgeSealer()


def provide_vault() -> AesVault:
    """Give handlers what locks drafts and pieces of uploads."""
    return AesVault()


def provide_file_check() -> MemoryFileCheck:
    """Give handlers what looks into files."""
    return MemoryFileCheck()


def provide_signer() -> FileSigner:
    """Give handlers what signs receipts."""
    return FileSigner()


def provide_printer() -> CopyPrinter:
    """Give handlers what prints a copy while its reader waits."""
    return CopyPrinter()


def provide_payment_file() -> Pain001Writer:
    """Give handlers what writes payment files."""
    return Pain001Writer()


def provide_employment_register() -> HttpEmploymentRegister:
    """Give handlers the employment register of the settings."""
    return HttpEmploymentRegister()


async def provide_business_register() -> BusinessRegister:
    """Give the business register: a demo's answers from its file, elsewhere there is none yet."""
    return FixtureBusinessRegister() if await is_demo() else NoBusinessRegister()


@asynccontextmanager
async def database_lifespan(_: Litestar) -> AsyncGenerator[None, None]:
    """Hold the database while the application runs."""
    async with database(application="procure web", upgrade=True):
        yield


def create_app(*, lifespan: list[Lifespan] | None = None) -> Litestar:
    """Make the application. Tests bring their own database and pass an empty `lifespan`."""
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        force=True,  # the server has set up the root logger its own way, and would keep ours quiet
    )
    static = create_static_files_router(
        path="/static",
        directories=[STATIC],
        opt={"permission": Permission.NONE},
        include_in_schema=False,
        cache_control=None,
    )
    made = Litestar(
        [*controllers(), DemoApi, static, nowhere],
        lifespan=[database_lifespan, worker_lifespan] if lifespan is None else lifespan,
        dependencies={
            "actor": Provide(provide_actor, sync_to_thread=False),
            "now": Provide(provide_now),
            "form": Provide(provide_form),
            "arrived": Provide(provide_arrived, sync_to_thread=False),
            "sealer": Provide(provide_sealer, sync_to_thread=False),
            "vault": Provide(provide_vault, sync_to_thread=False),
            "check": Provide(provide_file_check, sync_to_thread=False),
            "signer": Provide(provide_signer, sync_to_thread=False),
            "printer": Provide(provide_printer, sync_to_thread=False),
            "payment_file": Provide(provide_payment_file, sync_to_thread=False),
            "employment_register": Provide(provide_employment_register, sync_to_thread=False),
            "business_register": Provide(provide_business_register),
        },
        guards=[require_permission, require_own_form],
        middleware=[
            ArrivalMiddleware,  # before anything that could take time
            IntakeMiddleware,
            SessionMiddleware,
            languages.LanguageMiddleware,
            IdempotencyMiddleware,
        ],
        exception_handlers=HANDLERS,
        before_send=[headers.add_headers],
        template_config=TemplateConfig(instance=template_engine()),
        request_max_body_size=LARGEST_BODY,
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="Procure",
            version=VERSION,
            description="From a caseworker's request to a bank file and an audit dossier.",
            openapi_router=Router(
                "/api/v1/openapi", route_handlers=[], opt={"permission": Permission.NONE}
            ),
            use_handler_docstrings=True,
            render_plugins=[JsonRenderPlugin()],  # no page that loads scripts from elsewhere
            security=[{"bearer": []}],
            components=Components(
                security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer")}
            ),
        ),
        debug=False,
    )
    made.asgi_handler = HostMiddleware(made.asgi_handler)  # also around what is not found
    return made


def app() -> Litestar:
    """Make the application for the server, which calls this in each of its workers."""
    settings()  # a bad setting stops the start, not the first request
    return create_app()
