"""Keys that nobody holds alone: every set of people, every damaged word, another program."""

import itertools
import shutil
import subprocess
from pathlib import Path

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procure.adapters.age_seal import AgeOpenKey, AgeSealer, bech32
from procure.tenders.ports import SealFailed, TenderKey

SEALER = AgeSealer()
BID = '{"price":"37.50","bidder":"MTÜ Kask"}'.encode() * 100


def a_key(quorum: int, holders: int) -> tuple[TenderKey, list[str], list[str]]:
    """Make a key and return it with each holder's words and identity."""
    people = [SEALER.new_key() for _ in range(holders)]
    key = SEALER.make_key(quorum, [recipient for _, recipient in people])
    identities = [identity for identity, _ in people]
    words = [
        SEALER.read_share(share, identity)
        for share, identity in zip(key.shares, identities, strict=True)
    ]
    return key, words, identities


@pytest.mark.parametrize(
    ("quorum", "holders"), [(2, 2), (2, 3), (3, 3), (2, 4), (3, 4), (2, 5), (3, 5), (5, 5)]
)
def test_exactly_the_sets_of_enough_people_open(quorum: int, holders: int) -> None:
    key, words, _ = a_key(quorum, holders)
    sealed = SEALER.seal(BID, key.recipient)

    for size in range(holders + 1):
        for some in itertools.combinations(words, size):
            if size < quorum:
                with pytest.raises(SealFailed):
                    SEALER.combine(some, key.recipient)
            else:
                assert SEALER.combine(some, key.recipient).open(sealed) == BID


def test_one_person_twice_is_one_person() -> None:
    key, words, _ = a_key(2, 3)
    with pytest.raises(SealFailed):
        SEALER.combine([words[0], words[0]], key.recipient)


def test_shares_of_another_tender_do_not_open() -> None:
    key, _, _ = a_key(2, 3)
    _, others, _ = a_key(2, 3)
    with pytest.raises(SealFailed, match="another tender"):
        SEALER.combine(others[:2], key.recipient)


def test_shares_of_two_tenders_do_not_mix() -> None:
    key, words, _ = a_key(2, 3)
    _, others, _ = a_key(2, 3)
    with pytest.raises(SealFailed):
        SEALER.combine([words[0], others[1]], key.recipient)


def test_words_may_be_typed_as_people_type() -> None:
    key, words, _ = a_key(2, 3)
    typed = "\n".join(words[0].upper().split(" "))
    assert SEALER.read_share(key.shares[0], f"  {typed}  ") == words[0]


def test_a_file_of_ages_key_program_is_taken_as_it_is() -> None:
    key, words, identities = a_key(2, 3)
    file = f"# created: 2024-01-08\n# public key: age1\n{identities[0]}\n"
    assert SEALER.read_share(key.shares[0], file) == words[0]


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        pytest.param("", "words of a share", id="nothing"),
        pytest.param("one two three", "words of a share", id="other words"),
        pytest.param("AGE-SECRET-KEY-1QQQQ", "not an opening key", id="half a key"),
    ],
)
def test_what_is_no_share_is_refused_in_words(typed: str, why: str) -> None:
    key, _, _ = a_key(2, 3)
    with pytest.raises(SealFailed, match=why):
        SEALER.read_share(key.shares[0], typed)


def test_another_persons_key_does_not_open_ones_share() -> None:
    key, _, identities = a_key(2, 3)
    with pytest.raises(SealFailed, match="does not open your share"):
        SEALER.read_share(key.shares[0], identities[1])


def test_another_persons_words_are_not_ones_share() -> None:
    key, words, _ = a_key(2, 3)
    with pytest.raises(SealFailed, match="not yours"):
        SEALER.read_share(key.shares[0], words[1])


def test_every_mistyped_word_is_noticed() -> None:
    key, words, _ = a_key(2, 3)
    right = words[0].split()
    for at in range(len(right)):
        wrong = [*right]
        wrong[at] = "academic" if right[at] != "academic" else "acid"
        with pytest.raises(SealFailed):
            SEALER.read_share(key.shares[0], " ".join(wrong))


def test_a_failure_never_repeats_what_was_typed() -> None:
    key, words, identities = a_key(2, 3)
    for typed in (identities[1], words[1]):
        with pytest.raises(SealFailed) as failure:
            SEALER.read_share(key.shares[0], typed)
        assert typed not in str(failure.value)


@settings(max_examples=200, deadline=None)
@given(st.integers(min_value=0, max_value=10**6))
def test_any_changed_bit_is_noticed(where: int) -> None:
    identity, recipient = SEALER.new_key()
    sealed = bytearray(SEALER.seal(b"price 37.50", recipient))
    byte, bit = divmod(where % (len(sealed) * 8), 8)
    sealed[byte] ^= 1 << bit
    key = AgeOpenKey(pyrage.x25519.Identity.from_str(identity))
    with pytest.raises(SealFailed):
        key.open(bytes(sealed))


def test_keys_are_written_as_bip_173_writes_them() -> None:
    # The first valid test string of BIP-173, and one of the data part's full alphabet.
    assert bech32("a", b"") == "a12uel5l"
    assert bech32("abcdef", bytes.fromhex("00443214c74254b635cf84653a56d7c675be77df")) == (
        "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw"
    )


@pytest.mark.skipif(shutil.which("age") is None, reason="Debian's age is not installed")
def test_an_independent_program_opens_what_we_sealed(tmp_path: Path) -> None:
    identity, recipient = SEALER.new_key()
    (tmp_path / "bid.age").write_bytes(SEALER.seal(BID, recipient))
    (tmp_path / "key.txt").write_text(identity + "\n")
    done = subprocess.run(
        ["age", "-d", "-i", str(tmp_path / "key.txt"), str(tmp_path / "bid.age")],
        capture_output=True,
        check=True,
    )
    assert done.stdout == BID
