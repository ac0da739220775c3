"""A file can take the place of each part that is a module; all of them at once here."""

from pathlib import Path

import pytest

from reference_app.running import Backend, Service
from tests.house.test_parts import MODULES, SERVICE

MIGRATIONS = {"data/schema.py", "data/sort_names.py"}
OF_THE_SERVICE = sorted(set(MODULES) - MIGRATIONS)


@pytest.fixture
def copies(tmp_path: Path) -> dict[str, Path]:
    """Of every part, a copy that says so when it is imported."""
    files = {}
    for path in MODULES:
        module = "reference_app." + path.removesuffix(".py").replace("/", ".")
        files[module] = tmp_path / path.replace("/", "-")
        source = (SERVICE / path).read_text("utf-8")
        files[module].write_text(f"{source}\nprint('in the place of {path}')\n", "utf-8")
    return files


def test_the_service_runs_on_copies_of_all_its_parts(
    backend: Backend, shared_service: Service, copies: dict[str, Path]
) -> None:
    with backend.service(replace=copies, beside=shared_service) as service:
        lines = set(service.logs())
    assert [path for path in OF_THE_SERVICE if f"in the place of {path}" not in lines] == []
