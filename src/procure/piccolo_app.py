"""The one Piccolo app: every table of every package, in one linear history."""

import importlib.util
import pkgutil
from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

import procure


def table_modules() -> list[str]:
    """List the modules that may define tables; a `tables` that has grown into a folder, too."""
    modules = []
    packages = sorted(part.name for part in pkgutil.iter_modules(procure.__path__) if part.ispkg)
    for name in (f"procure.{package}.tables" for package in packages):
        if (found := importlib.util.find_spec(name)) is not None:
            inside = pkgutil.iter_modules(found.submodule_search_locations or ())
            modules += [name, *sorted(f"{name}.{module.name}" for module in inside)]
    return modules


APP_CONFIG = AppConfig(
    app_name="procure",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    # A package's tables import earlier packages' tables for their foreign keys.
    table_classes=table_finder(table_modules(), exclude_imported=True),
)
