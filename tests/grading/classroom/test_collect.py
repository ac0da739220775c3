"""`dojo collect`: a course system's download becomes what `dojo grade` reads; nothing is lost."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from exercises.grading.catalog import exercises
from exercises.grading.classroom.collect import collect
from exercises.grading.classroom.flaw import LARGEST_FILE, Flaw
from exercises.grading.classroom.inbox import read_inbox
from exercises.grading.cli import app
from tests.grading.classroom.downloads import make, placed, why_not, zipped

WANTED = exercises()


MOODLE_FOLDERS = {
    "Ada Lovelace_12345_assignsubmission_file/orders.py": b"ada",
    "Ada Lovelace_12346_assignsubmission_file/orders.py": b"her namesake",
    "Grace Hopper_12347_assignsubmission_file/06_queries/orders.py": b"grace",
    "Participant_12348_assignsubmission_file/tokens.py": b"blind marking",
}
MOODLE_FILES = {
    name.replace("_file/", "_file_"): content
    for name, content in MOODLE_FOLDERS.items()
    if "06_queries" not in name
}
CANVAS = {
    "lovelaceada_101_9001_orders.py": b"ada",
    "hoppergrace_LATE_102_9002_orders-1.py": b"grace",
    "o_neil2_103_9003_cache.py": b"an underscore and a digit",
    "anon_x7Gf2_9004_tokens.py": b"anonymous",
    "LATE_anon_y8Gf2_9005_tokens-12.py": b"anonymous and late",
}


def test_moodle_folders_are_sorted_and_namesakes_stay_apart(tmp_path: Path) -> None:
    report = collect([make(tmp_path / "in", MOODLE_FOLDERS)], WANTED, tmp_path / "out")
    assert placed(tmp_path / "out") == {
        "Ada Lovelace_12345/06_queries/orders.py": b"ada",
        "Ada Lovelace_12346/06_queries/orders.py": b"her namesake",
        "Grace Hopper_12347/06_queries/orders.py": b"grace",
        "Participant_12348/10_tokens/tokens.py": b"blind marking",
    }
    assert report.unplaced == []


def test_moodle_files_without_folders_are_sorted_the_same(tmp_path: Path) -> None:
    collect([make(tmp_path / "in", MOODLE_FILES)], WANTED, tmp_path / "out")
    assert placed(tmp_path / "out") == {
        "Ada Lovelace_12345/06_queries/orders.py": b"ada",
        "Ada Lovelace_12346/06_queries/orders.py": b"her namesake",
        "Participant_12348/10_tokens/tokens.py": b"blind marking",
    }


@pytest.mark.parametrize("wrapper", ["", "submissions/"])
def test_canvas_files_are_sorted_late_or_not(wrapper: str, tmp_path: Path) -> None:
    members = {wrapper + name: content for name, content in CANVAS.items()}
    report = collect([zipped(tmp_path / "submissions.zip", members)], WANTED, tmp_path / "out")
    assert placed(tmp_path / "out") == {
        "lovelaceada_101/06_queries/orders.py": b"ada",
        "hoppergrace_102/06_queries/orders.py": b"grace",
        "o_neil2_103/16_caching/cache.py": b"an underscore and a digit",
        "anon_x7Gf2/10_tokens/tokens.py": b"anonymous",
        "anon_y8Gf2/10_tokens/tokens.py": b"anonymous and late",
    }
    assert report.unplaced == []


def test_clones_give_the_learners_file_and_not_starter_or_reference(tmp_path: Path) -> None:
    clone = {
        "exercises/06_queries/orders.py": b"hers",
        "exercises/06_queries/.starter/orders.py": b"starter",
        "reference_app/data/orders.py": b"reference",
        ".git/orders.py": b"git",
    }
    root = make(tmp_path / "in", {f"course-ada/{name}": text for name, text in clone.items()})
    report = collect([root], WANTED, tmp_path / "out")
    assert placed(tmp_path / "out") == {"course-ada/06_queries/orders.py": b"hers"}
    assert report.unplaced == []


def test_zips_of_learners_are_opened_and_what_they_hold_is_graded(tmp_path: Path) -> None:
    members = {"work/06_queries/orders.py": b"print()", ".starter/orders.py": b"starter"}
    inner = zipped(tmp_path / "inner.zip", members).read_bytes()
    download = zipped(tmp_path / "all.zip", {"hoppergrace_102_9002_homework.zip": inner})
    assert collect([download], WANTED, tmp_path / "out").unplaced == []
    entries = list(read_inbox(tmp_path / "out", WANTED[:1]))
    assert [(e.learner, e.content, e.flaw) for e in entries] == [
        ("hoppergrace_102", b"print()", None)
    ]


def test_of_several_files_the_newest_is_taken_and_the_others_are_named(tmp_path: Path) -> None:
    files = {
        "lovelaceada_101_9001_orders.py": b"first",
        "lovelaceada_101_10001_orders-2.py": b"third",
        "lovelaceada_101_9003_orders-1.py": b"second",
    }
    report = collect([make(tmp_path / "in", files)], WANTED, tmp_path / "out")
    assert placed(tmp_path / "out") == {"lovelaceada_101/06_queries/orders.py": b"third"}
    assert all("10001_orders-2.py was taken" in why for why in why_not(report).values())
    assert len(report.unplaced) == 2


def test_a_newer_download_takes_the_place_and_the_older_file_is_kept(tmp_path: Path) -> None:
    name, out = "lovelaceada_101_9001_orders.py", tmp_path / "out"
    for number, text in enumerate((b"old", b"new")):
        root = make(tmp_path / f"download-{number}", {name: text})
        os.utime(root / name, (1000 + number, 1000 + number))
    notes = [
        collect([tmp_path / f"download-{number}"], WANTED, out).placed[0][2]
        for number in (0, 0, 1, 1, 0)
    ]
    assert notes == [
        *("new", "unchanged", "in place of an earlier one, kept as orders.py.earlier-1"),
        *("unchanged", "older than what is there; kept as orders.py.earlier-2"),
    ]
    folder = "lovelaceada_101/06_queries"
    assert placed(out)[f"{folder}/orders.py"] == b"new"
    assert placed(out)[f"{folder}/orders.py.earlier-1"] == b"old"


HOSTILE = {
    "climbs out": ("../../evil_1_2_orders.py", b"x"),
    "absolute": ("/tmp/evil_1_2_orders.py", b"x"),  # noqa: S108 - never written
    "backslashes": ("..\\..\\evil_1_2_orders.py", b"x"),
    "name of dots": (".._101_9001_orders.py", b"x"),
    "line feed": ("eve\nroot_101_9001_orders.py", b"x"),
    "very long": ("e" * 400 + "_101_9001_orders.py", b"x"),
    "huge": ("eve_101_9001_orders.py", b"x" * 300_000),
    "no zip": ("eve_101_9001_orders.zip", b"PK\x03\x04 not really"),
    "no python": ("eve_101_9001_orders.exe", b"MZ"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_hostile_stays_inside_and_hides_nobody_else(what: str, tmp_path: Path) -> None:
    name, content = HOSTILE[what]
    members = {"lovelaceada_101_9001_orders.py": b"ada", name: content}
    download = zipped(tmp_path / "deep" / "down" / "all.zip", members)
    before = placed(tmp_path)
    collect([download], WANTED, tmp_path / "deep" / "down" / "out")
    made = placed(tmp_path).keys() - before.keys()
    assert "deep/down/out/lovelaceada_101/06_queries/orders.py" in made
    for path in made:
        assert path.startswith("deep/down/out/")
        assert "\n" not in path
        assert "/." not in path, "a hidden folder would not be graded"
        assert (tmp_path / path).stat().st_size <= LARGEST_FILE


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = make(tmp_path / "secret", {"orders.py": b"the solution"})
    folder = make(tmp_path / "in", {"eve/notes.txt": b""}) / "eve"
    (folder / "06_queries").symlink_to(secret)
    (folder / "orders.py").symlink_to(secret / "orders.py")
    report = collect([tmp_path / "in"], WANTED, tmp_path / "out")
    assert placed(tmp_path / "out") == {}
    assert "links are not followed" in why_not(report)["eve/orders.py"]


def test_a_learner_cannot_hand_in_for_somebody_else(tmp_path: Path) -> None:
    files = {"eve/lovelaceada_101_9001_orders.py": b"planted", "ada/06_queries/orders.py": b"hers"}
    collect([make(tmp_path / "in", files)], WANTED, tmp_path / "out")
    assert placed(tmp_path / "out") == {"ada/06_queries/orders.py": b"hers"}


def test_a_file_named_after_somebody_else_stays_with_who_handed_it_in(tmp_path: Path) -> None:
    planted = "Eve_1_assignsubmission_file_Ada_2_assignsubmission_file_orders.py"
    files = {planted: b"planted", "Ada_2_assignsubmission_file_orders.py": b"hers"}
    report = collect([make(tmp_path / "in", files)], WANTED, tmp_path / "out")
    assert placed(tmp_path / "out") == {"Ada_2/06_queries/orders.py": b"hers"}
    assert report.learners == {"Ada_2", "Eve_1"}


def test_a_download_can_be_one_learners(tmp_path: Path) -> None:
    upload = make(tmp_path / "in", {"orders.py": b"a", "10_tokens/tokens.py": b"b"})
    collect([upload], WANTED, tmp_path / "out", learner="a/../b")
    assert placed(tmp_path / "out") == {
        "a-..-b/06_queries/orders.py": b"a",
        "a-..-b/10_tokens/tokens.py": b"b",
    }
    assert collect([upload], WANTED, tmp_path / "out", learner=".eve").learners == {"learner .eve"}


def test_who_handed_in_nothing_of_use_is_named_and_still_a_learner(tmp_path: Path) -> None:
    files = {
        "Eve_1_assignsubmission_onlinetext/onlinetext.html": b"see attachment",
        "Ada_2_assignsubmission_file/orders.py": b"ada",
        "grades.csv": b"",
    }
    report = collect([make(tmp_path / "in", files)], WANTED[:1], tmp_path / "out")
    assert "expected 06_queries/orders.py" in why_not(report)["Eve_1"]
    assert "whose it is" in why_not(report)["grades.csv"]
    flaws = {entry.learner: entry.flaw for entry in read_inbox(tmp_path / "out", WANTED[:1])}
    assert flaws["Ada_2"] is None
    assert "There is no 06_queries/orders.py" in str(flaws["Eve_1"])


def test_the_command_says_what_it_did_in_words_and_in_json(tmp_path: Path) -> None:
    root = make(tmp_path / "in", {**CANVAS, "notes.txt": b""})
    out, run = str(tmp_path / "out"), CliRunner().invoke
    told = run(app, ["collect", str(root), "--out", out])
    assert told.exit_code == 1
    assert "5 files of 5 learners" in told.output
    again = run(app, ["collect", str(root), "--out", out, "--json"])
    content = json.loads(again.output)
    assert {note for _, _, note in content["placed"]} == {"unchanged"}
    assert [where for where, _ in content["unplaced"]] == ["notes.txt"]


def test_a_download_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Flaw, match="neither a folder nor a zip"):
        collect([tmp_path / "gone"], WANTED, tmp_path / "out")
    assert CliRunner().invoke(app, ["collect", str(tmp_path / "gone"), "--out", "x"]).exit_code == 2
