"""`start()` takes containers where they can be had, and always says what it took and why."""

from typing import ClassVar, Literal

import pytest

from reference_app.running import BackendUnavailable, choice, images
from reference_app.running.backend import Backend
from reference_app.running.images import EngineStatus

READY = EngineStatus(ready=True, summary="an engine answers")
NOT_READY = EngineStatus(ready=False, summary="no engine answers", advice="Start one.")


class Named(Backend):
    """A back end that starts nothing."""

    name: ClassVar[Literal["embedded", "containers"]]

    def __init__(self, reason: str) -> None:
        self.reason = reason

    command = database = payment_account = service = close = None  # type: ignore[assignment]


class Embedded(Named):
    name = "embedded"


class Containers(Named):
    name = "containers"


@pytest.fixture(autouse=True)
def nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "embedded", Embedded)
    monkeypatch.setattr(choice, "containers", Containers)


def test_containers_are_taken_when_engine_and_images_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(images, "engine_status", lambda: READY)
    taken = choice.choose("auto")
    assert (taken.name, taken.reason) == ("containers", "Containers: an engine answers.")


def test_embedded_is_taken_otherwise_and_says_what_would_change_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(images, "engine_status", lambda: NOT_READY)
    taken = choice.choose("auto")
    assert taken.name == "embedded"
    assert taken.reason == "Embedded servers: no engine answers. Start one."


def test_embedded_is_taken_when_containers_turn_out_not_to_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: str) -> Backend:
        raise BackendUnavailable("The image cannot be built:\nstep 1")

    monkeypatch.setattr(images, "engine_status", lambda: READY)
    monkeypatch.setattr(choice, "containers", refuse)
    taken = choice.choose("auto")
    assert taken.name == "embedded"
    assert "The image cannot be built" in taken.reason
    assert "\n" not in taken.reason


def test_what_was_asked_for_is_taken_whatever_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "engine_status", lambda: NOT_READY)
    assert choice.choose("containers").name == "containers"
    assert choice.choose("embedded").name == "embedded"
