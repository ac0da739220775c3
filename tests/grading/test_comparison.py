"""Two answers side by side: what is equal is paired, what differs is marked."""

from exercises.grading.comparison import Row, side_by_side


def test_equal_answers_have_no_marked_line() -> None:
    assert not any(row.differs for row in side_by_side(["a", "b"], ["a", "b"]))


def test_a_changed_line_stands_beside_its_counterpart() -> None:
    rows = side_by_side(["HTTP 200", "same"], ["HTTP 401", "same"])
    assert rows == [Row("HTTP 200", "HTTP 401", differs=True), Row("same", "same", differs=False)]


def test_a_missing_line_leaves_its_place_empty() -> None:
    rows = side_by_side(["a", "c"], ["a", "b", "c"])
    assert rows[1] == Row("", "b", differs=True)
    assert rows[2] == Row("c", "c", differs=False)
