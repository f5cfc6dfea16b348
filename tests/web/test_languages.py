"""The catalogues: Estonian is whole, and no translation loses or invents a placeholder."""

import pkgutil
import re
from importlib import import_module
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

import procure
from procure.kernel.states import Machine
from procure.web.languages import LANGUAGES, LOCALES, said, speak, translate
from procure.web.terms import ACTIONS

ROOT = Path(__file__).resolve().parents[2]
HOLES = re.compile(r"%\(\w+\)s|\{\w*\}")


def messages(code: str) -> list[Message]:
    path = LOCALES / code / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return [message for message in read_po(file, locale=code) if message.id]


def texts(value: object) -> list[str]:
    return [str(part) for part in (value if isinstance(value, list | tuple) else [value])]


def test_estonian_is_whole() -> None:
    empty = [message.id for message in messages("et") if not all(texts(message.string))]
    assert len(messages("et")) > 1500
    assert empty == []


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_a_translation_keeps_its_placeholders(code: str) -> None:
    wrong = [
        message.id
        for message in messages(code)
        for text in texts(message.string)
        if text
        and not isinstance(message.id, list | tuple)
        and sorted(HOLES.findall(text)) != sorted(HOLES.findall(str(message.id)))
    ]
    assert wrong == []


def test_a_code_inside_a_sentence_is_said_in_words() -> None:
    try:
        speak("et")
        assert translate("Sign in") != "Sign in"
        assert (
            "avaldatud"
            in said(
                "Cannot {action} what is {state}; from here: {allowed}.",
                {
                    "action": "redraft",
                    "state": "published",
                    "allowed": "close",
                },
            ).lower()
        )
    finally:
        speak("en")


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        pytest.param("ended_on", "2025-12-22", "22 Dec 2025", id="a stored day"),
        pytest.param("at", "2026-11-02T10:00:00Z", "2 Nov 2026 12:00", id="a stored instant"),
        pytest.param("left_amount", "1234.50", "€1,234.50", id="a stored amount"),
        pytest.param("number", "1234.50", "1234.50", id="other digits stay as they are"),
        pytest.param("code", "2025-13-22", "2025-13-22", id="what only looks like a day stays"),
        pytest.param("typed", "2025-12-22", "2025-12-22", id="what was typed stays as typed"),
        pytest.param("language", "ru", "Russian", id="English writes languages with a capital"),
        pytest.param("state", "published", "published", id="other words inside a sentence do not"),
    ],
)
def test_a_stored_value_is_shown_as_people_write_it(name: str, value: str, shown: str) -> None:
    assert said(f"{{{name}}}", {name: value}) == shown


def test_every_text_of_the_source_is_in_the_catalogues(tmp_path: Path) -> None:
    made = tmp_path / "messages.pot"
    # As `make i18n` does it; Babel would leave out templates/_parts by itself.
    folders = [f"{ROOT}/src/procure", f"{ROOT}/templates"]
    flags = ["--quiet", "extract", "--ignore-dirs", ".*", "--keyword", "n_", "-o", str(made)]
    CommandLineInterface().run(["pybabel", *flags, "-F", f"{ROOT}/babel.cfg", *folders])
    with made.open("rb") as file:
        wanted = {texts(message.id)[0] for message in read_po(file) if message.id}

    assert "Sign out" in wanted
    for code in ("et", "ru"):
        assert wanted - {texts(message.id)[0] for message in messages(code)} == set(), code


def test_every_move_of_every_life_has_its_verb() -> None:
    moves = {
        action
        for package in pkgutil.iter_modules(procure.__path__)
        if (LOCALES.parents[1] / package.name / "states.py").exists()
        for thing in vars(import_module(f"procure.{package.name}.states")).values()
        if isinstance(thing, Machine)
        for (_, action) in thing.moves
    }
    assert len(moves) > 30
    assert moves - set(ACTIONS) == set()


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_two_marks_of_a_day_share_a_letter(code: str) -> None:
    try:
        speak(code)
        letters = [translate(letter) for letter in ("P", "E", "A", "S")]
    finally:
        speak("en")
    assert len(set(letters)) == 4
    assert all(len(letter) == 1 for letter in letters)
