"""Schemathesis against a running service, as somebody with a role."""

import json
import os
import subprocess
import sys
from pathlib import Path

from exercises.grading.places import ROOT
from tests.reference_app.client import Person

HERE = Path(__file__).parent
SECONDS = 300


def judge(
    url: str, role: str, callers: list[Person], scratch: Path, *more: str
) -> subprocess.CompletedProcess[str]:
    """What it finds, as the first of `callers`; they must not see each other's records.

    `more` are arguments of `schemathesis run`, and may narrow down what is tested.
    """
    config = scratch / "schemathesis.toml"
    config.write_text((HERE / "schemathesis.toml").read_text("utf-8") + _auth(callers, scratch))
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config)]
    command += ["--no-color", "run", f"{url}/openapi.json", "--checks", "all", *more]
    caller = callers[0].id if callers else ""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "ROLE": role, "CALLER": caller}
    return subprocess.run(
        command,
        cwd=scratch,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def _auth(callers: list[Person], scratch: Path) -> str:
    """The section of the configuration that says who is calling."""
    if len(callers) < 2:
        return "".join(f'\n[auth.openapi.HTTPBearer]\nbearer = "{one.token}"\n' for one in callers)
    people = [
        {
            "name": one.email,
            "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {one.token}"}],
        }
        for one in callers
    ]
    file = scratch / "people.json"
    file.write_text(json.dumps({"auth": people}), "utf-8")
    names = json.dumps([one.email for one in callers])
    return f'\n[auth.wfc]\npath = "{file}"\npeers = {names}\n'
