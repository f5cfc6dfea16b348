"""Every page is rendered by the package whose folder it is in, and by someone."""

import re
from typing import Any, cast

import jinja2
import jinja2.nodes

from tests.architecture.tree import TEMPLATES, modules, packages, texts, where

# Folders that belong to nobody: what pages are made of.
SHARED = {"_parts", "papers"}

pages = sorted(file.relative_to(TEMPLATES).as_posix() for file in TEMPLATES.rglob("*.html"))
NAME = re.compile(r"^[\w/]+\.html$")


def asked_by_templates() -> dict[str, set[str]]:
    """Map each template to those that it extends, includes or imports."""
    environment = jinja2.Environment(
        autoescape=True, extensions=["jinja2.ext.i18n", "jinja2.ext.do"]
    )
    asks = jinja2.nodes.Extends, jinja2.nodes.Include, jinja2.nodes.Import, jinja2.nodes.FromImport
    found: dict[str, set[str]] = {}
    for page in pages:
        parsed = environment.parse((TEMPLATES / page).read_text(encoding="utf-8"), filename=page)
        names = [cast(Any, node).template for node in parsed.find_all(asks)]
        found[page] = {name.value for name in names if isinstance(name, jinja2.nodes.Const)}
    return found


def asked_by_code() -> list[tuple[str, str, str]]:
    """List each template that code names, with the package and the place."""
    return [
        (package, text, where(file, node))
        for package in packages()
        for file in modules(package)
        for node, text in texts(file)
        if NAME.match(text)
    ]


def test_code_names_templates_that_exist() -> None:
    assert [f"{place} {name}" for _, name, place in asked_by_code() if name not in pages] == []


def test_templates_name_templates_that_exist() -> None:
    there = {*pages}
    missing = {
        page: lost
        for page, asked in asked_by_templates().items()
        if (lost := {name for name in asked if not name.startswith("govuk_frontend")} - there)
    }
    assert missing == {}


def test_a_package_renders_only_what_is_in_its_folder() -> None:
    found = [
        f"{place} {name}"
        for package, name, place in asked_by_code()
        if name.partition("/")[0] != package
    ]
    assert found == []


def test_every_folder_is_a_packages() -> None:
    folders = {page.partition("/")[0] for page in pages if "/" in page}
    assert folders - SHARED - set(packages()) == set()
