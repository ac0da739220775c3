"""Sets the project up in `.venv` and shows a first verdict.

    python3 exercises/grading/bootstrap.py

Needs Python 3.11 and nothing else, so it imports the standard library only. A system Python that
refuses global installs, or comes without pip in new environments, is no obstacle.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv"
BIN = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / "python"
OUTSIDE = [sys.executable, "-m", "pip", f"--python={PYTHON}"]
LEAST_PYTHON = (3, 11)
EXTRAS = "kit,dev" if (ROOT / "solutions").is_dir() else "kit"
"""A release has no tests of the project itself, and needs no tools for them."""


def main() -> int:
    if sys.version_info < LEAST_PYTHON:
        return _refuse("Python 3.11 or newer is needed. Run this line with it: python3.13 …")
    if os.name == "nt":
        return _refuse("The servers run on Linux and macOS. On Windows use WSL.")
    try:
        pip = _environment()
        print("Installing what the kit needs into .venv …", flush=True)
        with _constraints() as pins:
            command = [*pip, "install", "--quiet", "--constraint", str(pins)]
            quiet = {**os.environ, "PYTHONWARNINGS": "ignore"}  # of the build, not of the project
            subprocess.run([*command, "--editable", f"{ROOT}[{EXTRAS}]"], check=True, env=quiet)
    except subprocess.CalledProcessError as error:
        print(f"\nThis step failed: {' '.join(error.cmd)}", file=sys.stderr)
        return _refuse("Its own message stands above. Run the line again to go on from here.")
    return subprocess.call([str(BIN / "dojo"), "start", *sys.argv[1:]], cwd=ROOT)


def _environment() -> list[str]:
    """Makes `.venv` when it is not there; answers the command that is its pip, a current one.

    The pip that comes with a system is often too old to see current releases.
    """
    if not PYTHON.exists():
        venv.create(ENVIRONMENT, with_pip=False, symlinks=True)
    inside = [str(PYTHON), "-m", "pip"]
    upgrade = ["install", "--quiet", "--upgrade", "pip"]
    if _works([*inside, "--version"]) or _works([str(PYTHON), "-m", "ensurepip"]):
        subprocess.run([*inside, *upgrade], check=True)
    elif _works([*OUTSIDE, "--version"]):
        subprocess.run([*OUTSIDE, *upgrade], check=True)
    else:
        print("This Python comes without pip. On Debian: apt install python3-venv", file=sys.stderr)
        raise SystemExit(2)
    return inside


@contextlib.contextmanager
def _constraints() -> Iterator[Path]:
    """The exact versions that pyproject.toml lists, as a file that pip can read."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    pins = project["tool"]["uv"]["constraint-dependencies"]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "constraints.txt")
        file.write_text("\n".join(pins) + "\n", "utf-8")
        yield file


def _works(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _refuse(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main())
