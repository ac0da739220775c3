"""Files for a container can be read in it whatever the umask: its user is not the one here."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from reference_app.running import Backend
from reference_app.running.sandbox.backend import SandboxBackend
from reference_app.running.service import healthy
from tests.running.hostile import CACHING


@pytest.fixture(autouse=True)
def nothing_for_others() -> Iterator[None]:
    """As on a machine whose administrator is careful."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def test_a_learners_file_is_tried(backend: Backend, learner_file: Path) -> None:
    with backend.service(replace={"reference_app.reliability.health": learner_file}) as service:
        assert healthy(service.url)


def test_a_learners_file_is_tried_in_the_sandbox(sandbox: SandboxBackend) -> None:
    sandbox.fresh()
    with sandbox.service(replace={CACHING.part: CACHING.solution_file}) as service:
        assert healthy(service.url)
