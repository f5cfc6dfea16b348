"""Prints papers with WeasyPrint, in a child process that can reach neither network nor files.

The parent fills the template in; the child gets text, our own fonts and style out of memory, and
refuses every other address (promises O-1). It is killed when it takes too long (O-2). Built as
PDF/A-3a and PDF/UA-1 with the facts inside; no validator has certified that.
"""

import asyncio
import contextlib
import contextvars
import ctypes
import logging
import os
import resource
import signal
import struct
import sys
import threading
from datetime import UTC
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal

import msgspec

from procure.documents.ports import CannotPrint, NoPrinter
from procure.documents.rules import PaperOrder
from procure.settings import child_environment, settings

FONTS = Path(__file__).parents[1] / "web" / "static" / "vendor" / "fonts"
STYLE = "papers/paper.css"
NO_PANGO = (
    "WeasyPrint needs Pango, which is not installed. On Debian or Ubuntu: apt-get install "
    "--no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
)

LONGEST_HTML = 3_000_000  # characters; some 1500 pages
RENDER_SECONDS = 30.0
CPU_SECONDS = 25  # less than the time on the wall, so that the kernel stops a child without parent
MEMORY_BYTES = 1_500_000_000
PAPERS_PER_CHILD = 200

COMMAND = (sys.executable, "-I", "-m", "procure.adapters.weasyprint")
# All that a child is told of its surroundings; not, for one, the password of the database.
KEPT = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")
CLONE_NEWUSER, CLONE_NEWNET = 0x1000_0000, 0x4000_0000
PR_SET_PDEATHSIG = 1

# PDF/UA marks itself in the metadata, which PDF/A allows only with a description of the mark.
PDF_UA = (
    b'<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" '
    b'xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" '
    b'xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"><pdfaExtension:schemas><rdf:Bag>'
    b'<rdf:li rdf:parseType="Resource">'
    b"<pdfaSchema:schema>PDF/UA Universal Accessibility Schema</pdfaSchema:schema>"
    b"<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>"
    b"<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq>"
    b'<rdf:li rdf:parseType="Resource"><pdfaProperty:name>part</pdfaProperty:name>'
    b"<pdfaProperty:valueType>Integer</pdfaProperty:valueType>"
    b"<pdfaProperty:category>internal</pdfaProperty:category>"
    b"<pdfaProperty:description>PDF/UA part</pdfaProperty:description></rdf:li></rdf:Seq>"
    b"</pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"
    b'<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">'
    b"<pdfuaid:part>1</pdfuaid:part></rdf:Description></rdf:RDF>"
)

log = logging.getLogger(__name__)


class Sheet(msgspec.Struct, frozen=True):
    """What the child prints."""

    html: str
    style: str
    title: str
    author: str
    facts: str
    identifier: bytes
    ordered_at: str  # as W3C writes an instant, in UTC


class Answer(msgspec.Struct, frozen=True):
    """What came of it."""

    kind: Literal["pdf", "cannot", "missing"]
    content: bytes = b""
    message: str = ""


# --- In the parent ----------------------------------------------------------


class WeasyPrinter:
    """A `documents.ports.Printer`; `async with` it, so that its children end with it."""

    def __init__(self, *, children: int = 1, seconds: float = RENDER_SECONDS) -> None:
        self._free = asyncio.Semaphore(children)
        self._idle: list[Child] = []
        self._seconds = seconds

    async def __aenter__(self) -> "WeasyPrinter":
        """Start nothing yet: the first paper does."""
        return self

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the children."""
        while self._idle:
            await self._idle.pop().end()

    async def print_paper(self, order: PaperOrder) -> bytes:
        """Return the PDF: the same bytes for the same order. Raises CannotPrint or NoPrinter."""
        sheet = Sheet(
            html=fill_in(order),
            style=style(),
            title=named(order),
            author=order.buyer_name,
            facts=order.facts,
            identifier=order.identifier,
            ordered_at=order.ordered_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        return await self.print_sheet(sheet)

    async def print_sheet(self, sheet: Sheet) -> bytes:
        """Print in a child; one that hangs or dies is replaced by the next paper's."""
        if len(sheet.html) > LONGEST_HTML:
            raise CannotPrint("The document is too long to be printed.")
        async with self._free:
            child = self._idle.pop() if self._idle else Child()
            try:
                async with asyncio.timeout(self._seconds):
                    answer = await child.ask(sheet)
            except TimeoutError:
                raise CannotPrint(
                    f"Printing was stopped: it took longer than {self._seconds:g} seconds."
                ) from None
            except (EOFError, OSError) as error:
                raise CannotPrint("Printing was stopped: it needed too much time or memory.") from (
                    error
                )
            finally:
                if child.is_good:
                    self._idle.append(child)
                else:
                    await child.end()
        if answer.kind == "missing":
            raise NoPrinter(answer.message)
        if answer.kind == "cannot":
            raise CannotPrint(answer.message)
        return answer.content


class CopyPrinter:
    """A `documents.ports.Printer` for a copy that somebody waits for: a child for each, and few.

    Papers of record are printed by the worker; copies must not take its place.
    """

    _places = threading.BoundedSemaphore(2)

    async def print_paper(self, order: PaperOrder) -> bytes:
        """Return the PDF. Raises CannotPrint, also where others are waiting already."""
        if not self._places.acquire(blocking=False):
            raise CannotPrint("Others are printing copies. Try again in a few seconds.")
        try:
            async with WeasyPrinter() as printer:
                return await printer.print_paper(order)
        finally:
            self._places.release()


def named(order: PaperOrder) -> str:
    """Name a paper in its language: what it is, and of what."""

    def name() -> str:
        from procure.web import languages
        from procure.web.templates import term

        languages.speak(order.language)
        return f"{term(order.kind)}: {order.title}"

    return contextvars.copy_context().run(name)


def fill_in(order: PaperOrder) -> str:
    """Fill the paper's template with its facts, in the paper's language."""
    return contextvars.copy_context().run(_fill_in, order)


def _fill_in(order: PaperOrder) -> str:
    import jinja2

    from procure.web import languages
    from procure.web.templates import environment

    languages.speak(order.language)
    # A page may leave out what is absent; a letter with a hole in it must not be sent.
    strict = environment().overlay(undefined=jinja2.StrictUndefined)
    try:
        return strict.get_template(order.template).render(
            facts=msgspec.json.decode(order.facts),
            title=order.title,
            kind=order.kind,
            buyer_name=order.buyer_name,
            reader_name=order.reader_name,
            printed_for=order.printed_for,
            ordered_at=order.ordered_at,
            facts_sha256=order.facts_sha256,
            paper_id=str(order.id),
            copy_of=order.copy_of,
        )
    except Exception as error:
        # A fault of the template or of its facts; a second try would find the same.
        raise CannotPrint(f"{order.template}: {type(error).__name__}: {error}") from error


def style() -> str:
    """Read the style of all papers."""
    return (settings().root / "templates" / STYLE).read_text()


class Child:
    """One process that prints, one paper after the other, over its pipes."""

    def __init__(self) -> None:
        self.process: asyncio.subprocess.Process | None = None
        self.is_good = True
        self._printed = 0

    async def ask(self, sheet: Sheet) -> Answer:
        """Send a sheet and wait for the answer."""
        self.is_good = False  # until the answer is there
        if self.process is None:
            self.process = await asyncio.create_subprocess_exec(
                *COMMAND,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={name: value for name, value in child_environment().items() if name in KEPT},
                start_new_session=True,  # Ctrl+C is for the parent, which then ends its children
            )
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None  # noqa: S101 - both are pipes
        assert stdout is not None  # noqa: S101
        message = msgspec.msgpack.encode(sheet)
        stdin.write(struct.pack(">I", len(message)) + message)
        await stdin.drain()
        (size,) = struct.unpack(">I", await stdout.readexactly(4))
        answer = msgspec.msgpack.decode(await stdout.readexactly(size), type=Answer)
        self._printed += 1
        self.is_good = answer.kind != "missing" and self._printed < PAPERS_PER_CHILD
        return answer

    async def end(self) -> None:
        """Kill the process and wait until it is gone."""
        self.is_good = False
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()
        # Closes the pipes now; otherwise that happens some time later, with a warning.
        self.process._transport.close()  # type: ignore[attr-defined]
        self.process = None


# --- In the child -----------------------------------------------------------


def main() -> None:
    """Print what comes in by stdin until it closes."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not mix with the answers
    confine()
    missing = ""
    try:
        import weasyprint

        weasyprint.LOGGER.setLevel(logging.ERROR)
    except (OSError, ImportError):
        missing = NO_PANGO
    while message := read_frame(sys.stdin.buffer):
        sheet = msgspec.msgpack.decode(message, type=Sheet)
        limit_cpu()
        answer = Answer("missing", message=missing) if missing else answer_of(sheet)
        encoded = msgspec.msgpack.encode(answer)
        answers.write(struct.pack(">I", len(encoded)) + encoded)
        answers.flush()


def read_frame(stream: IO[bytes]) -> bytes:
    """Read one message; empty at the end."""
    head = stream.read(4)
    if len(head) < 4:
        return b""
    (size,) = struct.unpack(">I", head)
    return stream.read(size)


def confine() -> None:
    """Give up the network, and whatever else printing does not need, as far as the kernel lets us.

    A second wall: the first is that nothing is fetched but what `assets` holds.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if libc.unshare(CLONE_NEWNET) != 0:
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_cpu() -> None:
    """Allow the next paper its share of processor time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + CPU_SECONDS
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def answer_of(sheet: Sheet) -> Answer:
    """Print one sheet."""
    from weasyprint.urls import FatalURLFetchingError

    try:
        return Answer("pdf", content=render(sheet))
    except FatalURLFetchingError as error:  # a BaseException, so that nobody swallows it
        return Answer("cannot", message=str(error))
    except RecursionError:
        return Answer("cannot", message="The document is nested too deeply.")
    except MemoryError:
        return Answer("cannot", message="Printing was stopped: it needed too much memory.")
    except Exception as error:
        log.exception("cannot print")
        return Answer("cannot", message=f"{type(error).__name__}: {error}"[:400])


@cache
def assets() -> dict[str, bytes]:
    """Return everything that a paper may fetch, by address."""
    return {f"app:/fonts/{path.name}": path.read_bytes() for path in FONTS.glob("*.ttf")}


def locked_fetcher() -> Any:  # noqa: ANN401 - WeasyPrint has no types
    """Make a fetcher that serves `assets` and stops the printing at any other address."""
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    class Locked(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: object = None) -> Any:  # noqa: ANN401, ARG002
            """Serve from memory."""
            content = assets().get(url)
            if content is None:
                raise FatalURLFetchingError(f"The document asks for {url[:200]}: refused.")
            return URLFetcherResponse(url, content, {"Content-Type": "font/ttf"})

    return Locked(allowed_protocols=frozenset(), allow_redirects=False, fail_on_errors=True)


@cache
def font_configuration() -> Any:  # noqa: ANN401 - WeasyPrint has no types
    """Keep our fonts loaded from one paper to the next."""
    from weasyprint.text.fonts import FontConfiguration

    return FontConfiguration()


def render(sheet: Sheet) -> bytes:
    """Lay out and write the PDF; every instant and name in it comes from the sheet."""
    from datetime import datetime

    from weasyprint import CSS, HTML, Attachment

    fetcher, fonts = locked_fetcher(), font_configuration()
    css = CSS(string=sheet.style, base_url="app:/", url_fetcher=fetcher, font_config=fonts)
    document = HTML(string=sheet.html, base_url="app:/", url_fetcher=fetcher).render(
        font_config=fonts, stylesheets=[css], pdf_tags=True
    )
    ordered_at = datetime.fromisoformat(sheet.ordered_at)
    about = document.metadata
    about.title, about.authors, about.generator = sheet.title, [sheet.author], "Procure"
    about.created = about.modified = sheet.ordered_at
    about.attachments = [
        Attachment(
            string=sheet.facts,
            base_url="app:/",
            url_fetcher=fetcher,
            name="facts.json",
            description="The facts that this document was printed from, as canonical JSON",
            relationship="Data",
            created=ordered_at,
            modified=ordered_at,
        )
    ]
    described = about.generate_rdf_metadata
    about.generate_rdf_metadata = lambda *args: described(*args).replace(b"</rdf:RDF>", PDF_UA)
    written: bytes = document.write_pdf(
        pdf_variant="pdf/a-3a", pdf_identifier=sheet.identifier, finisher=list_attachments_once
    )
    return written


def list_attachments_once(document: Any, pdf: Any) -> None:  # noqa: ANN401, ARG001
    """Mend the catalogue, in which WeasyPrint 70 lists each attachment twice."""
    if attached := pdf.catalog.get("AF"):
        pdf.catalog["AF"] = type(attached)(dict.fromkeys(attached))


if __name__ == "__main__":
    main()
