"""The checker finds what was changed and says where, with the standard library alone."""

import hashlib
import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from procure.dossier import queries, service, verify
from procure.dossier.rules import Part, pack
from procure.dossier.verify import Unreadable, is_signed
from tests.builders.dossier import NOW, Procedure, a_procedure

FLIPS = 200
kept: dict[str, Any] = {}


@pytest.fixture
async def procedure(db: object, tmp_path: Path) -> Procedure:
    """Make one dossier for all tests here, because nothing changes it."""
    if not kept:
        made = await a_procedure()
        dossier_id = await service.make_dossier(made.auditor, made.tender_id, made.key, now=NOW)
        _, kept["content"] = await queries.read_content(made.auditor, dossier_id)
        kept["procedure"], kept["pem"] = made, made.key.public_pem()
    kept["folder"] = tmp_path
    return kept["procedure"]


@pytest.fixture
def content(procedure: Procedure) -> bytes:
    return bytes(kept["content"])


def problems(content: bytes, **known: Any) -> list[str]:
    file = kept["folder"] / "dossier.zip"
    file.write_bytes(content)
    return verify.verify(file, **known)


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def sealed_anew(files: dict[str, bytes], sign: Callable[[bytes], bytes] | None = None) -> bytes:
    """Write a file anew as the installation could: manifest, hashes, seal and signature fit."""
    sign = sign or kept["procedure"].key.sign_bytes
    manifest = json.loads(files["manifest.json"])
    listed = {entry["path"]: entry for entry in manifest["files"]}
    manifest["files"] = [
        {
            **listed.get(path, {"path": path}),
            "size_bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        for path, content in sorted(files.items())
        if path != "manifest.json"
    ]
    manifest["counts"] = {
        path[6:-5]: len(json.loads(content))
        for path, content in files.items()
        if path.startswith("facts/")
    }
    parts = [Part(path, content) for path, content in files.items() if path != "manifest.json"]
    return pack(json.dumps(manifest).encode(), parts, sign)


def packed(manifest: bytes, parts: list[Part]) -> bytes:
    """Pack whatever it is, sealed and signed by the installation."""
    return pack(manifest, parts, kept["procedure"].key.sign_bytes)


def with_rows(content: bytes, table: str, change: Callable[[list[Any]], Any]) -> bytes:
    """Change a table's rows, and write the file anew around them."""
    files = unpacked(content)
    rows = json.loads(files[f"facts/{table}.json"])
    change(rows)
    files[f"facts/{table}.json"] = json.dumps(rows).encode()
    return sealed_anew(files)


def test_a_dossier_written_anew_without_a_change_is_whole(content: bytes) -> None:
    """Otherwise the tests below would find the writing, and not the change."""
    assert problems(content) == []
    assert problems(sealed_anew(unpacked(content))) == []


# --- The container ----------------------------------------------------------


def test_every_changed_byte_is_found(content: bytes) -> None:
    chance = random.Random(20261124)
    places = {chance.randrange(len(content)) for _ in range(FLIPS)}
    # And where a zip reader looks little: the first header, the directory, its end, the seal.
    places |= {*range(30), *range(len(content) - 140, len(content))}
    missed = []
    for place in sorted(places):
        changed = bytearray(content)
        changed[place] ^= 1 << chance.randrange(8)
        try:
            found = problems(bytes(changed))
        except Unreadable:
            continue
        if not found:
            missed.append(place)
    assert len(places) >= FLIPS
    assert missed == []


def test_a_changed_byte_is_found_in_the_file_it_belongs_to(content: bytes) -> None:
    place = content.index(b"age-encryption.org/v1") + 5
    changed = content[:place] + b"X" + content[place + 1 :]
    found = problems(changed)
    assert found[0].startswith("file: its bytes do not match its seal")
    assert any(problem.startswith("bids/") and "CRC" in problem for problem in found)


def test_a_file_that_was_cut_off_is_not_whole(content: bytes) -> None:
    for size in (0, 10, len(content) // 2, len(content) - 400):
        with pytest.raises(Unreadable):
            problems(content[:size])
    assert "file: does not end with its seal" in problems(content[:-1])[0]


def test_something_else_cannot_be_read(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="No such file"):
        verify.verify(tmp_path / "absent.zip")
    for other in (b"%PDF-1.7", packed(b"[]", []), packed(b"{", []), packed(b'{"files": []}', [])):
        with pytest.raises(Unreadable):
            problems(other)


def test_a_file_that_is_missing_is_named(content: bytes) -> None:
    for gone in unpacked(content):
        files = unpacked(content)
        manifest = files["manifest.json"]
        del files[gone]
        changed = packed(manifest, [Part(p, c) for p, c in files.items() if p != "manifest.json"])
        if gone == "manifest.json":
            continue
        assert f"{gone}: is in the manifest and not in the file" in problems(changed), gone


def test_a_file_too_many_is_named(content: bytes) -> None:
    files = unpacked(content)
    manifest = files.pop("manifest.json")
    changed = packed(
        manifest, [Part("files/extra.pdf", b"%PDF"), *(Part(*f) for f in files.items())]
    )
    assert problems(changed) == ["files/extra.pdf: is in the file and not in the manifest"]


def test_swapped_files_are_named(content: bytes) -> None:
    files = unpacked(content)
    manifest = files.pop("manifest.json")
    one, other = "facts/awards.json", "facts/lots.json"
    files[one], files[other] = files[other], files[one]
    found = problems(packed(manifest, [Part(*file) for file in files.items()]))
    assert {problem.partition(":")[0] for problem in found} >= {one, other}


def test_a_file_that_is_there_twice_is_named(content: bytes) -> None:
    buffer = BytesIO(content)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("facts/lots.json", "[]")
    assert "facts/lots.json: is in the file more than once" in problems(buffer.getvalue())


# --- The chain --------------------------------------------------------------


def with_events(content: bytes, change: Callable[[list[Any]], Any]) -> bytes:
    files = unpacked(content)
    lines = [json.loads(line) for line in files["events.jsonl"].splitlines()]
    change(lines)
    files["events.jsonl"] = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    return sealed_anew(files)


def shown(lines: list[Any]) -> Any:
    return next(line for line in lines if "facts" in line)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(lambda e: shown(e).update(facts="{}"), "was changed", id="its facts"),
        pytest.param(lambda e: shown(e).update(kind="x:y"), "was changed", id="its kind"),
        pytest.param(
            lambda e: shown(e).update(happened_at="2020-01-01T00:00:00.000000Z"),
            "was changed",
            id="its time",
        ),
        pytest.param(lambda e: shown(e).update(actor_id="x"), "was changed", id="who did it"),
        pytest.param(lambda e: e.pop(), "the manifest says", id="the newest is gone"),
        pytest.param(lambda e: e.pop(3), "the chain has a gap", id="one is gone"),
        pytest.param(
            lambda e: e.insert(3, e[3]), "the chain has a gap", id="one is there twice"
        ),
        pytest.param(lambda e: e.reverse(), "the chain has a gap", id="another order"),
        pytest.param(lambda e: e[0].update(sha256="0" * 64), "was changed", id="a hash"),
    ],
)  # fmt: skip
def test_an_event_that_is_not_what_it_was(
    content: bytes, change: Callable[[list[Any]], Any], said: str
) -> None:
    found = problems(with_events(content, change))
    assert any(said in problem for problem in found), found


def rehashed(lines: list[Any]) -> None:
    """Make the whole chain anew around changed events, as its keeper could."""
    previous = verify.ZERO_SHA256
    for line in lines:
        says, _ = verify.content_of(line)
        previous = line["sha256"] = verify.hash_lines(says, previous)


def test_a_chain_made_anew_does_not_fit_a_receipt_nor_a_hash_that_others_know(
    content: bytes,
) -> None:
    def rewrite(lines: list[Any]) -> None:
        shown(lines)["facts"] = "{}"
        rehashed(lines)

    files = unpacked(with_events(content, rewrite))
    manifest = json.loads(files["manifest.json"])
    newest = json.loads(files["events.jsonl"].splitlines()[-1])["sha256"]
    old = manifest["chain"]["sha256"]
    manifest["chain"]["sha256"] = newest
    files["manifest.json"] = json.dumps(manifest).encode()
    changed = sealed_anew(files)
    [receipt] = problems(changed)
    assert "a hash that no event of this chain has" in receipt
    assert f"events.jsonl: no event has the hash {old}: this is another chain" in problems(
        changed, head=old
    )
    assert problems(content, head=old) == []


# --- Receipts ---------------------------------------------------------------


def test_a_receipt_that_was_changed_is_found(content: bytes, procedure: Procedure) -> None:
    path = f"receipts/{procedure.bid_id}.json"
    files = unpacked(content)
    receipt = json.loads(files[path])
    receipt["receipt"]["received_at"] = "2026-11-24T09:59:59.000000Z"
    files[path] = json.dumps(receipt).encode()
    found = problems(sealed_anew(files))
    assert f"{path}: its signature does not belong to it" in found
    assert any(problem.startswith(f"{path}: received_at is") for problem in found)


def test_sealed_bytes_that_are_not_those_of_the_receipt(
    content: bytes, procedure: Procedure
) -> None:
    path = f"bids/{procedure.bid_id}.age"
    files = {**unpacked(content), path: b"other"}
    assert problems(sealed_anew(files)) == [f"{path}: is not what the receipt was given for"]


def test_receipts_of_another_key_are_found_by_who_knows_the_right_one(content: bytes) -> None:
    assert problems(content, key=kept["pem"]) == []
    other = Ed25519PrivateKey.generate().public_key()
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    pem = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert any("is not the key that was given" in found for found in problems(content, key=pem))


def test_signatures_are_judged_as_by_another_implementation() -> None:
    chance = random.Random(7)
    for _ in range(20):
        key = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
        public, message = key.public_key().public_bytes_raw(), chance.randbytes(40)
        signature = key.sign(message)
        assert is_signed(message, signature, public)
        for changed in (signature, message, public):
            place = chance.randrange(len(changed))
            other = bytearray(changed)
            other[place] ^= 1 << chance.randrange(8)
            given = [bytes(other) if part is changed else part for part in
                     (message, signature, public)]  # fmt: skip
            assert not is_signed(*given)
    # RFC 8032, section 7.1, test 2.
    assert is_signed(
        bytes.fromhex("72"),
        bytes.fromhex(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
        bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"),
    )


# --- The facts --------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "change", "said"),
    [
        pytest.param(
            "claim_lines", lambda r: r[0].update(line_amount="11000.01"),
            "its lines sum to 11814.01", id="a line of a claim",
        ),
        pytest.param(
            "claim_lines", lambda r: r[0].update(entitled_amount="11000.01"),
            "11000.00 is not 11000.01 - 0.00", id="what a line rests on",
        ),
        pytest.param(
            "claims", lambda r: r[0].update(total_amount="11814.01"),
            "is 11814.01, its lines sum to 11814.00", id="the total of a claim",
        ),
        pytest.param(
            "claim_lines", lambda r: r[0].update(key="attendance:CL-2"),
            "not the attested one", id="what was attested",
        ),
        pytest.param(
            "attestations", lambda r: r.pop(), "attested by 1 instead of 2", id="an attestation"
        ),
        pytest.param(
            "attestations", lambda r: r[1].update(person=r[0]["person"]),
            "attested by 1 instead of 2", id="the same person twice",
        ),
        pytest.param(
            "entries", lambda r: r[0].update(entry_amount="11814.01"),
            "does not balance, 0.01 are left over", id="an entry",
        ),
        pytest.param(
            "entries", lambda r: [e.update(entry_amount=str(2 * float(e["entry_amount"])))
                                  for e in r],
            "for a claim of 11814.00", id="both entries",
        ),
        pytest.param(
            "ledger_transactions", lambda r: r.pop(), "was booked 0 times", id="a transaction"
        ),
        pytest.param(
            "contracts", lambda r: r[0].update(document='{"number":"K-1","price":"21.00"}'),
            "the document's hash is", id="what was signed",
        ),
        pytest.param(
            "contracts", lambda r: r[0].update(spent_amount="1.00"),
            "its posted claims sum to 11814.00", id="what was spent",
        ),
        pytest.param(
            "contracts", lambda r: r[0].update(ceiling_amount="11813.99"),
            "is over its ceiling", id="the ceiling",
        ),
        pytest.param(
            "signatures", lambda r: r.pop(), "signed, and not by both sides", id="a signature"
        ),
        pytest.param(
            "signatures", lambda r: r[0].update(document_sha256="0" * 64),
            "signed another document", id="what a signature is under",
        ),
        pytest.param(
            "payments", lambda r: r[0].update(iban="EE382200221020145685"),
            "does not hold EE382200221020145685", id="the account",
        ),
        pytest.param(
            "payments", lambda r: r[0].update(payment_amount="11814.01"),
            "pays more than its total", id="the amount paid",
        ),
        pytest.param(
            "papers", lambda r: r[0].update(facts='{"text":"First of three."}'),
            "does not hold the facts", id="the facts of a document",
        ),
        pytest.param(
            "bids", lambda r: r.pop(), "belongs to no bid", id="a bid",
        ),
        pytest.param(
            "lots", lambda r: r.pop(), "which is not in lots", id="a row that others name",
        ),
        pytest.param(
            "lots", lambda r: r.append(r[0]), "2 times", id="a row twice",
        ),
        pytest.param(
            "claims", lambda r: r[0].pop("total_amount"), "cannot be checked", id="a column",
        ),
    ],
)  # fmt: skip
def test_facts_that_do_not_fit(
    content: bytes, table: str, change: Callable[[list[Any]], Any], said: str
) -> None:
    found = problems(with_rows(content, table, change))
    assert any(said in problem for problem in found), found


@pytest.mark.parametrize("prefix", ["receipts/", "bids/", "files/", "keys/"])
def test_a_part_that_was_left_out_with_its_line_in_the_manifest(
    content: bytes, prefix: str
) -> None:
    for path in [path for path in unpacked(content) if path.startswith(prefix)]:
        files = unpacked(content)
        del files[path]
        assert problems(sealed_anew(files)), path


# --- Alone ------------------------------------------------------------------


def run_alone(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the checker as one file, without this project and without any package."""
    return subprocess.run(
        [sys.executable, "-I", "-S", service.CHECKER, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_alone_it_needs_nothing_and_its_exit_codes_tell(content: bytes, tmp_path: Path) -> None:
    whole, changed = tmp_path / "whole.zip", tmp_path / "changed.zip"
    whole.write_bytes(content)
    changed.write_bytes(with_rows(content, "claims", lambda r: r[0].update(total_amount="1.00")))
    said = run_alone(whole)
    assert (said.returncode, said.stderr) == (0, "")
    assert "whole." in said.stdout
    said = run_alone(changed)
    assert said.returncode == 1
    assert "claim 1 of K-1: is 1.00, its lines sum to 11814.00" in said.stdout
    assert run_alone(tmp_path / "absent.zip").returncode == 2
    assert run_alone(whole, "--head", "0" * 64).returncode == 1
    assert run_alone(whole, "--head", "x").returncode == 2
    key = tmp_path / "key.pem"
    key.write_bytes(kept["pem"])
    assert run_alone(whole, "--key", key).returncode == 0


def test_the_command_does_the_same(content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    file = kept["folder"] / "dossier.zip"
    file.write_bytes(content)
    assert verify.main([str(file)]) == 0
    assert "whole." in capsys.readouterr().out


def test_a_long_chain_is_followed_quickly(tmp_path: Path) -> None:
    """Promise A-7: a million events in a minute; here a twentieth of it."""
    import time

    previous, lines = verify.ZERO_SHA256, []
    for seq in range(1, 50_001):
        says = hashlib.sha256(str(seq).encode()).hexdigest()
        previous = verify.hash_lines(says, previous)
        lines.append({"seq": seq, "content_sha256": says, "sha256": previous})
    found = verify.Found()
    found.manifest = {"chain": {"seq": 50_000, "sha256": previous, "shown": 0}}
    found.files["events.jsonl"] = b"\n".join(msgspec.json.encode(line) for line in lines)
    begun = time.monotonic()
    verify.read_events(found, None)
    assert found.problems == []
    assert time.monotonic() - begun < 3


# --- Rankings ---------------------------------------------------------------


def scoring_path(files: dict[str, bytes]) -> str:
    return next(path for path in files if path.startswith("scoring/"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b'"price":"24.80"', b'"price":"24.70"', "has another price of bid"),
        (b'"K2":["5","4","5"]', b'"K2":["5","5","5"]', "has other scores of bid"),
        (b'"K2":["5","4","5"]', b'"K2":["5","4",null]', "has other scores of bid"),
        (b'"out":[', b'"ranks":{},"out":[', "a name comes twice in one object"),
        (b'"version":1', b'"version":2', ""),
    ],
)
def test_a_ranking_whose_scoring_file_was_changed(
    content: bytes, old: bytes, new: bytes, said: str
) -> None:
    files = unpacked(content)
    path = scoring_path(files)
    if not said:
        files[path] = files[path].replace(b'"title":', b'"version":7,"title":')
        said = "is of another version than the ranking"
    assert said.startswith("is") or old in files[path]
    files[path] = files[path].replace(old, new, 1)

    assert any(line.startswith(path) and said in line for line in problems(sealed_anew(files)))


def test_a_ranking_without_its_scoring_file(content: bytes) -> None:
    files = unpacked(content)
    path = scoring_path(files)
    del files[path]

    assert any("computes a ranking again" in line for line in problems(sealed_anew(files)))


def test_the_scoring_file_of_a_dossier_comes_out_elsewhere(content: bytes) -> None:
    from procure.scoring import command

    files = unpacked(content)
    file = kept["folder"] / "ranking.json"
    file.write_bytes(files[scoring_path(files)])

    assert command.main(file, check=True) == 0
    file.write_bytes(file.read_bytes().replace(b'"price":"24.80"', b'"price":"20.80"'))
    assert command.main(file, check=True) == 1


# Claims ---------------------------------------------------------------------


def with_computed_claim(content: bytes, **changed: Any) -> list[str]:
    """Return what is found when the one claim has a result, terms and the files of both."""
    files = unpacked(content)
    contracts = json.loads(files["facts/contracts.json"])
    claims = json.loads(files["facts/claims.json"])
    terms = {"format": "procure-payment-terms", "code": "T"}
    for contract in contracts:
        contract["terms"] = json.dumps({"payment": terms})
    claims[0]["result"] = json.dumps({"total_amount": "12.00"})
    files["facts/contracts.json"] = json.dumps(contracts).encode()
    files["facts/claims.json"] = json.dumps(claims).encode()
    stem = f"payments/{claims[0]['group']}"
    lines = {"lines": [{"key": "a", "amount": "5.00"}, {"key": "b", "amount": "7.00"}]}
    made = {
        f"{stem}-terms.json": terms,
        f"{stem}-facts.json": {"facts": []},
        f"payments/{claims[0]['id']}-lines.json": lines,
    }
    for path, given in made.items():
        kind = path.rpartition("-")[2].removesuffix(".json")
        said = changed.get(kind, given)
        if said is not None:
            files[path] = json.dumps(said).encode()
    return [line for line in problems(sealed_anew(files)) if line.startswith("payments/")]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, None),
        ({"terms": None}, "is missing: it computes a claim again"),
        ({"facts": None}, "is missing: it computes a claim again"),
        ({"lines": None}, "is missing: it computes a claim again"),
        ({"terms": {"code": "other"}}, "is not what the contract says"),
        ({"lines": {"lines": [{"key": "a", "amount": "12.01"}]}}, "sums to 12.01, and claim 1"),
    ],
)
def test_the_files_that_compute_a_claim_again(
    content: bytes, changed: dict[str, Any], said: str | None
) -> None:
    found = with_computed_claim(content, **changed)
    if said is None:
        assert found == []
    else:
        assert any(said in line for line in found)


def other_key(message: bytes) -> bytes:
    """Sign with a key that is not the installation's."""
    return Ed25519PrivateKey.from_private_bytes(b"1" * 32).sign(message)


def test_who_changes_a_dossier_cannot_seal_it_anew(content: bytes) -> None:
    assert problems(sealed_anew(unpacked(content))) == []
    assert problems(sealed_anew(unpacked(content), other_key)) == [
        "file: its seal is not signed with a key of the file: it was sealed anew"
    ]


def changed(whole: bytes, table: str, values: dict[str, Any]) -> list[str]:
    """Change columns of a table's first row, sealed anew with the installation's own key."""

    def change(rows: list[Any]) -> None:
        rows[0] |= values

    return problems(with_rows(whole, table, change))


@pytest.mark.parametrize(
    ("table", "values", "said"),
    [
        pytest.param("openings", {"minutes": '{"a":1}'}, "minutes are not those", id="minutes"),
        pytest.param("awards", {"reasons": "Others."}, "has other reasons", id="reasons"),
        pytest.param(
            "awards", {"facts": '{"reasons":"Others."}'}, "not the decision", id="a decision"
        ),
        pytest.param("bids", {"content": None}, "other bids were opened", id="an opened bid"),
        pytest.param(
            "award_suppliers", {"provider_org": "0" * 8}, "another than its bid's", id="the winner"
        ),
    ],
)
def test_a_decision_that_is_not_its_event_s_is_found_even_with_the_key(
    content: bytes, table: str, values: dict[str, Any], said: str
) -> None:
    assert any(said in problem for problem in changed(content, table, values))


def test_a_ranking_rewritten_is_found(content: bytes) -> None:
    def rewrite(rows: list[Any]) -> None:
        result = json.loads(rows[0]["result"])
        result["results"][0]["rank"], result["results"][1]["rank"] = 2, 1
        rows[0]["result"] = json.dumps(result, separators=(",", ":"))

    found = problems(with_rows(content, "evaluations", rewrite))
    assert any("not the ranking that was made" in problem for problem in found)


def test_a_hidden_decision_and_a_bid_left_out_are_missed(content: bytes) -> None:
    def hide(lines: list[Any]) -> None:
        for n, line in enumerate(lines):
            if line.get("kind") == "award:decided":
                says, _ = verify.content_of(line)
                lines[n] = {
                    "seq": line["seq"], "content_sha256": says, "sha256": line["sha256"]
                }  # fmt: skip

    assert any("no event award:decided" in p for p in problems(with_events(content, hide)))
    found = problems(with_rows(content, "bids", lambda rows: rows.clear()))
    assert any("which an event says arrived" in problem for problem in found)
