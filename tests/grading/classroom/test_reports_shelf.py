"""Reports are put into a folder whole or not at all, and nobody else's file is touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unicodedata import normalize

import pytest

from exercises.grading.classroom.reports.format import Format
from exercises.grading.classroom.reports.roll import Learner
from exercises.grading.classroom.reports.shelf import NotOurs, Shelf
from exercises.grading.classroom.reports.writing import write_reports
from tests.grading.classroom.recorded import mark

NAMES = [
    *(
        "ada",
        "Ada",
        "ADA",
        "a/d/a",
        "../../ada",
        "..",
        ".",
        "",
        "-rf",
        "con",
        "ada.html",
        "ada\x00",
    ),
    *("ada\n", "ada\r\nb", "=1+1", "<b>ada</b>", "\ud800", "x" * 5_000, "名前", "%2e%2e", "~"),
    *(normalize(form, "Zoë") for form in ("NFC", "NFD")),
]


def files(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): file.read_text("utf-8")
        for file in folder.rglob("*")
        if file.is_file() and file.name != ".written"
    }


def test_a_name_becomes_a_safe_file_name_and_no_two_become_the_same() -> None:
    pages = [Learner(name, {}).page for name in NAMES]
    assert len({page.casefold() for page in pages}) == len(NAMES)
    for page in pages:
        assert set(page) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
        assert page[0] not in "-." and page.count(".") == 1 and len(page) < 70


def test_the_same_name_gets_the_same_file_each_time() -> None:
    assert Learner("Ada Lovelace", {}).page == "ada-lovelace-767402161715.html"


def test_a_report_that_breaks_off_leaves_the_earlier_one(tmp_path: Path) -> None:
    def half() -> Iterator[str]:
        yield "half"
        raise RuntimeError

    Shelf(tmp_path).put("a.csv", ["whole"])
    with pytest.raises(RuntimeError):
        Shelf(tmp_path).put("a.csv", half())
    assert files(tmp_path) == {"a.csv": "whole"}


def test_a_strangers_file_is_in_the_way_and_stays(tmp_path: Path) -> None:
    (tmp_path / "grades.csv").write_text("mine", "utf-8")
    with pytest.raises(NotOurs, match=r"grades\.csv"):
        Shelf(tmp_path).put("grades.csv", ["ours"])
    assert files(tmp_path) == {"grades.csv": "mine"}


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine", "utf-8")
    shelf = Shelf(tmp_path / "reports")
    shelf.folder.mkdir()
    (shelf.folder / "a.csv").symlink_to(tmp_path / "not there")
    with pytest.raises(NotOurs):
        shelf.put("a.csv", ["ours"])
    shelf.put("b.csv", ["ours"])
    (shelf.folder / "b.csv").unlink()
    (shelf.folder / "b.csv").symlink_to(elsewhere)
    Shelf(shelf.folder).put("b.csv", ["ours again"])
    assert elsewhere.read_text("utf-8") == "mine"


def test_the_next_run_replaces_what_this_one_wrote(tmp_path: Path) -> None:
    for content in ("first", "second"):
        Shelf(tmp_path).put("a/b.csv", [content])
    assert files(tmp_path) == {"a/b.csv": "second"}


def test_the_page_of_who_is_gone_goes_and_a_strangers_page_stays(tmp_path: Path) -> None:
    both = [mark("ada", "right"), mark("bob", "right")]
    write_reports(lambda: both, [Format.HTML], Shelf(tmp_path))
    (tmp_path / "learners" / "notes.html").write_text("mine", "utf-8")
    shelf = Shelf(tmp_path)
    write_reports(lambda: both[:1], [Format.HTML], shelf)
    assert shelf.removed == [f"learners/{Learner('bob', {}).page}"]
    pages = {f"learners/{Learner('ada', {}).page}", "learners/notes.html", "overview.html"}
    assert set(files(tmp_path)) == pages


def test_other_formats_leave_the_pages_alone(tmp_path: Path) -> None:
    write_reports(lambda: [mark("ada", "right")], [Format.HTML], Shelf(tmp_path))
    before = set(files(tmp_path))
    write_reports(lambda: [mark("bob", "right")], [Format.CSV], Shelf(tmp_path))
    assert set(files(tmp_path)) == before | {"grades.csv"}


def test_pages_leave_the_other_formats_alone(tmp_path: Path) -> None:
    write_reports(lambda: [mark("ada", "right")], [Format.CSV], Shelf(tmp_path))
    write_reports(lambda: [mark("ada", "right")], [Format.HTML], Shelf(tmp_path))
    assert "grades.csv" in files(tmp_path)
