"""Check an exported dossier: one file, the standard library alone, no database, no network.

    python3 verify.py FILE [--head SHA256] [--key PEM]

Exit codes: 0 whole, 1 something is wrong (each problem is one line), 2 the file cannot be read.
The format is described in docs/formats/dossier.md. Nothing here is shared with the program that
writes dossiers, so that one mistake is not made twice.

What it proves without anything else: the file is as it was made; the events are one chain, and
openings, rankings, awards and postings are what their events said; totals are the sums of their
parts; file and receipts are signed by the key in the file. Who can write a whole file anew can make
all of that anew. Against that: `--key`, the public key as it was published, and `--head`, the hash
of any event that somebody was given earlier (a receipt, an older dossier).
"""

import argparse
import base64
import hashlib
import json
import re
import struct
import sys
import zipfile
import zlib
from collections import Counter, defaultdict
from decimal import Decimal, InvalidOperation
from io import BytesIO
from pathlib import Path
from typing import Any

SEAL = b"procure-dossier sha256 "
SIGNED = b" ed25519 "
SEAL_BYTES = len(SEAL) + 64 + len(SIGNED) + 128
FORMATS = {("procure-dossier", 1)}
ZERO_SHA256 = "0" * 64
LARGEST_BYTES = 4_000_000_000
FILE_NAME = re.compile(r"[a-z0-9_]+(/[A-Za-z0-9_.-]+)?(\.[a-z]+)?|README\.txt")
SHA256 = re.compile(r"[0-9a-f]{64}")
STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError,
          struct.error, OSError, OverflowError)  # fmt: skip

Row = dict[str, Any]

# A row's column names a row of another table. The framework of a call-off may lie outside.
REFERENCES = {
    "lots": {"tender": "tenders"},
    "criteria": {"tender": "tenders"},
    "keyholders": {"tender": "tenders", "person": "people"},
    "invitations": {"tender": "tenders", "provider_org": "organisations"},
    "tenders": {"buyer": "organisations", "basis": "bases"},
    "basis_requests": {"basis": "bases", "request": "requests"},
    "openings": {"tender": "tenders"},
    "opening_shares": {"tender": "tenders", "person": "people"},
    "arrivals": {"tender": "tenders", "provider_org": "organisations"},
    "bids": {"tender": "tenders", "lot": "lots", "provider_org": "organisations"},
    "panel_members": {"lot": "lots", "person": "people"},
    "scores": {"member": "panel_members", "bid": "bids", "criterion": "criteria"},
    "explanations": {"bid": "bids"},
    "drawings": {"lot": "lots"},
    "evaluations": {"lot": "lots"},
    "awards": {"lot": "lots", "evaluation": "evaluations", "paper_id": "papers"},
    "award_suppliers": {"award": "awards", "bid": "bids"},
    "letters": {"lot": "lots", "award": "awards", "bid": "bids", "paper_id": "papers"},
    "contracts": {
        "lot": "lots",
        "award_supplier": "award_suppliers",
        "buyer": "organisations",
        "provider_org": "organisations",
        "paper_id": "papers",
    },
    "clauses": {"contract": "contracts"},
    "signatures": {"contract": "contracts", "person": "people"},
    "groups": {"contract": "contracts", "venue": "venues"},
    "group_facilitators": {"group": "groups", "facilitator": "facilitators"},
    "training_days": {"group": "groups"},
    "participants": {"group": "groups", "request": "requests"},
    "attendance": {"participant": "participants", "day": "training_days"},
    "plans": {"participant": "participants"},
    "employer_visits": {"group": "groups", "employer": "employers"},
    "visit_participants": {"visit": "employer_visits", "participant": "participants"},
    "outcomes": {"participant": "participants", "definition": "outcome_definitions"},
    "evidence": {"outcome": "outcomes"},
    "claims": {"contract": "contracts", "group": "groups", "payment": "payments"},
    "claim_lines": {
        "claim": "claims",
        "participant": "participants",
        "outcome": "outcomes",
        "clause": "clauses",
    },
    "attestations": {"claim": "claims", "person": "people"},
    "ledger_transactions": {"claim": "claims", "run_id": "payment_runs"},
    "entries": {
        "transaction": "ledger_transactions",
        "contract": "contracts",
        "claim_line": "claim_lines",
    },
    "payments": {"run": "payment_runs", "contract": "contracts"},
}


class Unreadable(Exception):
    """This is not a file that can be checked; the message says why."""


class Found:
    """What was read so far, and what is wrong with it."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.files: dict[str, bytes] = {}
        self.broken: set[str] = set()  # files that cannot be unpacked, which is said once
        self.tables: dict[str, list[Row]] = {}
        self.manifest: Row = {}
        self.hashes: set[str] = set()  # of every event
        self.shown: dict[int, Row] = {}
        self.keys: dict[str, bytes] = {}
        self.seal = b""

    def wrong(self, where: str, what: str) -> None:
        """Add a problem."""
        self.problems.append(f"{where}: {what}")

    def lacks(self, path: str, what: str) -> bool:
        """Tell whether a file cannot be looked at, and say so if nobody has."""
        if path not in self.files and path not in self.broken:
            self.wrong(path, f"is missing: {what}")
        return path not in self.files

    def rows(self, name: str) -> list[Row]:
        """Return a table's rows, none if it could not be read."""
        return self.tables.get(name, [])

    def by_id(self, name: str) -> dict[str, Row]:
        """Return a table's rows by their id."""
        return {row["id"]: row for row in self.rows(name)}

    def grouped(self, name: str, column: str) -> dict[str, list[Row]]:
        """Return a table's rows by the value of a column."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows(name):
            found[row[column]].append(row)
        return found


def verify(path: str | Path, head: str | None = None, key: bytes | None = None) -> list[str]:
    """Return everything that is wrong with a dossier, nothing if it is whole.

    `head` is the hash of an event that must be in the chain, `key` a public key (PEM) that must be
    the one the receipts are signed with. Raises Unreadable.
    """
    return check(path, head, key).problems


def check(path: str | Path, head: str | None = None, key: bytes | None = None) -> Found:
    """Check a dossier, and return what was read with what is wrong."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror or error}") from error
    found = Found()
    read_archive(found, content)
    read_manifest(found)
    check_files(found)
    read_tables(found)
    read_keys(found, key)
    check_seal(found)
    read_events(found, head)
    for step in (
        check_references,
        check_events,
        check_receipts,
        check_evaluations,
        check_contracts,
        check_claims,
        check_computations,
        check_ledger,
        check_payments,
        check_papers,
    ):
        try:
            step(found)
        except (KeyError, TypeError, ValueError, InvalidOperation, AttributeError) as error:
            # A row is not what it should be; a whole dossier never comes here.
            found.wrong("facts", f"cannot be checked ({step.__name__}: {error!r})")
    return found


# --- The container ----------------------------------------------------------


def read_archive(found: Found, content: bytes) -> None:
    """Open the zip and read every file in it."""
    sealed, seal = content[:-SEAL_BYTES], content[-SEAL_BYTES:]
    if not seal.startswith(SEAL):
        found.wrong("file", "does not end with its seal: it was cut off, or written anew")
    elif seal[len(SEAL) : len(SEAL) + 64] != hashlib.sha256(sealed).hexdigest().encode():
        found.wrong("file", "its bytes do not match its seal: it was changed after it was made")
    found.seal = seal
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if archive.comment != seal:
                found.wrong("file", "the seal is not where it belongs")
            entries = archive.infolist()
            for name, count in Counter(entry.filename for entry in entries).items():
                if count > 1:
                    found.wrong(name, "is in the file more than once")
            if sum(entry.file_size for entry in entries) > LARGEST_BYTES:
                raise Unreadable("the file is too large when it is unpacked")
            for entry in entries:
                try:
                    found.files[entry.filename] = archive.read(entry)
                except BROKEN as error:
                    found.broken.add(entry.filename)
                    found.wrong(entry.filename, f"was changed, and cannot be unpacked: {error}")
    except BROKEN as error:
        if found.problems:
            raise Unreadable(f"not a zip any more ({error}), and {found.problems[0]}") from error
        raise Unreadable(f"not a zip: {error}") from error


def read_manifest(found: Found) -> None:
    """Read the list by which the rest is checked."""
    if "manifest.json" in found.broken:
        raise Unreadable("; ".join(found.problems))
    if "manifest.json" not in found.files:
        raise Unreadable("there is no manifest.json in the file, so it is not a dossier")
    manifest = parse(found, "manifest.json")
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), list):
        raise Unreadable("manifest.json is not a manifest")
    if (manifest.get("format"), manifest.get("version")) not in FORMATS:
        raise Unreadable(
            f"this is {manifest.get('format')} version {manifest.get('version')}; "
            "take a newer verify.py"
        )
    found.manifest = manifest


def check_files(found: Found) -> None:
    """Compare the files with the manifest: none changed, none missing, none too many."""
    listed = {}
    for entry in found.manifest["files"]:
        if not isinstance(entry, dict) or not {"path", "size_bytes", "sha256"} <= entry.keys():
            found.wrong("manifest.json", f"lists something that is not a file: {entry!r:.80}")
        elif entry["path"] in listed:
            found.wrong("manifest.json", f"lists {entry['path']} more than once")
        else:
            listed[entry["path"]] = entry
    for path, entry in sorted(listed.items()):
        if not FILE_NAME.fullmatch(path) or path == "manifest.json":
            found.wrong("manifest.json", f"lists a file by a name that no dossier has: {path!r}")
        if path in found.broken:
            continue
        if path not in found.files:
            found.wrong(path, "is in the manifest and not in the file")
            continue
        content = found.files[path]
        if len(content) != entry["size_bytes"]:
            found.wrong(path, f"has {len(content)} bytes, {entry['size_bytes']} in the manifest")
        if (actual := hashlib.sha256(content).hexdigest()) != entry["sha256"]:
            found.wrong(path, f"was changed: its SHA-256 is {actual}, not {entry['sha256']}")
        if path.startswith("files/") and Path(path).stem != actual:
            found.wrong(path, f"is named by another hash than its own, {actual}")
    for path in sorted(found.files.keys() - listed.keys() - {"manifest.json"}):
        found.wrong(path, "is in the file and not in the manifest")


def parse(found: Found, path: str) -> Any:  # noqa: ANN401 - any JSON
    """Read a JSON file; a name that comes twice in one object is a problem, not a choice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) < len(pairs):
            raise ValueError("a name comes twice in one object")
        return dict(pairs)

    try:
        return json.loads(found.files[path].decode(), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        found.wrong(path, f"is not JSON: {error}")
        return None


def read_tables(found: Found) -> None:
    """Read the facts, and count them."""
    counts = found.manifest.get("counts")
    if not isinstance(counts, dict):
        found.wrong("manifest.json", "counts no tables")
        counts = {}
    for path in sorted(found.files):
        if not path.startswith("facts/"):
            continue
        rows, name = parse(found, path), Path(path).stem
        if not isinstance(rows, list) or not all(
            isinstance(row, dict) and isinstance(row.get("id"), str) for row in rows
        ):
            found.wrong(path, "is not a list of rows, each with its id")
            continue
        for repeated, count in Counter(row["id"] for row in rows).items():
            if count > 1:
                found.wrong(path, f"holds the row {repeated} {count} times")
        if counts.get(name) != len(rows):
            found.wrong(path, f"has {len(rows)} rows, {counts.get(name)} in the manifest")
        found.tables[name] = rows
    for name in sorted(counts.keys() - found.tables.keys()):
        found.lacks(f"facts/{name}.json", "it is counted in the manifest")


# --- The chain --------------------------------------------------------------


def hash_lines(*lines: str) -> str:
    """Return the SHA-256 of lines."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def read_events(found: Found, head: str | None) -> None:
    """Follow the chain from the first event to the newest."""
    if "events.jsonl" not in found.files:
        return
    where, previous, expected = "events.jsonl", ZERO_SHA256, 0
    text = found.files["events.jsonl"].decode(errors="replace")
    for line in text.splitlines():
        expected += 1
        try:
            event = json.loads(line)
            says, is_shown = content_of(event)
            seq, sha256 = event["seq"], event["sha256"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            found.wrong(where, f"line {expected} is not an event: {error!r}")
            break
        if seq != expected:
            found.wrong(where, f"after event {expected - 1} comes {seq}: the chain has a gap")
            break
        if hash_lines(says, previous) != sha256:
            found.wrong(
                where,
                f"event {seq} was changed, or the one before it: its hash is "
                f"{hash_lines(says, previous)}, it says {sha256}",
            )
        previous = sha256
        found.hashes.add(sha256)
        if is_shown:
            found.shown[seq] = event
    compare_head(found, expected, previous, head)


def content_of(event: Row) -> tuple[str, bool]:
    """Return the hash of what an event says, and whether it is shown."""
    if "facts" not in event:
        if event.keys() != {"seq", "content_sha256", "sha256"}:
            raise ValueError("neither shown nor hidden")
        return event["content_sha256"], False
    facts_sha256 = hashlib.sha256(event["facts"].encode()).hexdigest()
    lines = (
        str(event["seq"]),
        event["id"],
        event["kind"],
        event["subject_id"],
        event["org_id"] or "",
        event["actor_id"] or "",
        event["happened_at"],
        event["written_at"],
        facts_sha256,
    )
    return hash_lines(*lines), True


def compare_head(found: Found, count: int, newest: str, head: str | None) -> None:
    """Compare the end of the chain with the manifest, and with what somebody else knows."""
    chain = found.manifest.get("chain") or {}
    if (chain.get("seq"), chain.get("sha256")) != (count, newest):
        found.wrong(
            "events.jsonl",
            f"ends with event {count} ({newest}); "
            f"the manifest says {chain.get('seq')} ({chain.get('sha256')})",
        )
    if chain.get("shown") != len(found.shown):
        found.wrong(
            "events.jsonl",
            f"shows {len(found.shown)} events, {chain.get('shown')} in the manifest",
        )
    if head is not None and head not in found.hashes:
        found.wrong("events.jsonl", f"no event has the hash {head}: this is another chain")


# --- Receipts ---------------------------------------------------------------


def read_keys(found: Found, expected: bytes | None) -> None:
    """Read the public keys, by the ids that receipts name."""
    for path in sorted(found.files):
        if path.startswith("keys/"):
            try:
                raw = raw_key(found.files[path])
            except ValueError as error:
                found.wrong(path, str(error))
                continue
            if key_id(raw) != Path(path).stem:
                found.wrong(path, f"holds the key {key_id(raw)}")
            if expected is not None and raw_key(expected) != raw:
                found.wrong(path, "is not the key that was given")
            found.keys[key_id(raw)] = raw
    if sorted(found.keys) != found.manifest.get("keys"):
        found.wrong(
            "keys", f"are {sorted(found.keys)}, {found.manifest.get('keys')} in the manifest"
        )


def check_seal(found: Found) -> None:
    """The seal is signed with a key of the file, which `--key` compares with the published one."""
    if not found.seal.startswith(SEAL):
        return  # said already
    said, _, signature = found.seal.partition(SIGNED)
    # Digits in one form alone, so that no bit of the seal can be changed unnoticed.
    whole = re.fullmatch(rb"[0-9a-f]{128}", signature)
    given = bytes.fromhex(signature.decode()) if whole else b""
    if not any(is_signed(said, given, public) for public in found.keys.values()):
        found.wrong("file", "its seal is not signed with a key of the file: it was sealed anew")


def raw_key(pem: bytes) -> bytes:
    """Read an Ed25519 public key out of PEM (RFC 8410)."""
    lines = [line for line in pem.split(b"\n") if line and not line.startswith(b"-----")]
    der = base64.b64decode(b"".join(lines), validate=True)
    if len(der) != 44 or not der.startswith(bytes.fromhex("302a300506032b6570032100")):
        raise ValueError("is not an Ed25519 public key")
    return der[12:]


def key_id(raw: bytes) -> str:
    """Name a key as receipts do."""
    return hashlib.sha256(raw).hexdigest()[:32]


def check_receipts(found: Found) -> None:
    """Each bid has a genuine receipt, for just these sealed bytes, at a place in this chain."""
    bids = found.by_id("bids")
    for path in sorted(found.files):
        if path.startswith("receipts/") and Path(path).stem not in bids:
            found.wrong(path, "belongs to no bid")
        if path.startswith("bids/") and Path(path).stem not in bids:
            found.wrong(path, "belongs to no bid")
    for bid in found.rows("bids"):
        check_receipt(found, bid, f"receipts/{bid['id']}.json", f"bids/{bid['id']}.age")


def check_receipt(found: Found, bid: Row, path: str, sealed: str) -> None:
    """Check one receipt against its bid."""
    if found.lacks(path, "a bid has no receipt"):
        return
    receipt = parse(found, path)
    if not isinstance(receipt, dict):
        return
    facts = receipt["receipt"]
    signed = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    public = found.keys.get(facts["key_id"])
    if public is None:
        found.wrong(path, f"is signed with the key {facts['key_id']}, which is not in the file")
    elif not is_signed(signed, bytes.fromhex(receipt["signature"]), public):
        found.wrong(path, "its signature does not belong to it")
    for name, value in (
        ("bid_id", bid["id"]),
        ("tender_id", bid["tender"]),
        ("lot_id", bid["lot"]),
        ("provider_org_id", bid["provider_org"]),
        ("version", bid["version"]),
        ("ciphertext_sha256", bid["ciphertext_sha256"]),
        ("received_at", bid["received_at"]),
    ):
        if facts[name] != value:
            found.wrong(path, f"{name} is {facts[name]}, and {value} in the bid")
    if facts["chain_sha256"] not in found.hashes:
        found.wrong(
            path,
            f"was given when the chain ended with {facts['chain_sha256']}, "
            f"a hash that no event of this chain has",
        )
    if bid["content"] is None:
        return
    if found.lacks(sealed, "the bid was opened"):
        return
    if hashlib.sha256(found.files[sealed]).hexdigest() != facts["ciphertext_sha256"]:
        found.wrong(sealed, "is not what the receipt was given for")


P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


def is_signed(message: bytes, signature: bytes, public: bytes) -> bool:
    """Tell whether an Ed25519 signature belongs to a message and key (RFC 8032, section 5.1.7)."""
    if len(signature) != 64 or len(public) != 32:
        return False
    key, nonce = decompress(public), decompress(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or nonce is None or scalar >= L:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    factor = int.from_bytes(digest, "little") % L
    left, right = times(scalar, BASE), add(nonce, times(factor, key))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (
        left[1] * right[2] - right[1] * left[2]
    ) % P == 0


def add(a: Point, b: Point) -> Point:
    """Add two points of the curve, in extended coordinates."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar: int, point: Point) -> Point:
    """Multiply a point."""
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


def decompress(content: bytes) -> Point | None:
    """Read a point; None if there is no such point."""
    y = int.from_bytes(content, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE_Y = 4 * pow(5, -1, P) % P
BASE: Point = decompress(BASE_Y.to_bytes(32, "little")) or (0, 1, 1, 0)


# --- The facts --------------------------------------------------------------


def check_references(found: Found) -> None:
    """Every row that another row names is there."""
    ids = {name: {row["id"] for row in rows} for name, rows in found.tables.items()}
    for name, columns in REFERENCES.items():
        for row in found.rows(name):
            for column, target in columns.items():
                if row.get(column) is not None and row[column] not in ids.get(target, set()):
                    found.wrong(
                        f"facts/{name}.json",
                        f"row {row['id']} names {column} {row[column]}, which is not in {target}",
                    )


# What a row must rest on: an event about it, which the chain holds and the file shows.
WITNESSED = {
    "openings": ("bids:opened", "tender"),
    "evaluations": ("lot:ranked", "lot"),
    "awards": ("award:decided", "id"),
}


def check_events(found: Found) -> None:
    """Decisions are what their events said when they were taken, and no event lacks its thing."""
    told: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for event in found.shown.values():
        told[event["kind"], event["subject_id"]].append(json.loads(event["facts"]))
    for name, (kind, column) in WITNESSED.items():
        for row in found.rows(name):
            said = told[kind, row[column]]
            where = f"facts/{name}.json"
            if not said:
                found.wrong(where, f"row {row['id']}: no event {kind} of {row[column]} is shown")
            elif problem := unlike(found, name, row, said):
                found.wrong(where, f"row {row['id']}: {problem}")
    bids = found.by_id("bids")
    for (kind, subject), said in told.items():
        sealed = [facts for facts in said if "ciphertext_sha256" in facts or "sha256" in facts]
        if kind in {"bid:sealed", "bid:replaced"} and sealed and subject not in bids:
            found.wrong("facts/bids.json", f"lacks the bid {subject}, which an event says arrived")
    for row in found.rows("award_suppliers"):
        bid = bids.get(row["bid"])
        if bid and bid["provider_org"] != row["provider_org"]:
            found.wrong(
                "facts/award_suppliers.json", f"row {row['id']} names another than its bid's bidder"
            )
    for claim in found.rows("claims"):
        if claim["state"] in {"posted", "paid"} and not told["claim:posted", claim["id"]]:
            found.wrong("facts/claims.json", f"{claim['id']}: no event says that it was posted")


def unlike(found: Found, name: str, row: Row, said: list[Row]) -> str:
    """Say how a decision differs from everything its events said of it; nothing if one fits."""
    if name == "openings":
        minutes = hashlib.sha256(row["minutes"].encode()).hexdigest()
        if all(facts["minutes_sha256"] != minutes for facts in said):
            return "the minutes are not those of the opening"
        opened = {bid: sha256 for facts in said for bid, sha256 in facts["opened"].items()}
        there = {
            bid["id"]: bid["ciphertext_sha256"]
            for bid in found.rows("bids")
            if bid["tender"] == row["tender"] and bid["content"] is not None
        }
        return "" if opened == there else "other bids were opened than are here"
    if name == "evaluations":
        mine = [facts for facts in said if facts["evaluation_id"] == row["id"]]
        now = (json.loads(row["facts"]), json.loads(row["result"]))
        if all((facts["facts"], facts["ranking"]) != now for facts in mine):
            return "it is not the ranking that was made"
        return ""
    decided = json.loads(row["facts"])
    if all(facts["facts"] != decided for facts in said):
        return "it is not the decision that was taken"
    return "" if decided.get("reasons", row["reasons"]) == row["reasons"] else "has other reasons"


def check_evaluations(found: Found) -> None:
    """Each ranking's scoring file has just its bids, prices and scores, and expects its ranks."""
    for row in found.rows("evaluations"):
        path = f"scoring/{row['id']}.json"
        if found.lacks(path, "the file that computes a ranking again"):
            continue
        made = parse(found, path)
        if made is None:
            continue
        facts, result = json.loads(row["facts"]), json.loads(row["result"])
        if made.get("version", 1) != row["version"]:
            found.wrong(path, f"is of another version than the ranking, {row['version']}")
        bids = {bid["id"]: bid for bid in facts["bids"]}
        check_prices(found, bids)
        if sorted(bid["id"] for bid in made.get("bids", [])) != sorted(bids):
            found.wrong(path, "has other bids than its ranking")
            continue
        for bid in made.get("bids", []):
            told = bids[bid["id"]]
            if Decimal(bid["values"]["price"]) != Decimal(told["price"]):
                found.wrong(path, f"has another price of bid {bid['id']} than its ranking")
            if bool(bid.get("out")) != bool(told.get("excluded")):
                found.wrong(path, f"has bid {bid['id']} in or out otherwise than its ranking")
            given = bid.get("scores", {}).values()
            scores = sorted(Decimal(one) for each in given for one in each if one is not None)
            handed = told.get("scores", {}).values()
            if scores != sorted(Decimal(one["points"]) for each in handed for one in each):
                found.wrong(path, f"has other scores of bid {bid['id']} than its ranking")
        ranks = {r["bid_id"]: r["rank"] for r in result["results"] if r.get("rank") is not None}
        if made["expected"].get("ranks", {}) != ranks:
            found.wrong(path, "expects other ranks than its ranking")


def check_prices(found: Found, ranked: Row) -> None:
    """A bid's price is the one that was ranked."""
    bids = found.by_id("bids")
    for bid_id, told in ranked.items():
        content = (bids.get(bid_id) or {}).get("content")
        if content is None:
            continue
        price = json.loads(content).get("unit_price")
        if price is not None and Decimal(price) != Decimal(told["price"]):
            found.wrong(
                "facts/bids.json", f"bid {bid_id} has the price {price}, not the one ranked"
            )


def check_contracts(found: Found) -> None:
    """What was signed is what is there, and both sides signed it."""
    signatures = found.grouped("signatures", "contract")
    for contract in found.rows("contracts"):
        where, number = "facts/contracts.json", contract["number"]
        actual = hashlib.sha256(contract["document"].encode()).hexdigest()
        if actual != contract["document_sha256"]:
            found.wrong(
                where, f"{number}: the document's hash is {actual}, not the one that is said"
            )
        given = signatures.get(contract["id"], [])
        for signature in given:
            if signature["document_sha256"] != actual:
                found.wrong(where, f"{number}: the {signature['side']} signed another document")
        if contract["signed_at"] is not None and {s["side"] for s in given} != {
            "buyer",
            "provider",
        }:
            found.wrong(where, f"{number}: is signed, and not by both sides")


def check_claims(found: Found) -> None:
    """A claim is the sum of its lines, and what was posted was attested by two people."""
    lines = found.grouped("claim_lines", "claim")
    attestations = found.grouped("attestations", "claim")
    contracts = found.by_id("contracts")
    spent: dict[str, Decimal] = defaultdict(Decimal)
    for claim in found.rows("claims"):
        contract = contracts[claim["contract"]]
        where = "facts/claims.json"
        name = f"claim {claim['number']} of {contract['number']}"
        own = lines.get(claim["id"], [])
        total = sum((Decimal(line["line_amount"]) for line in own), Decimal(0))
        if total != Decimal(claim["total_amount"]):
            found.wrong(where, f"{name}: is {claim['total_amount']}, its lines sum to {total}")
        for line in own:
            left = Decimal(line["entitled_amount"]) - Decimal(line["posted_amount"])
            if left != Decimal(line["line_amount"]):
                found.wrong(
                    "facts/claim_lines.json",
                    f"{name}, {line['key']}: {line['line_amount']} is not "
                    f"{line['entitled_amount']} - {line['posted_amount']}",
                )
        actual = claim_content_sha256(claim, own, contract)
        if actual != claim["content_sha256"]:
            found.wrong(where, f"{name}: its content has the hash {actual}, not the attested one")
        if claim["state"] in ("posted", "paid"):
            spent[contract["id"]] += Decimal(claim["total_amount"])
            check_attestations(found, claim, attestations.get(claim["id"], []), name)
    for contract in contracts.values():
        if Decimal(contract["spent_amount"]) != spent[contract["id"]]:
            found.wrong(
                "facts/contracts.json",
                f"{contract['number']}: {contract['spent_amount']} were spent, "
                f"its posted claims sum to {spent[contract['id']]}",
            )
        if spent[contract["id"]] > Decimal(contract["ceiling_amount"]):
            found.wrong("facts/contracts.json", f"{contract['number']}: is over its ceiling")


def check_computations(found: Found) -> None:
    """Each claim has the files that compute it again: its contract's terms, facts, its lines."""
    contracts = found.by_id("contracts")
    for claim in found.rows("claims"):
        result = json.loads(claim["result"])
        if "total_amount" not in result:
            continue
        terms = f"payments/{claim['group']}-terms.json"
        lines = f"payments/{claim['id']}-lines.json"
        paths = (terms, f"payments/{claim['group']}-facts.json", lines)
        if any([found.lacks(path, "it computes a claim again") for path in paths]):
            continue
        agreed = json.loads(contracts[claim["contract"]]["terms"]).get("payment")
        if agreed is not None and parse(found, terms) != agreed:
            found.wrong(terms, "is not what the contract says")
        made = parse(found, lines)
        if made is None:
            continue
        total = sum((Decimal(line["amount"]) for line in made["lines"]), Decimal(0))
        if total != Decimal(result["total_amount"]):
            found.wrong(
                lines,
                f"sums to {total}, and claim {claim['number']} was computed at "
                f"{result['total_amount']}",
            )


def claim_content_sha256(claim: Row, lines: list[Row], contract: Row) -> str:
    """Return the hash of what two people attested."""
    known_until_at = claim["known_until_at"].replace(".000000Z", "Z")
    content = {
        "claim_id": claim["id"],
        "contract_id": contract["id"],
        "group_id": claim["group"],
        "provider_id": contract["provider_org"],
        "number": claim["number"],
        "currency": contract["currency"],
        "known_until_at": known_until_at,
        "total_amount": claim["total_amount"],
        "lines": [
            {
                "key": line["key"],
                "kind": line["kind"],
                "participant_id": line["participant"],
                "outcome_id": line["outcome"],
                "clause_id": line["clause"],
                "entitled_amount": line["entitled_amount"],
                "posted_amount": line["posted_amount"],
                "line_amount": line["line_amount"],
            }
            for line in sorted(lines, key=lambda line: str(line["key"]))
        ],
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def check_attestations(found: Found, claim: Row, given: list[Row], name: str) -> None:
    """Two different people attested, neither of whom drafted or accepted."""
    where = "facts/attestations.json"
    people = {row["person"] for row in given if row["content_sha256"] == claim["content_sha256"]}
    if len(people) < 2:
        found.wrong(where, f"{name}: was posted, and attested by {len(people)} instead of 2 people")
    if people & {claim["drafted_by"], claim["accepted_by"]}:
        found.wrong(where, f"{name}: was attested by who drafted or accepted it")


def check_ledger(found: Found) -> None:
    """Every transaction balances, and books just what its claim says."""
    entries = found.grouped("entries", "transaction")
    claims = found.by_id("claims")
    booked: Counter[str] = Counter()
    for transaction in found.rows("ledger_transactions"):
        where, own = "facts/entries.json", entries.get(transaction["id"], [])
        name = f"transaction {transaction['id']}"
        # A payment run of several contracts balances for each of them.
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for entry in own:
            sums[entry["contract"]] += Decimal(entry["entry_amount"])
        for total in sums.values():
            if total != 0:
                found.wrong(where, f"{name}: does not balance, {total} are left over")
        claim = claims.get(transaction["claim"] or "")
        if claim is None:
            continue
        booked[claim["id"]] += 1
        if len(own) != transaction["entries_count"]:
            found.wrong(where, f"{name}: has {len(own)} of {transaction['entries_count']} entries")
        cost = sum(
            (Decimal(e["entry_amount"]) for e in own if e["account"] == "service-cost"), Decimal(0)
        )
        if cost != Decimal(claim["total_amount"]):
            found.wrong(where, f"{name}: books {cost} for a claim of {claim['total_amount']}")
    for claim in claims.values():
        expected = 1 if claim["state"] in ("posted", "paid") else 0
        if booked[claim["id"]] != expected:
            found.wrong(
                "facts/ledger_transactions.json",
                f"claim {claim['id']} is {claim['state']} and was booked "
                f"{booked[claim['id']]} times",
            )


def check_payments(found: Found) -> None:
    """Each payment is in its run's file, and that file is the one that was released."""
    payments = found.grouped("payments", "run")
    for run in found.rows("payment_runs"):
        where, own = "facts/payments.json", payments.get(run["id"], [])
        name = f"run {run['message_id']}"
        if sum((Decimal(p["payment_amount"]) for p in own), Decimal(0)) > Decimal(
            run["total_amount"]
        ):
            found.wrong(where, f"{name}: pays more than its total of {run['total_amount']}")
        path = f"files/{run['file_sha256']}.xml"
        if found.lacks(path, f"the payment file of {name}"):
            continue
        for payment in own:
            amount = f"{Decimal(payment['payment_amount']):.2f}"
            for what in (payment["end_to_end_id"], payment["iban"], amount):
                if f">{what}<".encode() not in found.files[path]:
                    found.wrong(path, f"does not hold {what}")


def check_papers(found: Found) -> None:
    """Each document that was printed is there, and holds the facts it was printed from."""
    for paper in found.rows("papers"):
        if paper["file"] is None:
            continue
        path = f"files/{paper['file']}.pdf"
        if found.lacks(path, f"the document {paper['title']!r}"):
            continue
        content = found.files[path]
        if not content.startswith(b"%PDF-"):
            found.wrong(path, "is not a PDF")
        elif not holds(content, paper["facts"].encode()):
            found.wrong(path, "does not hold the facts that it was printed from")


def holds(pdf: bytes, facts: bytes) -> bool:
    """Tell whether one of a PDF's streams, unpacked, is just these bytes."""
    for stream in STREAM.finditer(pdf):
        if stream[1] == facts:
            return True
        try:
            unpacked = zlib.decompressobj()
            if unpacked.decompress(stream[1], len(facts) + 1) == facts:
                return True
        except zlib.error:
            continue
    return False


def main(argv: list[str] | None = None) -> int:
    """Check one file and say what was found."""
    parser = argparse.ArgumentParser(
        prog="verify.py", description="Check a dossier without database or network."
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--head", help="hash of an event that must be in the chain")
    parser.add_argument(
        "--key", type=Path, help="public key (PEM) that receipts must be signed with"
    )
    arguments = parser.parse_args(argv)
    if arguments.head and not SHA256.fullmatch(arguments.head):
        parser.error("--head is 64 hex digits")
    try:
        key = arguments.key.read_bytes() if arguments.key else None
        found = check(arguments.file, arguments.head, key)
    except (Unreadable, OSError) as error:
        print(f"{arguments.file}: cannot be checked: {error}")
        return 2
    for problem in found.problems:
        print(problem)
    if found.problems:
        print(f"{arguments.file}: {len(found.problems)} problems.")
        return 1
    chain = found.manifest["chain"]
    rows = sum(map(len, found.tables.values()))
    print(
        f"{arguments.file}: whole. {len(found.files)} files, {rows} rows, "
        f"{chain['seq']} events ({chain['shown']} shown), newest {chain['sha256']}."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
