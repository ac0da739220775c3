"""What all workers need is got once, before the first of them starts, and in its own time."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from exercises.grading import sandbox
from exercises.grading.classroom import workers
from exercises.grading.classroom.worker_link import WorkerLost
from exercises.grading.classroom.workers import Workers, local_crew
from exercises.grading.cli import app
from reference_app.running import BackendUnavailable
from tests.grading.classroom.made_up import entry
from tests.grading.classroom.small_class import FIRST, hand_in

DENIED = "valkey/valkey:9 cannot be pulled: denied"
Happened = list[str]


def refuse(_: Callable[[str], None]) -> None:
    raise BackendUnavailable(DENIED)


@pytest.fixture
def happened(monkeypatch: pytest.MonkeyPatch) -> Happened:
    """What was done, in order; nothing is started."""
    done: Happened = []

    class Opened:
        def __init__(self, bench: str) -> None:
            done.append(f"worker: {bench}")

        def await_bench(self) -> None: ...

        hang_up = close = await_bench

    def prepare(report: Callable[[str], None]) -> None:
        done.append("prepared")
        report("building")

    monkeypatch.setattr(workers, "Worker", Opened)
    monkeypatch.setattr(sandbox, "prepare", prepare)
    return done


def test_images_are_prepared_once_and_it_is_said(happened: Happened) -> None:
    told: list[str] = []
    with local_crew("sandbox", 3, told.append):
        assert happened == ["prepared", *["worker: sandbox"] * 3]
    assert told == ["building"]


def test_without_a_sandbox_nothing_is_prepared(happened: Happened) -> None:
    with local_crew("embedded", 2, happened.append):
        assert happened == ["worker: embedded"] * 2


def test_a_member_of_a_cluster_that_has_no_images_has_no_workers(
    happened: Happened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "prepare", refuse)
    monkeypatch.setattr(workers, "PAUSES", (0.0, 0.0))
    with pytest.raises(WorkerLost, match=DENIED):
        Workers("sandbox").judge([entry()])
    assert happened == []


def test_what_an_engine_says_is_no_reason_to_do_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "prepare", refuse)
    hand_in(tmp_path / "class", "ada", FIRST, "print()")
    result = CliRunner().invoke(
        app, ["grade", str(tmp_path / "class"), "--out", str(tmp_path / "out")]
    )
    assert result.exit_code == 2
    assert DENIED in " ".join(result.stderr.split())
    assert "--trust" not in result.stderr
