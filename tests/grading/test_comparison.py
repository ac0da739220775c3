"""Two answers side by side: what is equal is paired, what differs is marked."""

from exercises.grading.comparison import MOST_ROWS, Row, side_by_side


def test_equal_answers_are_said_to_be_equal_and_not_repeated() -> None:
    [row] = side_by_side(["HTTP 200", "b"], ["HTTP 200", "b"])
    assert not row.differs
    assert "the same" in row.yours


def test_a_changed_line_stands_beside_its_counterpart() -> None:
    rows = side_by_side(["HTTP 200", "same"], ["HTTP 401", "same"])
    assert rows == [Row("HTTP 200", "HTTP 401", differs=True), Row("same", "same", differs=False)]


def test_a_long_equal_stretch_is_counted_and_its_ends_shown() -> None:
    lines = [f"line {number}" for number in range(40)]
    rows = side_by_side([*lines, "yours"], [*lines, "the reference's"])
    assert [row.yours for row in rows if "equal lines" in row.yours] == ["⋯ 32 equal lines"]
    assert rows[0].yours == "line 0"
    assert rows[-1] == Row("yours", "the reference's", differs=True)


def test_no_end_of_differences_is_cut_and_said() -> None:
    rows = side_by_side([f"a{n}" for n in range(200)], [f"b{n}" for n in range(200)])
    assert len(rows) == MOST_ROWS + 1
    assert rows[-1].yours == f"⋯ {200 - MOST_ROWS} more lines"


def test_a_missing_line_leaves_its_place_empty() -> None:
    rows = side_by_side(["a", "c"], ["a", "b", "c"])
    assert rows[1] == Row("", "b", differs=True)
    assert rows[2] == Row("c", "c", differs=False)
