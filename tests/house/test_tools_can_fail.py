"""Each tool of `.ci/static` refuses something bad: a check that cannot fail proves nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from exercises.grading.places import ROOT

BIN = Path(sys.executable).parent

BAD = {
    "format": (["ruff", "format", "--check"], "x=1\n"),
    "lint": (["ruff", "check"], "import os\n"),
    "types": (["mypy", "--strict"], "x: int = 'one'\n"),
    "security": (
        ["bandit", "--quiet", "--configfile", "pyproject.toml"],
        "import hashlib\nhashlib.md5(b'password')\n",
    ),
    "shell": (["shellcheck", "--severity=warning"], "#!/bin/bash\ncd somewhere\n"),
    "secrets": (["detect-secrets-hook"], "aws_key = 'AKIA" + "IOSFODNN7EXAMPLQ'\n"),
}


@pytest.mark.parametrize(("command", "source"), BAD.values(), ids=BAD)
def test_it_refuses_a_bad_file(command: list[str], source: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.py"
    file.write_text(source, "utf-8")
    tool = [str(BIN / command[0]), *command[1:], str(file)]
    assert subprocess.run(tool, cwd=ROOT, capture_output=True, check=False).returncode != 0


def test_migrations_that_lock_a_table_are_refused(tmp_path: Path) -> None:
    rules = ROOT / "reference_app" / "data" / "migrations" / "squawk.toml"
    migration = tmp_path / "migration.sql"
    found = []
    for sql in ("CREATE INDEX ix ON users (email);", "ALTER TABLE users ALTER id TYPE text;"):
        migration.write_text(f"BEGIN;\n{sql}\nCOMMIT;\n", "utf-8")
        command = [str(BIN / "squawk"), "--config", str(rules), str(migration)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        found.append((result.returncode, "changing-column-type" in result.stdout))
    assert found == [(1, False), (1, True)]


def test_import_contracts_refuse_a_service_that_knows_its_grader(tmp_path: Path) -> None:
    for package in ("reference_app", "exercises"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("")
    (tmp_path / "reference_app" / "cheat.py").write_text("import exercises\n")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.importlinter]\nroot_packages = ["reference_app", "exercises"]\n'
        '[[tool.importlinter.contracts]]\nname = "one way"\ntype = "layers"\n'
        'layers = ["exercises", "reference_app"]\n'
    )
    command = [str(BIN / "lint-imports"), "--no-cache"]
    result = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, env={"PYTHONPATH": "."}
    )
    assert result.returncode != 0
    assert "BROKEN" in result.stdout


def test_every_commit_is_checked_with_these_tools() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    assert "entry: bash .ci/static\n" in hooks
    static = (ROOT / ".ci" / "static").read_text("utf-8")
    for command, _ in BAD.values():
        assert f'"$bin/{command[0]}"' in static
