"""`procure demo`: makes the database, starts the servers, plays the story, leaves them running."""

import subprocess
from pathlib import Path

from rich.console import Console

from procure.db.migrate import fingerprint
from procure.demo import processes
from procure.demo.errors import DemoFailed
from procure.demo.folder import Course, clear, course, held, shown
from procure.demo.seed import PASSWORD
from procure.demo.story import play
from procure.demo.story.cast import sign_ins
from procure.kernel.canonical import sha256_hex
from procure.settings import settings

TWIN_OFFSET = 31  # the register's twin listens this far above the application
LAST_PORT = 65_535


def run_demo(*, serve: bool, fresh: bool) -> int:
    """Play the main job; with `serve`, keep the application running until interrupted.

    A demo that was played to its end is served again as it was left, unless `fresh`.
    """
    console = Console(highlight=False)
    folder = settings().home / "demo"
    with held(folder):
        chosen = course(folder, _state(), serve=serve, fresh=fresh)
        if chosen == Course.NOTHING:
            console.print(
                f"The demo was played already; what it wrote is in [bold]{shown(folder)}[/bold]. "
                "FRESH=1 plays it again."
            )
            return 0
        try:
            _run(folder, console, play_it=chosen == Course.PLAY, serve=serve)
        except KeyboardInterrupt:
            begun = chosen == Course.PLAY and not (folder / "finished").exists()
            console.print("Stopped. The next demo begins anew." if begun else "Stopped.")
    return 0


def _run(folder: Path, console: Console, *, play_it: bool, serve: bool) -> None:
    address, register = _addresses()
    home = folder / "home"
    processes.stop_leftovers(home)
    for url, what in ((address, "the application"), (register, "the register's twin")):
        if not processes.is_free(url):
            raise DemoFailed(
                f"Something listens at {url} already, where {what} of the demo would be. Stop it, "
                "or choose another port with PROCURE_PORT."
            )
    home.mkdir(parents=True, exist_ok=True)
    env = processes.environment(home, settings().port, register)
    processes.stop_politely()
    if play_it:
        clear(folder)
        console.print("[bold]Making the demo's database[/bold]")
        processes.run(
            "procure.demo.seed", env, folder / "seed.log", failed="The database cannot be made"
        )
    twin = ["-m", "procure.adapters.register_twin", "--port", register.rpartition(":")[2]]
    web = ["-m", "procure", "serve"]
    with (
        processes.running(twin, env, folder / "register.log", f"{register}/health"),
        processes.running(web, env, folder / "web.log", f"{address}/api/v1/clock") as server,
    ):
        if play_it:
            _play(address, folder, console)
            (folder / "finished").write_text(_state())
            console.print(f"\nEverything written is in [bold]{shown(folder)}[/bold].")
        else:
            console.print("The demo is served as it was left; FRESH=1 plays it anew.")
        if serve:
            _invite(console, address)
            _wait(server, folder)


def _addresses() -> tuple[str, str]:
    """Return where the application and the register's twin listen."""
    port = settings().port
    if port + TWIN_OFFSET > LAST_PORT:
        raise DemoFailed(
            f"PROCURE_PORT may be at most {LAST_PORT - TWIN_OFFSET} for a demo: the register's "
            f"twin listens {TWIN_OFFSET} above it."
        )
    return f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + TWIN_OFFSET}"


def _state() -> str:
    """Name the tables and the database of a finished demo: in others it has to be played anew."""
    return sha256_hex(f"{fingerprint()} {settings().database_url or ''}")


def _play(address: str, folder: Path, console: Console) -> None:
    try:
        play(address, folder, console)
    except DemoFailed as failure:
        raise DemoFailed(f"{failure}\nThe server's log is {shown(folder / 'web.log')}.") from None


def _wait(server: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait until somebody stops the demo; a server that ends by itself is a failure."""
    code = server.wait()
    raise DemoFailed(f"The application ended by itself ({code}); see {shown(folder / 'web.log')}.")


def _invite(console: Console, address: str) -> None:
    console.print(f"\n[bold]Procure is at {address}[/bold] – stop it with Ctrl-C.")
    console.print(f"Sign in as one of these; the password of each is [bold]{PASSWORD}[/bold].")
    for role, email in sign_ins():
        console.print(f"  {role:<22}{email}")
