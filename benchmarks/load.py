"""A load on this machine: keep-alive connections that ask, read the answer, and ask again."""

import asyncio
import time
from collections.abc import Callable

HOST = "127.0.0.1"


async def rate(
    port: int, make: Callable[[int], bytes], *, expect: int, seconds: float = 6, at_once: int = 8
) -> float:
    """Return answers a second; `make(n)` gives the n-th request. A wrong status stops the run."""
    counter = iter(range(10**9))
    stop_at = time.perf_counter() + seconds

    async def one() -> int:
        reader, writer = await asyncio.open_connection(HOST, port)
        done = 0
        try:
            while time.perf_counter() < stop_at:
                writer.write(make(next(counter)))
                await writer.drain()
                head = await reader.readuntil(b"\r\n\r\n")
                status = int(head[9:12])
                length = _content_length(head)
                body = await reader.readexactly(length)
                if status != expect:
                    raise SystemExit(f"expected {expect}, got {status}: {body[:300]!r}")
                done += 1
        finally:
            writer.close()
        return done

    started = time.perf_counter()
    counts = await asyncio.gather(*(one() for _ in range(at_once)))
    return sum(counts) / (time.perf_counter() - started)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def get(path: str, **headers: str) -> bytes:
    """Write a GET request."""
    return _request("GET", path, headers, b"")


def post(path: str, body: bytes, **headers: str) -> bytes:
    """Write a POST request with a JSON body."""
    return _request("POST", path, {"content_type": "application/json", **headers}, body)


def _request(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"host: {HOST}", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def report(name: str, ours: float, floor: float, unit: str = "a second") -> None:
    """Print both rates and the ratio that is claimed."""
    print(f"{name}: {ours:.0f} {unit}; floor {floor:.0f} {unit}; ratio {ours / floor:.2f}")
