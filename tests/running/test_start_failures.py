"""A file that cannot run gets a sentence about itself, on both back ends the same."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from reference_app.running import Backend, ServiceDidNotStart, service

REPLACED = "reference_app.reliability.health"


@dataclass(frozen=True)
class BadFile:
    """Source, and what the error must say."""

    source: str
    reason: str
    exit_code: int | None
    in_the_log: str = ""


BAD_FILES = {
    "syntax": BadFile("def f(:\n", "exit status 1", 1, "SyntaxError: invalid syntax"),
    "import": BadFile("import nowhere\n", "exit status 1", 1, "No module named 'nowhere'"),
    "empty": BadFile("", "exit status 1", 1, "health"),
    "exit": BadFile("import sys; sys.exit(3)\n", "exit status 3", 3),
    "high exit": BadFile("import sys; sys.exit(255)\n", "exit status 255", 255),
    "exits as if all were well": BadFile("import os; os._exit(0)\n", "without an error", 0),
    "signal": BadFile("import os; os.kill(os.getpid(), 9)\n", "SIGKILL", -9),
    "one gigabyte": BadFile("hoard = bytearray(1024**3)\n", "exit status 1", 1, "MemoryError"),
    "100 MB of output": BadFile(
        "for _ in range(100):\n    print('x' * 1024**2)\n", "more than 64 MiB of output", 1
    ),
    "endless loop": BadFile("x = 1\nwhile x:\n    pass\n", "still importing", None, "line "),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_says_what_is_wrong(
    backend: Backend, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = BAD_FILES[name]
    if bad.exit_code is None:
        monkeypatch.setattr(service, "START_SECONDS", 4.0)
    file = tmp_path / "health.py"
    file.write_text(bad.source)
    with pytest.raises(ServiceDidNotStart) as told:
        backend.service(replace={REPLACED: file})
    assert bad.reason in told.value.reason
    assert told.value.exit_code == bad.exit_code
    assert bad.in_the_log in "\n".join(told.value.log_tail)


def test_a_traceback_names_the_file_of_the_caller(backend: Backend, tmp_path: Path) -> None:
    file = tmp_path / "health.py"
    file.write_text("1 / 0\n")
    with pytest.raises(ServiceDidNotStart) as told:
        backend.service(replace={REPLACED: file})
    assert f'File "{file}", line 1' in str(told.value)


def test_a_missing_file_is_told_before_anything_starts(backend: Backend, tmp_path: Path) -> None:
    with pytest.raises(ServiceDidNotStart, match="cannot be read: No such file"):
        backend.service(replace={REPLACED: tmp_path / "missing.py"})


def test_a_service_that_never_becomes_healthy(
    backend: Backend, learner_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "START_SECONDS", 4.0)
    learner_file.write_text(learner_file.read_text().replace('"/health"', '"/wealth"'))
    with pytest.raises(ServiceDidNotStart, match="did not answer 200"):
        backend.service(replace={REPLACED: learner_file})


def test_wrong_settings_are_told_in_the_services_own_words(backend: Backend) -> None:
    with pytest.raises(ServiceDidNotStart, match="SECRET_KEY") as told:
        backend.service(settings={"SECRET_KEY": "short"})  # pragma: allowlist secret
    assert told.value.exit_code == 2
