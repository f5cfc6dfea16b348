"""The migration of tables says what the code says, the same each time."""

import asyncio
from enum import StrEnum
from pathlib import Path

import pytest
from piccolo.columns import UUID, ForeignKey, Numeric, Varchar
from piccolo.conf.apps import AppConfig
from piccolo.constraints import Check, Constraint
from piccolo.table import Table

from procure.db import AppUUID7, is_money, is_one_of, make_migration
from procure.db.drift import drift


class Colour(StrEnum):
    """A vocabulary."""

    RED = "red"
    BLUE = "blue"


class Box(Table, tablename="box"):
    """A table of the tests."""

    id = UUID(primary_key=True, default=AppUUID7())
    colour = Varchar(length=4, default=None, null=False)
    price_amount = Numeric(digits=None, default=None, null=False)

    known_colour = is_one_of("colour", Colour)
    price_is_money = is_money("price_amount")


class Lid(Table, tablename="lid"):
    """A table that refers to another."""

    id = UUID(primary_key=True, default=AppUUID7())
    box = ForeignKey(Box, default=None, null=False)


def config(*tables: type[Table]) -> AppConfig:
    return AppConfig("procure", "unused", table_classes=list(tables))


def test_the_migration_makes_tables_columns_and_checks() -> None:
    text = make_migration.render(config(Lid, Box))
    assert text is not None
    compile(text, "migration", "exec")
    for part in ("tablename='lid'", "AppUUID7", "known_colour", "colour IN ('red', 'blue')"):
        assert part in text, part


def test_the_order_in_which_tables_are_found_does_not_matter() -> None:
    assert make_migration.render(config(Lid, Box)) == make_migration.render(config(Box, Lid))


def test_no_tables_make_no_migration() -> None:
    assert make_migration.render(config()) is None


def test_the_file_is_written_when_it_must_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = config(Box)
    monkeypatch.setattr(make_migration, "PATH", tmp_path / "made.py")
    monkeypatch.setattr(make_migration, "app_config", lambda: tables)
    assert make_migration.make()
    assert not make_migration.make()
    tables.table_classes.append(Lid)
    assert make_migration.make()
    tables.table_classes.clear()
    assert make_migration.make()
    assert list(tmp_path.iterdir()) == []


def test_a_changed_check_is_seen_though_its_name_stayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make_migration, "PATH", tmp_path / "made.py")
    monkeypatch.setattr(make_migration, "app_config", lambda: config(Box))
    make_migration.make()
    stricter: list[Constraint] = [Check("price_amount > 0", name="price_is_money")]
    monkeypatch.setattr(Box._meta, "constraints", stricter)
    assert not make_migration.is_current(config(Box))


def test_the_tables_are_those_of_the_migrations() -> None:
    assert asyncio.run(drift()) == []
