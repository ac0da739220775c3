"""A room goes on after an engine that could make no container for a while."""

from __future__ import annotations

import pytest

from reference_app.running import BackendUnavailable
from reference_app.running.sandbox.backend import SandboxBackend
from reference_app.running.sandbox.container import LearnerContainer
from reference_app.running.sandbox.room import Room


class Engine:
    """Makes real containers, but not as long as it is not well."""

    def __init__(self, sandbox: SandboxBackend) -> None:
        self.well = False
        self.asked = 0
        self._make = sandbox._new_container

    def container(self) -> LearnerContainer:
        self.asked += 1
        if not self.well:
            raise BackendUnavailable("no answer in time")
        return self._make()


def test_a_container_that_could_not_be_made_is_made_when_it_is_needed(
    sandbox: SandboxBackend,
) -> None:
    engine = Engine(sandbox)
    room = Room(engine.container)
    for _ in range(2):
        with pytest.raises(BackendUnavailable):
            room.container()
    engine.well = True
    assert room.container().alive
    assert room.container() is room.container()
    room.fresh()
    assert room.container().alive
    room.close()
