"""What a process wrote is read while it goes on writing."""

from pathlib import Path

from reference_app.running import log


def test_a_line_counts_once_it_has_ended(tmp_path: Path) -> None:
    written = tmp_path / "log"
    written.write_text('{"event": "first"}\n{"event": "sec')
    assert log.lines(written, {}) == ['{"event": "first"}']
    with written.open("a") as file:
        file.write('ond"}\n')
    assert log.lines(written, {}) == ['{"event": "first"}', '{"event": "second"}']


def test_a_message_also_shows_what_was_being_written(tmp_path: Path) -> None:
    written = tmp_path / "log"
    written.write_text("first\nlast wor")
    assert log.tail(written, {}) == ["first", "last wor"]
