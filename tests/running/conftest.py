"""Both back ends, each started once; containers may be missing, but not in CI."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reference_app.running import Backend, Service, start
from reference_app.running.sandbox.backend import SandboxBackend
from tests.running.engine import needs_engine
from tests.running.hostile import PARTS

ORIGINAL = Path(__file__).parents[2] / "reference_app" / "reliability" / "health.py"


@pytest.fixture(scope="session", params=["embedded", "containers"])
def on(request: pytest.FixtureRequest) -> str:
    """The name of a back end that can be had here."""
    name: str = request.param
    if name == "containers":
        needs_engine()
    return name


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxBackend]:
    """A back end for hostile files."""
    needs_engine()
    with SandboxBackend(PARTS) as backend:
        yield backend


@pytest.fixture(scope="session")
def backend(on: str) -> Iterator[Backend]:
    """A back end for all tests of this process."""
    with start(on) as running:  # type: ignore[arg-type]  # one of the two names
        yield running


@pytest.fixture(scope="session")
def shared_service(backend: Backend) -> Iterator[Service]:
    """A service for tests that leave it running or let `reset` repair it."""
    with backend.service() as service:
        yield service


@pytest.fixture
def service(shared_service: Service) -> Service:
    """The shared service in a clean state."""
    shared_service.reset()
    return shared_service


@pytest.fixture
def learner_file(tmp_path: Path) -> Path:
    """A right answer for `reference_app.reliability.health`, which says so when it is imported."""
    file = tmp_path / "health.py"
    file.write_text(ORIGINAL.read_text() + "\nprint('the file of a learner')\n")
    return file
