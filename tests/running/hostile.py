"""Files that try something hostile, and what they find."""

from __future__ import annotations

import ast
import json
import time
from pathlib import Path
from typing import Any

from exercises.grading.catalog import find_exercise
from reference_app.running import Service
from tests.running import sandbox_probes, sandbox_store_probes

CACHING = find_exercise("16")
PARTS = (CACHING.part, find_exercise("10").part)
PATIENCE_SECONDS = 60.0
IMPORT = "from tests.running.sandbox_probes import TOLD, attempt\n"
NOTHING_TOLD = "TOLD: dict[str, Any] = {}"


def hostile(tmp_path: Path, *probes: str, **told: Any) -> Path:
    """A right answer of exercise 16 that first tries what is asked for."""
    texts = [
        Path(str(each.__file__)).read_text() for each in (sandbox_store_probes, sandbox_probes)
    ]
    told = {"probes": probes, **told}
    text = (
        "\n".join(texts).replace(IMPORT, "").replace(NOTHING_TOLD, f"{NOTHING_TOLD[:-2]}{told!r}")
    )
    solution = CACHING.solution_file.read_text()
    future = "from __future__ import annotations\n"
    assert ast.parse(solution)
    file = tmp_path / "cache.py"
    file.write_text(future + solution.replace(future, "") + "\n" + text)
    return file


def found(service: Service, start: int = 1) -> dict[str, Any]:
    """What the probes of the first, second, … start have found, once they say so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        lines = service.logs()
        told = [line.removeprefix("PROBED ") for line in lines if line.startswith("PROBED ")]
        if len(told) >= start:
            content: dict[str, Any] = json.loads(told[start - 1])
            return content
        broken = "Exception in thread" in "\n".join(lines) or time.monotonic() > deadline
        assert not broken, "\n".join(lines[-40:])
        time.sleep(0.05)
