"""Make the first migration from the tables' code: `python -m procure.db.make_migration`.

And with it the triggers that hold states to their packages' tables of moves.

Until the first release there is one migration of tables, written anew each time, so that nobody
has to read how the schema came about. Needs no database. After the release: a new file for each
change, by `piccolo migrations new procure --auto`.
"""

import contextlib
import fcntl
import io
import os
import sys
from pathlib import Path

from piccolo.apps.migrations.auto import AlterStatements, DiffableTable, SchemaDiffer
from piccolo.apps.migrations.commands.new import render_template
from piccolo.conf.apps import AppConfig, Finder
from piccolo.table import Table

from procure import migrations
from procure.db.moves import render_moves

ID = "2026-11-24T00:00:01:000000"
PATH = Path(migrations.__path__[0]) / "procure_1_tables.py"
MOVES = "sql/90_states.sql"
HEADING = """\
# Made from the tables by `make migration`; do not edit, nor merge by hand.
# ruff: noqa
# fmt: off
"""


def app_config() -> AppConfig:
    """Return the one app, with every table."""
    return Finder().get_app_config("procure")


def statements_for(table: type[Table]) -> list[AlterStatements]:
    """Describe one table as if it were new."""
    meta = table._meta
    new = DiffableTable(
        class_name=table.__name__,
        tablename=meta.tablename,
        columns=meta.non_default_columns,
        constraints=meta.constraints,
        schema=meta.schema,
    )
    with contextlib.redirect_stdout(io.StringIO()):  # it counts aloud
        return SchemaDiffer(schema=[new], schema_snapshot=[], auto_input="y").get_alter_statements()


def render(config: AppConfig) -> str | None:
    """Write the migration that makes all tables out of nothing; None if there are no tables.

    Table by table, because Piccolo goes through a set of them, in another order each time; so two
    people's versions also differ only where their tables do.
    """
    tables = sorted(config.table_classes, key=lambda table: table.__name__)
    found = [part for table in tables for part in statements_for(table)]
    if not found:
        return None
    text: str = render_template(  # type: ignore[no-untyped-call]
        migration_id=ID,
        auto=True,
        alter_statements=[text for part in found for text in part.statements],
        extra_imports=sorted({text for part in found for text in part.extra_imports}, key=repr),
        extra_definitions=sorted({text for part in found for text in part.extra_definitions}),
        app_name=config.app_name,
        description="every table",
    )
    # One line a column, so that a difference between two versions can be read; black makes 13 000.
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines() if line.strip())


def files(config: AppConfig) -> dict[Path, str | None]:
    """Return what each file that is made here has to say; None where there must be none."""
    text = render(config)
    return {
        PATH: None if text is None else HEADING + text,
        PATH.parent / MOVES: render_moves(config.table_classes),
    }


def is_current(config: AppConfig) -> bool:
    """Tell whether the files on disk say the same as the code."""
    return all(_read(path) == text for path, text in files(config).items())


def make() -> bool:
    """Write the files, and tell whether one changed."""
    handle = os.open(PATH.parent, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # several people work in one tree
        changed = False
        for path, text in files(app_config()).items():
            if _read(path) == text:
                continue
            changed = True
            if text is None:
                path.unlink()
            else:
                fresh = path.with_suffix(".new")
                fresh.write_text(text)
                fresh.replace(path)
        return changed
    finally:
        os.close(handle)


def _read(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


if __name__ == "__main__":
    sys.stdout.write(f"{PATH.name}: {'written anew' if make() else 'as it was'}\n")
