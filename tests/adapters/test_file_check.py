"""What a file is and what is active in it, from files made here for the purpose (U-1, U-5, U-6)."""

import io
import struct
import zipfile
from collections.abc import Callable

import pikepdf
import pytest

from procure.adapters.file_check import MemoryFileCheck

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20 + b"IEND\xaeB`\x82"
JPG = b"\xff\xd8\xff\xe0" + b"0" * 20 + b"\xff\xd9"


def codes(name: str, content: bytes) -> list[str]:
    return [finding.code for finding in MemoryFileCheck().check(name, content).findings]


def a_pdf(change: Callable[[pikepdf.Pdf], None] = lambda _: None, **save: object) -> bytes:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    change(pdf)
    out = io.BytesIO()
    save.setdefault("object_stream_mode", pikepdf.ObjectStreamMode.generate)  # compressed
    pdf.save(out, **save)  # type: ignore[arg-type]
    return out.getvalue()


def an_archive(entries: dict[str, bytes], **first: object) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for field, value in first.items():
                setattr(info, field, value)
            archive.writestr(info, content)
    return out.getvalue()


DOCX = {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w:document/>"}
ODT = {"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<x/>"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("Plaan õpe.pdf", a_pdf()),
        ("a.docx", an_archive(DOCX)),
        ("a.xlsx", an_archive({"xl/workbook.xml": b"<workbook/>"})),
        ("a.odt", an_archive(ODT)),
        ("a.zip", an_archive({"b.pdf": a_pdf(), "c.zip": an_archive({"d.txt": b"d"})})),
        ("a.PNG", PNG),
        ("a.jpeg", JPG),
        ("a.txt", "õ".encode()),
        ("a.csv", b"a;b\n1;2\n"),
    ],
)
def test_what_is_good_is_taken(name: str, content: bytes) -> None:
    found = MemoryFileCheck().check(name, content)
    assert list(found.findings) == []
    assert found.media_type


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.exe", b"MZ", "file-type"),
        ("a", b"x", "file-type"),
        ("a.docm", an_archive(DOCX), "file-type"),
        ("a.svg", b"<svg/>", "file-type"),
        ("a.pdf", b"", "empty-file"),
        ("a.pdf", b"MZ\x90", "file-content"),
        ("a.pdf", PNG, "file-content"),
        ("a.pdf", a_pdf()[:400] + b"%%EOF", "unreadable"),
        ("a.pdf", a_pdf() + an_archive({"x": b"x"}) + b"%%EOF", "polyglot"),
        ("a.docx", an_archive({"a.txt": b"x"}), "file-content"),
        ("a.docx", b"<html>", "file-content"),
        ("a.odt", an_archive({"mimetype": b"application/zip"}), "file-content"),
        ("a.png", b"<html><script>", "file-content"),
        ("a.png", PNG + b"<script>", "file-content"),
        ("a.jpg", JPG + b"PK", "file-content"),
        ("a.txt", b"\xff\xfe", "file-content"),
        ("a.txt", b"a\0b", "file-content"),
        ("a.docx", an_archive({**DOCX, "word/vbaProject.bin": b"x"}), "macros"),
        ("a.docx", an_archive({**DOCX, "WORD/VBAPROJECT.BIN": b"x"}), "macros"),
        ("a.odt", an_archive({**ODT, "Basic/Standard/M.xml": b"x"}), "macros"),
        ("a.zip", b"PK\x03\x04 and no more", "unreadable"),
    ],
)
def test_what_is_not_what_it_is_called_is_refused_by_name(
    name: str, content: bytes, code: str
) -> None:
    assert codes(name, content) == [code]


def action(kind: str, **more: object) -> pikepdf.Dictionary:
    return pikepdf.Dictionary(Type=pikepdf.Name.Action, S=pikepdf.Name("/" + kind), **more)


def javascript_at_opening(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = action("JavaScript", JS="app.alert(1)")


def javascript_by_name(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Names = pikepdf.Dictionary(
        JavaScript=pikepdf.Dictionary(Names=["x", pdf.make_indirect(action("JavaScript", JS="1"))])
    )


def action_of_a_page(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].AA = pikepdf.Dictionary(O=action("URI", URI="x:"))


def launch(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].Annots = pikepdf.Array(
        [pikepdf.Dictionary(Type=pikepdf.Name.Annot, A=action("Launch", F="calc.exe"))]
    )


def an_attachment(pdf: pikepdf.Pdf) -> None:
    pdf.attachments["x.exe"] = b"MZ"


def a_form_of_xml(pdf: pikepdf.Pdf) -> None:
    pdf.Root.AcroForm = pikepdf.Dictionary(XFA=pdf.make_stream(b"<xdp/>"))


def a_film(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].Annots = pikepdf.Array(
        [pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name("/RichMedia"),
                            RichMedia=pikepdf.Dictionary())]
    )  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        javascript_at_opening,
        javascript_by_name,
        action_of_a_page,
        launch,
        an_attachment,
        a_form_of_xml,
        a_film,
    ],
)
def test_what_runs_in_a_pdf_is_found_where_it_hides(change: Callable[[pikepdf.Pdf], None]) -> None:
    content = a_pdf(change)
    assert codes("a.pdf", content) == ["active-content"]


def test_a_pdf_with_a_password_is_sent_back() -> None:
    content = a_pdf(encryption=pikepdf.Encryption(owner="o", user="u"))
    assert codes("a.pdf", content) == ["encrypted"]


def test_a_pdf_without_a_page_says_nothing() -> None:
    def none(pdf: pikepdf.Pdf) -> None:
        del pdf.pages[0]

    assert codes("a.pdf", a_pdf(none)) == ["unreadable"]


def lying(content: bytes) -> bytes:
    """Say in both headers of the first entry that it unpacks to one byte."""
    changed = bytearray(content)
    struct.pack_into("<I", changed, 22, 1)
    struct.pack_into("<I", changed, content.index(b"PK\x01\x02") + 24, 1)
    return bytes(changed)


def nested(depth: int) -> bytes:
    content = b"x"
    for n in range(depth):
        content = an_archive({f"{n}.zip" if n else "x.txt": content})
    return content


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(an_archive({"a": bytes(30_000_000)}), id="a ratio of a thousand"),
        pytest.param(lying(an_archive({"a": bytes(30_000_000)})), id="a header that lies"),
        pytest.param(nested(4), id="four deep"),
        pytest.param(an_archive({f"{n}": b"" for n in range(1001)}), id="1001 entries"),
        pytest.param(an_archive({"../a": b""}), id="out of its folder"),
        pytest.param(an_archive({"/a": b""}), id="an absolute name"),
        pytest.param(an_archive({"a": b"b"}, external_attr=0o120777 << 16), id="a link"),
        pytest.param(an_archive({"a": b"b"}).replace(b"PK\x01\x02\x14\x03\x14\x00\x00",
                                                     b"PK\x01\x02\x14\x03\x14\x00\x01"),
                     id="a password"),
    ],
)  # fmt: skip
def test_a_bomb_does_not_go_off(content: bytes) -> None:
    [code] = codes("a.zip", content)
    assert code in ("archive-limits", "unreadable")


def test_the_limits_are_reached_from_below() -> None:
    assert codes("a.zip", nested(3)) == []
    assert codes("a.zip", an_archive({f"{n}": b"" for n in range(1000)})) == []
