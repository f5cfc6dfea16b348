"""The commands of `procure`: each says what it did, or in one sentence what stands in the way."""

import argparse
import asyncio
import getpass
import socket
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

from procure.db.embedded import ServerFailed
from procure.db.engine import NoOwner
from procure.db.health import UnsafeDatabase
from procure.db.migrate import MigrationFailed
from procure.db.server import CannotOpen, database
from procure.demo.errors import DemoFailed
from procure.kernel.errors import Forbidden, NotFound, ProcureError
from procure.settings import BadSetting, settings

EXPECTED = (
    ProcureError,
    BadSetting,
    CannotOpen,
    MigrationFailed,
    UnsafeDatabase,
    ServerFailed,
    NoOwner,
    DemoFailed,
)


def serve(_: argparse.Namespace) -> int:
    """Run the web application and its jobs until stopped."""
    from granian import Granian
    from granian.constants import Interfaces

    _ask_for_the_port()
    asyncio.run(_install(is_demo=None))
    Granian(
        "procure.app:app",
        address=settings().host,
        port=settings().port,
        interface=Interfaces.ASGI,
        workers=settings().workers,
        factory=True,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
    ).serve()
    return 0


def _ask_for_the_port() -> None:
    """Find out that another listens here before the server's own threads do. Raises BadSetting."""
    host, port = settings().host, settings().port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as asked:
        asked.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            asked.bind((host, port))
        except OSError as error:
            raise BadSetting(
                f"{host}:{port} cannot be listened at ({error.strerror}). Stop what listens there, "
                "or choose another with PROCURE_HOST and PROCURE_PORT."
            ) from None


def worker(_: argparse.Namespace) -> int:
    """Run the jobs alone: printing, and what the clock makes due."""
    from procure.worker import main as run_worker

    asyncio.run(run_worker())
    return 0


def demo(arguments: argparse.Namespace) -> int:
    """Play the main job through the HTTP API; leave the application running unless told not to."""
    from procure.demo.main import run_demo

    return run_demo(serve=not arguments.no_serve, fresh=arguments.fresh)


def migrate(_: argparse.Namespace) -> int:
    """Bring the database up to date, and load the catalogue."""
    asyncio.run(_install(is_demo=False))
    print("The database is up to date.")
    return 0


def create_admin(arguments: argparse.Namespace) -> int:
    """Make the first account, with its contracting authority."""
    if arguments.password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = getpass.getpass("Password (at least 12 characters): ")
        if getpass.getpass("The same password again: ") != password:
            print("The two passwords differ; nothing was made.", file=sys.stderr)
            return 1
    asyncio.run(_create_admin(arguments, password))
    print(f"{arguments.email} may sign in at {settings().public_url}/sign-in")
    print("Now run: procure serve")
    return 0


def reset_password(arguments: argparse.Namespace) -> int:
    """Make a link to a new password for anyone: for those who have nobody else to ask."""
    print(asyncio.run(_reset_password(arguments.email)))
    print("The link is good once, for a day. Hand it to that person alone.")
    return 0


def verify(arguments: argparse.Namespace) -> int:
    """Check an exported dossier without database or network."""
    from procure.dossier import verify as checker

    known = ["--head", arguments.head] if arguments.head else []
    known += ["--key", str(arguments.key)] if arguments.key else []
    return int(checker.main([str(arguments.file), *known]))


def verify_receipt(arguments: argparse.Namespace) -> int:
    """Check a bid's receipt with the installation's public key, and the sealed bid if given."""
    from procure.adapters.signing import receipt_problems

    sealed = arguments.sealed.read_bytes() if arguments.sealed else None
    key = arguments.key.read_bytes().decode("ascii", "replace")
    parts = [part.read_bytes() for part in arguments.part]
    problems = receipt_problems(arguments.receipt.read_bytes(), key, sealed, parts)
    for problem in problems:
        print(problem)
    if not problems:
        print("The receipt is genuine and whole.")
    return 1 if problems else 0


def generate_requests(arguments: argparse.Namespace) -> int:
    """Make up requests from the country's statistics, as a file that an import takes."""
    from procure.demo.requests import file_of, made_up

    rows = list(
        made_up(
            years=arguments.years,
            seed=arguments.seed,
            until=arguments.until,
            scale=arguments.scale,
        )
    )
    arguments.out.write_bytes(file_of(rows))
    print(f"{len(rows)} requests in {arguments.out}")
    return 0


def score(arguments: argparse.Namespace) -> int:
    """Compute an evaluation from its file, without database or network, and show every step."""
    from procure.scoring import command

    return command.main(
        arguments.file,
        as_json=arguments.json,
        check=arguments.check,
        rule_only=arguments.rule_only,
        ask=arguments.ask,
        bids=arguments.bid,
        without=arguments.without,
    )


def pay(arguments: argparse.Namespace) -> int:
    """Compute what is owed under payment terms, without database or network, and show why."""
    from procure.entitlement import command

    return command.main(
        arguments.terms,
        arguments.facts,
        as_json=arguments.json,
        known_at=arguments.known_at,
        posted_file=arguments.posted,
        check_file=arguments.check,
    )


async def _install(*, is_demo: bool | None) -> None:
    from procure.catalogue import service as catalogue
    from procure.identity import service as identity
    from procure.web.clock import is_demo as found_demo

    now = datetime.now(UTC)  # noqa: TID251 - the moment of installing is real
    async with database(application="procure migrate", upgrade=True):
        kind = await found_demo() if is_demo is None else is_demo
        await identity.install(is_demo=kind, now=now)
        await catalogue.load(now=now)


async def _reset_password(email: str) -> str:
    from procure.identity import queries
    from procure.identity import service as identity

    async with database(application="procure reset-password"):
        person_id = await queries.person_by_email(email.strip().lower())
        if person_id is None:
            raise NotFound(f"Nobody here has the address {email}.")
        now = datetime.now(UTC)  # noqa: TID251 - a link is made in real time
        return (await identity.offer_reset(None, person_id, now=now)).link


async def _create_admin(arguments: argparse.Namespace, password: str) -> None:
    from procure.identity import queries
    from procure.identity import service as identity
    from procure.identity.states import OrganisationKind
    from procure.kernel.actors import Role

    await _install(is_demo=False)
    now = datetime.now(UTC)  # noqa: TID251 - an account is made in real time
    async with database(application="procure create-admin"):
        found = await queries.organisation_by_code(arguments.registry_code)
        if found and found.kind != OrganisationKind.BUYER:
            raise Forbidden(
                f"{arguments.registry_code} is the provider {found.name}, not an authority; "
                "nothing was made."
            )
        if found and found.name != arguments.organisation:
            print(
                f"Warning: {arguments.registry_code} is here already, as {found.name}; the account "
                f"is made there, and the name {arguments.organisation} is not kept.",
                file=sys.stderr,
            )
        org_id = (
            found.id
            if found
            else await identity.create_organisation(
                None,
                kind=OrganisationKind.BUYER,
                registry_code=arguments.registry_code,
                name=arguments.organisation,
                now=now,
            )
        )
        await identity.create_person(
            None,
            email=arguments.email,
            name=arguments.name,
            password=password,
            language=arguments.language,
            memberships=[(org_id, Role.ADMIN)],
            personal_code=arguments.personal_code,
            since=date(now.year, now.month, now.day),
            now=now,
        )


def parser() -> argparse.ArgumentParser:  # noqa: PLR0915 - one statement an argument
    """Describe the commands."""
    top = argparse.ArgumentParser(
        prog="procure",
        description="From a caseworker's request to a bank file and an audit dossier.",
    )
    top.add_argument("--version", action="version", version=f"procure {version('procure')}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
        made.set_defaults(run=run)
        return made

    add("serve", serve)
    add("worker", worker)
    add("migrate", migrate)
    made = add("demo", demo)
    made.add_argument("--no-serve", action="store_true", help="stop after the main job")
    made.add_argument("--fresh", action="store_true", help="throw an earlier demo away first")
    made = add("create-admin", create_admin)
    made.add_argument("email")
    made.add_argument("name")
    made.add_argument("--organisation", required=True, help="name of the contracting authority")
    made.add_argument("--registry-code", required=True)
    made.add_argument("--language", default="et", choices=["et", "en", "ru"])
    made.add_argument(
        "--personal-code", default="", help="one person has one account; kept as a keyed hash alone"
    )
    made.add_argument("--password-stdin", action="store_true", help="read it from standard input")
    made = add("reset-password", reset_password)
    made.add_argument("email")
    made = add("verify", verify)
    made.add_argument("file", type=Path)
    made.add_argument("--head", help="hash of an event that must be in the chain")
    made.add_argument("--key", type=Path, help="public key (PEM) that must have signed the file")
    made = add("verify-receipt", verify_receipt)
    made.add_argument("receipt", type=Path)
    made.add_argument("--key", type=Path, required=True, help="public key of the installation")
    made.add_argument("--sealed", type=Path, help="the sealed bid that the receipt is of")
    made.add_argument(
        "--part", type=Path, action="append", default=[], help="a sealed file of the bid"
    )
    made = add("pay", pay)
    made.description = (
        "Compute what is owed (docs/formats/payment-terms.md). Exit codes: 0 computed (and as "
        "expected, with --check); 1 other than expected; 2 a file is refused, and why."
    )
    made.add_argument("terms", type=Path, help="payment terms (JSON)")
    made.add_argument("facts", type=Path, help="facts (JSON)")
    made.add_argument("--json", action="store_true", help="the whole result for programs")
    made.add_argument(
        "--known-at", default="", metavar="INSTANT", help="by what was known then, not by all facts"
    )
    made.add_argument("--posted", type=Path, metavar="FILE", help="also show what is to be posted")
    made.add_argument("--check", type=Path, metavar="FILE", help="compare with lines given")
    made = add("score", score)
    made.description = (
        "Compute an evaluation from its file (docs/formats/scoring.md). Exit codes: 0 computed "
        "(and as expected, with --check); 1 other than expected; 2 the file or its rule is refused."
    )
    made.add_argument("file", type=Path, help="an evaluation, or - for standard input")
    made.add_argument("--json", action="store_true", help="the whole result for programs")
    made.add_argument("--check", action="store_true", help="compare with `expected` of the file")
    made.add_argument("--rule-only", action="store_true", help="look at the rule, compute nothing")
    made.add_argument("--bid", action="append", default=[], metavar="ID", help="all steps of a bid")
    made.add_argument(
        "--without", action="append", default=[], metavar="ID", help="as if a bid dropped out"
    )
    made.add_argument(
        "--ask",
        action="append",
        default=[],
        choices=["to-win", "reversals", "sensitivity"],
        help="what would have been",
    )
    made = add("generate-requests", generate_requests)
    made.add_argument("--years", type=int, default=2, help="how many years (default 2)")
    made.add_argument("--seed", type=int, default=1, help="another seed, other people (default 1)")
    made.add_argument(
        "--until",
        type=date.fromisoformat,
        default=date(2026, 11, 1),
        help="a day of the month that no longer counts (default 2026-11-01)",
    )
    made.add_argument("--scale", type=float, default=1.0, help="times as many (default 1)")
    made.add_argument("--out", type=Path, required=True, help="the CSV file to write")
    return top


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    arguments = parser().parse_args(argv)
    try:
        sys.exit(arguments.run(arguments))
    except EXPECTED as error:
        sys.exit(f"procure: {error}")
    except OSError as error:
        if error.filename is None:
            raise
        sys.exit(f"procure: {error.filename} cannot be read or written: {error.strerror}.")
    except KeyboardInterrupt:
        sys.exit(130)
