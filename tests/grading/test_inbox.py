"""A class's folder is read whole and safely: every learner is there, and nothing else is."""

import os
from collections.abc import Callable
from pathlib import Path
from unicodedata import normalize
from zipfile import ZipFile

import pytest

from exercises.grading.catalog import find_exercise
from exercises.grading.classroom.entry import Entry
from exercises.grading.classroom.inbox import NoClass, find_strangers, read_inbox

QUERIES, TOKENS = find_exercise("06"), find_exercise("10")
GOOD = b"answer = 42\n"
SECRET = b"what another learner wrote\n"


def put(
    folder: Path, learner: str, content: bytes = GOOD, part: str = "10_tokens/tokens.py"
) -> Path:
    file = folder / learner / part
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def put_zip(folder: Path, name: str, **members: bytes) -> None:
    with ZipFile(folder / name, "w") as archive:
        for path, content in members.items():
            archive.writestr(path, content)


def of_tokens(folder: Path) -> dict[str, Entry]:
    return {entry.learner: entry for entry in read_inbox(folder, [TOKENS])}


def flaw_of(folder: Path, learner: str = "ada") -> str:
    entry = of_tokens(folder)[learner]
    assert entry.content is None
    return str(entry.flaw)


def test_every_learner_has_an_entry_for_every_exercise_in_order(tmp_path: Path) -> None:
    put(tmp_path, "grace")
    put_zip(tmp_path, "ada.zip", **{"06_queries/orders.py": GOOD})
    (tmp_path / "zoe").mkdir()
    found = [(e.learner, e.exercise, e.content) for e in read_inbox(tmp_path, [QUERIES, TOKENS])]
    assert found == [
        ("ada", "06_queries", GOOD),
        ("ada", "10_tokens", None),
        ("grace", "06_queries", None),
        ("grace", "10_tokens", GOOD),
        ("zoe", "06_queries", None),
        ("zoe", "10_tokens", None),
    ]


def test_what_is_missing_is_said_by_name(tmp_path: Path) -> None:
    put(tmp_path, "ada", part="10_tokens/notes.py")
    assert "There is no 10_tokens/tokens.py" in flaw_of(tmp_path)


WRAPPED = {
    "not at all": "10_tokens/tokens.py",
    "in the learner's name": "ada/10_tokens/tokens.py",
    "in the exercise's name": "10_tokens/10_tokens/tokens.py",
    "in anything": "My Homework (final) ü\n/10_tokens/tokens.py",
}


@pytest.mark.parametrize("kind", ["folder", "zip"])
@pytest.mark.parametrize("part", WRAPPED.values(), ids=WRAPPED)
def test_one_wrapping_folder_does_no_harm(part: str, kind: str, tmp_path: Path) -> None:
    extra = {
        "__MACOSX/10_tokens/tokens.py": SECRET,
        "__MACOSX/10_tokens/._tokens.py": SECRET,
        ".DS_Store": SECRET,
        "10_tokens/conftest.py": SECRET,
        "sitecustomize.py": SECRET,
    }
    if kind == "zip":
        put_zip(tmp_path, "ada.zip", **{part: GOOD, **extra})
    else:
        for path, content in {part: GOOD, **extra}.items():
            put(tmp_path, "ada", content, path)
    assert of_tokens(tmp_path) == {"ada": Entry("ada", "10_tokens", GOOD)}


def test_two_wrapping_folders_are_a_question(tmp_path: Path) -> None:
    put(tmp_path, "ada", part="new/10_tokens/tokens.py")
    put(tmp_path, "ada", part="old/10_tokens/tokens.py")
    assert "which one is meant?" in flaw_of(tmp_path)


@pytest.mark.parametrize("part", ["10_Tokens/tokens.py", "ada/10_tokens/Tokens.PY"])
def test_other_capitals_are_told(part: str, tmp_path: Path) -> None:
    put(tmp_path, "ada", part=part)
    assert f"{part} has to be called 10_tokens/tokens.py" in flaw_of(tmp_path)


def test_a_folder_and_a_zip_of_one_learner_are_a_question(tmp_path: Path) -> None:
    put(tmp_path, "ada")
    put_zip(tmp_path, "ada.zip", **{"10_tokens/tokens.py": GOOD})
    assert "There are ada and ada.zip; which one is meant?" in flaw_of(tmp_path)


@pytest.mark.parametrize("content", [b"", b" \n\t\n"], ids=["empty", "blank"])
def test_a_file_that_holds_nothing_is_told(content: bytes, tmp_path: Path) -> None:
    put(tmp_path, "ada", content)
    assert "10_tokens/tokens.py is empty" in flaw_of(tmp_path)


def test_a_learner_that_is_a_link_gets_nothing_of_another(tmp_path: Path) -> None:
    put(tmp_path, "grace", SECRET)
    (tmp_path / "ada").symlink_to("grace")
    assert "ada is a link" in flaw_of(tmp_path)


def test_what_is_hidden_does_not_count(tmp_path: Path) -> None:
    put(tmp_path, "ada")
    put(tmp_path, "ada", SECRET, ".git/10_tokens/tokens.py")
    assert of_tokens(tmp_path)["ada"].content == GOOD
    put(tmp_path, "grace", SECRET, ".backup/10_tokens/tokens.py")
    assert "There is no 10_tokens/tokens.py" in flaw_of(tmp_path, "grace")


@pytest.mark.parametrize(
    "name",
    [
        "=cmd|'!A1",
        "Doe, Jane\n0000,100",
        "<img src=x onerror=alert(1)>",
        "\u202eecila",
        "\x1b[2Jada",
        "Zoë",
        "-rf",
        "ada ",
    ],
)
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_learners_are_called_as_their_folders_are(name: str, kind: str, tmp_path: Path) -> None:
    if kind == "zip":
        put_zip(tmp_path, f"{name}.ZIP", **{"10_tokens/tokens.py": GOOD})
    else:
        put(tmp_path, name)
    assert of_tokens(tmp_path) == {name: Entry(name, "10_tokens", GOOD)}


def test_a_name_that_is_no_text_can_still_be_written(tmp_path: Path) -> None:
    put(tmp_path, os.fsdecode(b"ad\xff"))
    [entry] = of_tokens(tmp_path).values()
    assert (entry.learner, entry.content) == ("ad\\xff", GOOD)


def test_one_name_in_two_spellings_is_a_question(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        put(tmp_path, normalize(form, "Zoë"))
    assert "which one is meant?" in flaw_of(tmp_path, "Zoë")


@pytest.mark.parametrize("name", ["ada.rar", "ada.7z", "ada.tar.gz", "ada.zip"])
def test_what_cannot_be_opened_is_a_flaw_and_not_passed_over(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"Rar!")
    [entry] = of_tokens(tmp_path).values()
    assert name in str(entry.flaw)


def test_files_of_nobody_are_no_learners(tmp_path: Path) -> None:
    put(tmp_path, "ada")
    (tmp_path / "roster.csv").touch()
    (tmp_path / ".DS_Store").touch()
    (tmp_path / "__MACOSX").mkdir()
    assert list(of_tokens(tmp_path)) == ["ada"]
    assert find_strangers(tmp_path) == ["roster.csv"]


NO_CLASS: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda _: None, "No such file or directory"),
    "a file": (Path.touch, "Not a directory"),
    "empty": (Path.mkdir, "There is no learner in"),
    "nothing but strangers": (lambda folder: put(folder, ".", part="README.md"), "no learner"),
    "one learner's": (lambda folder: put(folder, "."), "is what one learner hands in"),
}


@pytest.mark.parametrize(("make", "told"), NO_CLASS.values(), ids=NO_CLASS)
def test_a_folder_without_a_class_is_told_at_once(
    make: Callable[[Path], object], told: str, tmp_path: Path
) -> None:
    folder = tmp_path / "class"
    make(folder)
    with pytest.raises(NoClass, match=told) as caught:
        read_inbox(folder, [TOKENS])
    assert "one folder or zip for each learner" in str(caught.value)


def test_learners_are_read_one_at_a_time(tmp_path: Path) -> None:
    for name in ("ada", "grace"):
        put(tmp_path, name)
    entries = read_inbox(tmp_path, [TOKENS])
    assert next(entries).learner == "ada"
    put(tmp_path, "grace", b"written later\n")
    assert next(entries).content == b"written later\n"
