"""The employment register's twin: a small server that answers from a fixture file.

`python -m procure.adapters.register_twin --port 8031`. It stands in for TÖR, whose real interface
needs X-tee and a legal basis; it listens on this machine alone and keeps nothing.
"""

import argparse
import logging
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec

from procure.adapters.employment_register import (
    FIXTURE,
    PATH,
    Answers,
    Questions,
    belonging,
    read_spells,
)
from procure.outcomes.rules import Spell
from procure.settings import settings

HOST = "127.0.0.1"
LARGEST_QUESTION = 1_000_000

log = logging.getLogger(__name__)


class _Handler(BaseHTTPRequestHandler):
    """One request; `spells` is what the register knows."""

    spells: tuple[Spell, ...] = ()
    timeout = 10

    def do_GET(self) -> None:
        """Say that the twin is there."""
        self._say(200 if self.path == "/health" else 404, {"answers": f"POST {PATH}"})

    def do_POST(self) -> None:
        """Answer questions about spells."""
        length = int(self.headers.get("Content-Length") or 0)
        if self.path != PATH:
            self._say(404, {"answers": f"POST {PATH}"})
        elif not 0 < length <= LARGEST_QUESTION:
            self._say(413, {"most_bytes": LARGEST_QUESTION})
        else:
            try:
                asked = msgspec.json.decode(self.rfile.read(length), type=Questions)
            except msgspec.MsgspecError as fault:
                self._say(400, {"fault": str(fault)})
            else:
                self._say(200, Answers(belonging(self.spells, asked.questions)))

    def _say(self, status: int, content: object) -> None:
        body = msgspec.json.encode(content)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Write to our log instead of to the terminal."""
        log.info(format, *args)


def twin(port: int = 0, file: Path | None = None) -> ThreadingHTTPServer:
    """Make the twin, listening on any free port if none is given; the caller serves and closes."""
    spells = read_spells(file or settings().root / FIXTURE)
    handler = type("Handler", (_Handler,), {"spells": tuple(spells)})
    return ThreadingHTTPServer((HOST, port), handler)


def main() -> None:
    """Read the command line and serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8031)
    parser.add_argument("--file", type=Path, help="spells, instead of the fixture's own")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with twin(given.port, given.file) as server:
        log.info("the employment register's twin listens on http://%s:%s", *server.server_address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            log.info("the twin stops")


if __name__ == "__main__":
    main()
