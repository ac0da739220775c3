"""What has been imported before a module is replaced is imported anew where it has to be."""

import subprocess
import sys
from pathlib import Path

from exercises.grading.places import ROOT

FORKED = """
import sys
from reference_app.running import dependents, overlay

imported = dependents.import_and_record("reference_app.serving")
before = dict(sys.modules)
overlay.install({"reference_app.security.tokens": sys.argv[1]}, imported)

import reference_app.serving
from reference_app.security import tokens
from reference_app.application import Tokens

assert Tokens is tokens.Tokens is not before["reference_app.security.tokens"].Tokens
assert tokens.MINE, "the replaced module is the file"
for name, anew in {
    "application": True, "serving": True, "services": False, "security.access": False,
    "api.users": False, "data.models": False, "security.passwords": False, "config": False,
}.items():
    name = f"reference_app.{name}"
    assert (sys.modules[name] is not before[name]) == anew, name
"""

BROKEN = """
import sys
from reference_app.running import dependents

sys.modules["reference_app.security.tokens"] = None  # importing it raises ImportError
assert "reference_app.services" in dependents.import_and_record("reference_app.serving")
"""


def test_only_what_leads_to_the_replaced_module_is_imported_anew(tmp_path: Path) -> None:
    file = tmp_path / "tokens.py"
    source = ROOT.joinpath("reference_app/security/tokens.py").read_text("utf-8")
    file.write_text(f"{source}\nMINE = True\n", "utf-8")
    run(FORKED, str(file))


def test_an_application_that_cannot_be_imported_is_left_to_the_service_to_tell() -> None:
    run(BROKEN)


def run(code: str, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
