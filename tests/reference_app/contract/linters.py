"""Spectral and Redocly, from where `.ci/node-tools` installs them."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from exercises.grading.places import ROOT

HERE = Path(__file__).parent
MODULES = ROOT / ".dojo" / "node" / "node_modules"
COMMANDS = {
    "spectral": ["lint", "--ruleset", "spectral.yaml", "--fail-severity", "hint", "openapi.json"],
    "redocly": ["lint", "--config", "redocly.yaml", "--format", "stylish", "openapi.json"],
}
SECONDS = 120


def lint(tool: str, document: dict[str, Any], scratch: Path) -> subprocess.CompletedProcess[str]:
    """What `tool` says about `document`. Skips where it is not installed, but never in CI."""
    if not (MODULES / ".bin" / tool).exists():
        reason = f"{tool} is not installed: run .ci/node-tools"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    (scratch / "openapi.json").write_text(json.dumps(document), "utf-8")
    shutil.copy(HERE / "redocly.yaml", scratch)
    rules = (HERE / "spectral.yaml").read_text("utf-8").replace("MODULES", str(MODULES))
    (scratch / "spectral.yaml").write_text(rules, "utf-8")
    path = f"{MODULES / '.bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [str(MODULES / ".bin" / tool), *COMMANDS[tool]],
        cwd=scratch,
        env=os.environ | {"PATH": path, "REDOCLY_TELEMETRY": "off"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
