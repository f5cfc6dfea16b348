"""What the environment says, read once; no other module reads `os.environ`.

Each value has a default that suits one machine with nothing set up, so that a clone runs as it is.
"""

import os
from collections.abc import Mapping
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

ACCEPTABLE = frozenset({"checksums"})  # risks that an operator may take knowingly


class BadSetting(ValueError):
    """An environment variable holds a value that cannot be used."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the program lives, and how it is reached."""

    database_url: str | None  # the owner's login; none means the embedded server under `home`
    database_app_url: str | None = None  # the application's login; none: derived from the owner's
    home: Path  # everything the program writes; keep it, back it up
    root: Path  # holds templates/ and fixtures/
    host: str
    port: int
    workers: int
    public_url: str  # without a slash at the end
    accept: frozenset[str] = frozenset()
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()  # their X-Forwarded-For counts
    employment_register_url: str | None = None  # none: outcomes are not checked against it

    @property
    def secret_file(self) -> Path:
        """The file with the key that signs cookies; whoever needs it first makes it, mode 0600."""
        return self.home / "secret"


@cache
def settings() -> Settings:
    """Read the settings of this process; BadSetting if one cannot be used."""
    return read(os.environ)


def child_environment(**changes: str) -> dict[str, str]:
    """Return this process's environment with `changes`, for a process started from here."""
    return {**os.environ, **changes}


def read(env: Mapping[str, str]) -> Settings:
    """Read the settings out of `env`; an empty value counts as none.

    >>> read({"PROCURE_PORT": "9000"}).public_url
    'http://127.0.0.1:9000'
    >>> read({"PROCURE_PORT": "http"})
    Traceback (most recent call last):
    procure.settings.BadSetting: PROCURE_PORT must be a whole number from 1 to 65535, not 'http'.
    """
    host = env.get("PROCURE_HOST") or "127.0.0.1"
    port = _whole(env, "PROCURE_PORT", default=8000, last=65535)
    return Settings(
        database_url=_database_url(env, "DATABASE_URL"),
        database_app_url=_database_url(env, "DATABASE_APP_URL"),
        home=Path(env.get("PROCURE_HOME") or "var").absolute(),
        root=_root(env),
        host=host,
        port=port,
        workers=_whole(env, "PROCURE_WORKERS", default=1, last=64),
        public_url=_public_url(env, host, port),
        accept=_accept(env),
        trusted_proxies=_proxies(env),
        employment_register_url=_register_url(env),
    )


def _whole(env: Mapping[str, str], name: str, *, default: int, last: int) -> int:
    text = env.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= last:
        raise BadSetting(f"{name} must be a whole number from 1 to {last}, not {text!r}.")
    return int(text)


def _database_url(env: Mapping[str, str], name: str) -> str | None:
    url = env.get(name) or None
    if url is not None and urlsplit(url).scheme not in {"postgresql", "postgres"}:
        # The value may hold a password, so only its scheme is repeated.
        raise BadSetting(
            f"{name} must begin with postgresql:// (the program runs on PostgreSQL only), "
            f"not with {urlsplit(url).scheme or 'no scheme'!r}."
        )
    return url


def _public_url(env: Mapping[str, str], host: str, port: int) -> str:
    named = f"[{host}]" if ":" in host else host
    url = env.get("PROCURE_PUBLIC_URL") or f"http://{named}:{port}"
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise BadSetting(
            f"PROCURE_PUBLIC_URL must look like https://procure.example.org, not {url!r}."
        )
    return url.rstrip("/")


def _register_url(env: Mapping[str, str]) -> str | None:
    url = env.get("PROCURE_EMPLOYMENT_REGISTER_URL") or None
    if url is not None and urlsplit(url).scheme not in {"http", "https"}:
        raise BadSetting(
            "PROCURE_EMPLOYMENT_REGISTER_URL must look like https://register.example.org, "
            f"not {url!r}."
        )
    return url


def _proxies(env: Mapping[str, str]) -> tuple[IPv4Network | IPv6Network, ...]:
    named = filter(None, env.get("PROCURE_TRUSTED_PROXIES", "").replace(",", " ").split())
    try:
        return tuple(ip_network(one) for one in named)
    except ValueError as error:
        raise BadSetting(
            "PROCURE_TRUSTED_PROXIES must hold addresses or networks, as in 10.0.0.5 192.0.2.0/24: "
            f"{error}."
        ) from None


def _root(env: Mapping[str, str]) -> Path:
    if given := env.get("PROCURE_ROOT"):
        root = Path(given).absolute()
        if not all((root / part).is_dir() for part in ("templates", "fixtures")):
            raise BadSetting(
                f"PROCURE_ROOT must be the folder with templates/ and fixtures/, not {given!r}."
            )
        return root
    for folder in Path(__file__).resolve().parents:
        if (folder / "templates").is_dir() or (folder / "pyproject.toml").is_file():
            return folder
    raise BadSetting("PROCURE_ROOT must name the folder that holds templates/ and fixtures/.")


def _accept(env: Mapping[str, str]) -> frozenset[str]:
    accepted = frozenset(filter(None, env.get("PROCURE_ACCEPT", "").replace(" ", "").split(",")))
    if unknown := sorted(accepted - ACCEPTABLE):
        raise BadSetting(
            f"PROCURE_ACCEPT may hold {', '.join(sorted(ACCEPTABLE))}, not {', '.join(unknown)}."
        )
    return accepted
