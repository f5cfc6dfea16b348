"""`procure demo`: makes the database, starts the servers, plays the story, leaves them running."""

import shutil
from pathlib import Path

from rich.console import Console

from procure.db.migrate import fingerprint
from procure.demo import processes
from procure.demo.errors import DemoFailed
from procure.demo.seed import PASSWORD
from procure.demo.story import play
from procure.demo.story.cast import sign_ins
from procure.kernel.canonical import sha256_hex
from procure.settings import settings

TWIN_OFFSET = 31  # the register's twin listens this far above the application


def run_demo(*, serve: bool, fresh: bool) -> int:
    """Play the main job; with `serve`, keep the application running until interrupted.

    A demo that was played to its end is served again as it was left, unless `fresh`.
    """
    console = Console(highlight=False)
    folder = settings().home / "demo"
    port = settings().port
    address = f"http://127.0.0.1:{port}"
    register = f"http://127.0.0.1:{port + TWIN_OFFSET}"
    home = folder / "home"
    processes.stop_leftovers(home)
    for url in (address, register):
        if not processes.is_free(url):
            raise DemoFailed(
                f"Something listens at {url} already. Stop it, or choose another with PROCURE_PORT."
            )
    finished = folder / "finished"
    state = _state()
    played = serve and not fresh and finished.exists() and finished.read_text() == state
    home.mkdir(parents=True, exist_ok=True)
    if not played:
        _clear(folder)
    env = processes.environment(home, port, register)
    processes.stop_politely()
    if not played:
        console.print("[bold]Making the demo's database[/bold]")
        processes.run("procure.demo.seed", env, folder / "seed.log")
    with (
        processes.running(
            ["-m", "procure.adapters.register_twin", "--port", str(port + TWIN_OFFSET)],
            env,
            folder / "register.log",
            f"{register}/health",
        ),
        processes.running(
            ["-m", "procure", "serve"], env, folder / "web.log", f"{address}/api/v1/clock"
        ) as web,
    ):
        if not played:
            _play(address, folder, console)
            finished.write_text(state)
        console.print(f"\nEverything written is in [bold]{_shown(folder)}[/bold].")
        if serve:
            _invite(console, address)
            try:
                web.wait()
            except KeyboardInterrupt:
                console.print("Stopping.")
    return 0


def _state() -> str:
    """Name the tables and the database of a finished demo: in others it has to be played anew."""
    return sha256_hex(f"{fingerprint()} {settings().database_url or ''}")


def _play(address: str, folder: Path, console: Console) -> None:
    try:
        play(address, folder, console)
    except DemoFailed as failure:
        raise DemoFailed(f"{failure}\nThe server's log is {_shown(folder / 'web.log')}.") from None


def _clear(folder: Path) -> None:
    """Throw away what an earlier demo wrote; its database is emptied by the next one's seed."""
    for old in folder.iterdir():
        if old.name != "home":
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    shutil.rmtree(folder / "home" / "files", ignore_errors=True)


def _shown(folder: Path) -> str:
    here = Path.cwd()
    return str(folder.relative_to(here)) if folder.is_relative_to(here) else str(folder)


def _invite(console: Console, address: str) -> None:
    console.print(f"\n[bold]Procure is at {address}[/bold] – stop it with Ctrl-C.")
    console.print(f"Sign in as one of these; the password of each is [bold]{PASSWORD}[/bold].")
    for role, email in sign_ins():
        console.print(f"  {role:<22}{email}")
