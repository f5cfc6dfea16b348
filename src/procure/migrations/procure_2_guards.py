"""What tables cannot say: functions, triggers, exclusion constraints, partial indexes.

Runs every `sql/NN_<package>.sql` as it stands, in the order of NN, which is the order of the flow.
Written by hand; runs after the tables are there.
"""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from procure.db import DB

ID = "2026-11-24T00:00:02:000000"
VERSION = "1.38.0"
DESCRIPTION = "guards"

SQL = Path(__file__).parent / "sql"


async def run_guards() -> None:
    """Run each package's file of guards; an error names the file."""
    async with DB.connection() as connection:
        for file in sorted(SQL.glob("*.sql")):
            try:
                # Many statements at once, and braces and $$ as they stand: so not by run_ddl.
                await connection.execute(file.read_text())
            except Exception as error:
                error.add_note(f"while running {file}")
                raise


async def forwards() -> MigrationManager:
    """Describe the migration to Piccolo."""
    manager = MigrationManager(migration_id=ID, app_name="procure", description=DESCRIPTION)
    manager.add_raw(run_guards)
    return manager
