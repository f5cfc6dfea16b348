"""Where a request came from, when proxies stand in between."""

from ipaddress import ip_address
from typing import Any

from litestar import Request

from procure.settings import settings


def client_address(request: Request[Any, Any, Any]) -> str:
    """Return the address that a request came from.

    `X-Forwarded-For` is believed as far as `PROCURE_TRUSTED_PROXIES` wrote it: from its end, one
    entry for each trusted proxy, and no further. Anyone else may write into it what they like.
    """
    peer = request.client.host if request.client else ""
    said = ",".join(request.headers.getall("x-forwarded-for", []))
    return _through(peer, [part.strip() for part in said.split(",") if part.strip()])


def _through(peer: str, hops: list[str]) -> str:
    """Walk from the peer towards the sender for as long as the last one is trusted.

    >>> _through("203.0.113.9", ["198.51.100.1"])
    '203.0.113.9'
    """
    while hops and _is_trusted(peer):
        peer = hops.pop()
    return peer


def _is_trusted(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in settings().trusted_proxies)
