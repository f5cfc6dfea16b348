"""Papers as PDF: the same bytes each time, the facts inside, and nothing fetched from anywhere."""

import asyncio
import contextlib
import http.server
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from uuid import UUID

import jinja2
import msgspec
import pikepdf
import pypdfium2
import pytest

from procure.adapters import weasyprint as adapter
from procure.adapters.weasyprint import Sheet, WeasyPrinter, render
from procure.documents.ports import CannotPrint, NoPrinter
from procure.documents.rules import PaperOrder
from procure.dossier.verify import holds
from procure.kernel.canonical import canonical
from procure.web.templates import environment

PAPER = """{% extends "papers/base.html" %}
{% from "papers/_parts.html" import facts_table, table, signatures, box with context %}
{% block kind_name %}{{ _("Notice") }}{% endblock %}
{% block content %}
<p>{{ facts.text }}</p>
{% call box() %}<p>Õ ä ü š ž, Русский, ≥ ✓ →</p>{% endcall %}
{{ table([("Criterion", "text"), ("Points", "number")], facts.scores, caption="Scores") }}
{{ facts_table([("Price", facts.price | money), ("Nothing", None)]) }}
{{ signatures([
    ("Buyer", buyer_name, "Mari", "2024-03-14T08:00:00Z"), ("Provider", printed_for, None, None)
]) }}
{% endblock %}"""
ORDER = PaperOrder(
    id=UUID(int=7),
    kind="letter",
    template="test/paper.html",
    title="Decision on lot L03",
    language="en",
    buyer_name="Töötukassa",
    reader_name="Töölootus OÜ",
    facts=canonical(
        {
            "reference": "TK-2024-017",
            "text": "Second of three.",
            "scores": [["K1", "34.68"]],
            "price": "21.50",
        }
    ),
    ordered_at=datetime(2024, 2, 28, 8, 30, tzinfo=UTC),
)
CANARY = "canary-7f3a91"

# WeasyPrint 70 leaves the colour profile that it ships open.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*sRGB2014:pytest.PytestUnraisableExceptionWarning",
)


@pytest.fixture(autouse=True)
def paper_template(monkeypatch: pytest.MonkeyPatch) -> None:
    env = environment()
    loader = jinja2.ChoiceLoader([jinja2.DictLoader({"test/paper.html": PAPER}), env.loader])
    monkeypatch.setattr(env, "loader", loader)


class Listener:
    """A web server that counts who comes."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        paths = self.paths

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                paths.append(self.path)
                self.send_response(404)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listening = Listener()
    yield listening
    listening.server.shutdown()
    listening.server.server_close()


SVG = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
VECTORS = {
    "img": '<img src="{url}" alt="">',
    "css link": '<link rel="stylesheet" href="{url}">',
    "css import": "<style>@import '{url}';</style>",
    "background": '<p style="background: url({url})">x</p>',
    "font": "<style>@font-face {{ font-family: f; src: url('{url}') }} p {{ font-family: f }}"
    "</style><p>x</p>",
    "link attachment": '<link rel="attachment" href="{url}">',
    "a attachment": '<a rel="attachment" href="{url}">x</a>',
    "object": '<object data="{url}" type="image/png">x</object>',
    "embed": '<embed src="{url}" type="image/png">',
    "svg image": f'<svg {SVG} width="9" height="9">'
    '<image xlink:href="{url}" width="9" height="9"/></svg>',
    "svg use": f'<svg {SVG} width="9" height="9"><use xlink:href="{{url}}#a"/></svg>',
    "svg css": f'<svg {SVG} width="9" height="9"><style>@import "{{url}}";</style>'
    '<rect width="9" height="9"/></svg>',
    "content": "<style>p::before {{ content: url('{url}') }}</style><p>x</p>",
    "list style": "<ul style=\"list-style: url('{url}')\"><li>x</li></ul>",
    "colour profile": "<style>@color-profile --c {{ src: url('{url}') }}"
    " p {{ color: color(--c 1 0 0) }}</style><p>x</p>",
}


def sheet(body: str) -> Sheet:
    return Sheet(
        html=f'<!doctype html><html lang="en"><title>t</title><body>{body}</body></html>',
        style="",
        title="t",
        author="a",
        facts="{}",
        identifier=b"0123456789abcdef",
        ordered_at="2024-02-28T08:30:00Z",
    )


def streams(pdf: bytes) -> str:
    """Return every stream of a PDF, unpacked."""
    found = []
    with pikepdf.open(BytesIO(pdf)) as opened:
        for item in opened.objects:
            if isinstance(item, pikepdf.Stream):
                try:
                    found.append(item.read_bytes().decode("latin-1"))
                except pikepdf.PdfError:
                    found.append(item.read_raw_bytes().decode("latin-1"))
    return "\n".join(found)


def printed_or_refused(body: str) -> bytes:
    answer = adapter.answer_of(sheet(body))
    return answer.content


@pytest.mark.parametrize("vector", VECTORS)
def test_no_vector_reaches_the_network(vector: str, listener: Listener) -> None:
    url = f"{listener.address}/{CANARY}"
    printed = printed_or_refused(VECTORS[vector].format(url=url))
    assert listener.paths == []
    assert not printed or CANARY not in streams(printed)


@pytest.mark.parametrize("vector", VECTORS)
@pytest.mark.parametrize("form", ["file", "relative"])
def test_no_vector_reads_a_file(vector: str, form: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(CANARY)
    url = secret.as_uri() if form == "file" else f"../../../../../../..{secret}"
    printed = printed_or_refused(VECTORS[vector].format(url=url))
    assert not printed or CANARY not in streams(printed)


def test_the_harness_sees_what_the_stock_fetcher_does(listener: Listener, tmp_path: Path) -> None:
    """Negative control: with WeasyPrint's own fetcher nearly every vector gets out."""
    from weasyprint import HTML
    from weasyprint.urls import URLFetchingError

    reached = []
    for name, body in VECTORS.items():
        listener.paths.clear()
        with contextlib.suppress(URLFetchingError):  # the colour profile, which was not a profile
            HTML(string=body.format(url=f"{listener.address}/{CANARY}")).write_pdf()
        if listener.paths:
            reached.append(name)
    assert len(reached) >= 13, reached

    secret = tmp_path / "secret.txt"
    secret.write_text(CANARY)
    body = VECTORS["link attachment"].format(url=secret.as_uri())
    assert CANARY in streams(HTML(string=body).write_pdf())


def test_the_child_is_without_a_network(listener: Listener) -> None:
    """A second wall: even with a fetcher that would ask, nobody can be reached."""
    port = listener.server.server_port
    code = (
        "import ctypes, socket, sys\n"
        "from procure.adapters.weasyprint import confine\n"
        f"socket.create_connection(('127.0.0.1', {port})).close()\n"
        "confine()\n"
        "try:\n"
        f"    socket.create_connection(('127.0.0.1', {port}), timeout=2)\n"
        "except OSError as error:\n"
        "    sys.exit(7)\n"
    )
    found = subprocess.run([sys.executable, "-c", code], check=False).returncode
    if found == 0:
        pytest.skip("this kernel does not let a process give up its network")
    assert found == 7


async def test_printing_again_gives_the_same_bytes() -> None:
    async with WeasyPrinter() as printer:
        first = await printer.print_paper(ORDER)
        again = await printer.print_paper(ORDER)
    await asyncio.sleep(1.1 - time.time() % 1)  # into another second of the clock
    async with WeasyPrinter() as printer:
        other_child = await printer.print_paper(ORDER)
        other_facts = await printer.print_paper(
            msgspec.structs.replace(ORDER, facts=ORDER.facts.replace("21.50", "21.51"))
        )
    assert first == again == other_child
    assert other_facts != first


async def test_the_paper_is_built_as_pdf_a_3a_and_pdf_ua_1() -> None:
    async with WeasyPrinter() as printer:
        content = await printer.print_paper(ORDER)
    with pikepdf.open(BytesIO(content)) as pdf:
        with pdf.open_metadata() as about:
            assert about["pdfaid:part"] == "3"
            assert about["pdfaid:conformance"] == "A"
            assert about["pdfuaid:part"] == "1"
            assert about["dc:title"] == f"letter: {ORDER.title}"
            assert about["xmp:CreateDate"] == about["xmp:ModifyDate"] == "2024-02-28T08:30:00Z"
        root = pdf.Root
        assert root.Lang == "en"
        assert root.MarkInfo.Marked
        assert root.ViewerPreferences.DisplayDocTitle
        assert "/StructTreeRoot" in root
        assert root.OutputIntents[0].S == "/GTS_PDFA1"
        assert not pdf.is_encrypted
        assert {"/OpenAction", "/AA", "/AcroForm"}.isdisjoint(root.keys())
        assert "/JavaScript" not in root.Names
        fonts = [
            item
            for item in pdf.objects
            if isinstance(item, pikepdf.Dictionary) and item.get("/Subtype") == "/Type0"
        ]
        assert fonts
        for font in fonts:
            assert "SourceSans3" in str(font.BaseFont).replace("-", "").replace(" ", "")
            assert "/ToUnicode" in font
            assert "/FontFile2" in font.DescendantFonts[0].FontDescriptor
        assert len(root.AF) == 1
        assert root.AF[0].AFRelationship == "/Data"
        [name] = pdf.attachments
        assert name == "facts.json"
        file = pdf.attachments[name].get_file()
        assert file.read_bytes().decode() == ORDER.facts
        assert file.mime_type == "application/json"
        assert ORDER.identifier.hex() in {bytes(i).hex() for i in pdf.trailer.ID} | {
            bytes(i).decode("latin-1") for i in pdf.trailer.ID
        }
    assert holds(content, ORDER.facts.encode()), "as the checker of dossiers looks for them"
    assert not holds(content, ORDER.facts.replace("34.68", "34.69").encode())


PIECES = ["<b>", "&amp;", "{{ 7*7 }}", "{% raw %}", "<!--", "]]>", "javascript:", "file:///etc/x"]
TEXTS = [
    f"{first}{word}{second}"
    for word in ("plain", "<img src=x>", "<a href='file:///x'>y</a>", "õ")
    for first in PIECES
    for second in PIECES
][:200]


async def test_user_text_stays_text() -> None:
    facts = {"text": "start", "scores": [[text, str(n)] for n, text in enumerate(TEXTS)]}
    order = msgspec.structs.replace(ORDER, facts=canonical({**facts, "price": "1"}))
    async with WeasyPrinter() as printer:
        content = await printer.print_paper(order)
    with pypdfium2.PdfDocument(content) as pdf:
        pages = [page.get_textpage().get_text_range() for page in pdf]
    found = "".join("".join(pages).split())
    missing = [text for text in TEXTS if "".join(text.split()) not in found]
    assert missing == []
    with pikepdf.open(BytesIO(content)) as pdf:
        assert [page.get("/Annots") for page in pdf.pages if page.get("/Annots")] == []
        assert list(pdf.attachments) == ["facts.json"]


async def test_what_hangs_is_killed_and_the_next_paper_prints() -> None:
    hostile = sheet("<table>" + '<tr><td colspan="1000000">x' * 50 + "</table>")
    async with WeasyPrinter(seconds=3) as printer:
        await printer.print_paper(ORDER)
        begun = time.monotonic()
        with pytest.raises(CannotPrint, match="longer than 3 seconds"):
            await printer.print_sheet(hostile)
        assert time.monotonic() - begun < 8
        assert (await printer.print_sheet(sheet("<p>x"))).startswith(b"%PDF")


async def test_a_child_that_dies_is_replaced() -> None:
    async with WeasyPrinter() as printer:
        await printer.print_sheet(sheet("<p>x"))
        [child] = printer._idle
        assert child.process is not None
        child.process.kill()
        await child.process.wait()
        with pytest.raises(CannotPrint, match="too much time or memory"):
            await printer.print_sheet(sheet("<p>x"))
        assert (await printer.print_sheet(sheet("<p>x"))).startswith(b"%PDF")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        pytest.param("{{ facts.absent }}", "has no attribute 'absent'", id="an absent fact"),
        pytest.param("{% if %}", "TemplateSyntaxError", id="a broken template"),
        pytest.param("{{ facts.text | money }}", "Invalid", id="a filter that cannot"),
        pytest.param('<img src="x.png">', "asks for x.png: refused", id="a picture"),
    ],
)
async def test_a_fault_of_the_template_is_named(template: str, said: str) -> None:
    environment().loader.loaders[0].mapping["test/paper.html"] = template  # type: ignore[union-attr]
    async with WeasyPrinter() as printer:
        with pytest.raises(CannotPrint, match=said):
            await printer.print_paper(ORDER)


async def test_without_pango_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import sys; sys.modules['weasyprint'] = None\n"
        "from procure.adapters.weasyprint import main; main()"
    )
    monkeypatch.setattr(adapter, "COMMAND", (sys.executable, "-c", code))
    async with WeasyPrinter() as printer:
        with pytest.raises(NoPrinter, match=r"apt-get install .*libpango"):
            await printer.print_sheet(sheet("<p>x"))


async def test_the_language_of_the_paper_is_its_own() -> None:
    html = adapter.fill_in(msgspec.structs.replace(ORDER, language="et"))
    assert '<html lang="et">' in html
    assert "21,50\xa0€" in html
    assert '<html lang="en">' in adapter.fill_in(ORDER)


def test_rendering_holds_no_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as held:  # in process, so that a connection would be seen here
        held.bind(("127.0.0.1", 0))
        assert render(sheet("<p>x")) == render(sheet("<p>x"))
