"""Does the code say other tables than the migrations? `python -m procure.db.drift`, 1 if so."""

import asyncio
import contextlib
import io
import sys

from piccolo.apps.migrations.commands.new import AutoMigrationManager

from procure.db.make_migration import PATH, app_config, is_current


async def drift() -> list[str]:
    """List what the migrations lack; an empty list means that they make what the code says."""
    config = app_config()
    with contextlib.redirect_stdout(io.StringIO()):  # it counts aloud
        manager = AutoMigrationManager(auto_input="y")
        found = await manager.get_alter_statements(app_config=config)
    missing = [statement for part in found for statement in part.statements]
    # Piccolo compares constraints by name alone, and would not see a changed condition.
    if not missing and not is_current(config):
        missing.append(f"{PATH.name} or the states' triggers were made from other code")
    return missing


if __name__ == "__main__":
    differences = asyncio.run(drift())
    for difference in differences:
        sys.stderr.write(f"{difference}\n")
    if differences:
        sys.stderr.write("The tables differ from the migrations: run `make migration`.\n")
    sys.exit(1 if differences else 0)
