"""A class's folder is read whole and safely: every learner is there, and nothing else is."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from unicodedata import normalize
from zipfile import ZipFile

import pytest

from exercises.grading.catalog import find_exercise
from exercises.grading.classroom import folder as folder_module
from exercises.grading.classroom.entry import Entry
from exercises.grading.classroom.flaw import LARGEST_FILE, MOST_NAMES, Flaw
from exercises.grading.classroom.folder import Folder
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


def make_link(file: Path) -> None:
    file.symlink_to(put(file.parents[2], "grace", SECRET))


def make_link_of_the_folder(file: Path) -> None:
    file.parent.rmdir()
    file.parent.symlink_to(put(file.parents[2], "grace", SECRET).parent)


def make_link_of_the_learner(file: Path) -> None:
    file.parent.rmdir()
    file.parents[1].rmdir()
    file.parents[1].symlink_to(put(file.parents[2], "grace", SECRET).parents[1])


def make_socket(file: Path) -> None:
    short = Path(f"/tmp/{os.getpid()}.socket")  # noqa: S108 - a socket's path may have 108 bytes
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(short))
    short.rename(file)


def make_loop(file: Path) -> None:
    file.symlink_to(file)


SPECIAL: dict[str, tuple[Callable[[Path], object], str]] = {
    "a link": (make_link, "is a link"),
    "a link to itself": (make_loop, "is a link"),
    "a link of the exercise's folder": (make_link_of_the_folder, "There is no 10_tokens/tokens.py"),
    "a link of the learner's folder": (make_link_of_the_learner, "ada is a link"),
    "a pipe": (os.mkfifo, "is not a file"),
    "a socket": (make_socket, "is not a file"),
    "a folder": (Path.mkdir, "is not a file"),
    "a hole": (lambda file: os.truncate(os.open(file, os.O_CREAT | os.O_RDWR), 10**12), "256 KB"),
    "empty": (Path.touch, "is empty"),
    "blank": (lambda file: file.write_text(" \n\t\n"), "is empty"),
}


@pytest.mark.parametrize(("make", "told"), SPECIAL.values(), ids=SPECIAL)
def test_what_is_no_ordinary_file_is_told_and_not_read(
    make: Callable[[Path], object], told: str, tmp_path: Path
) -> None:
    file = tmp_path / "ada" / "10_tokens" / "tokens.py"
    file.parent.mkdir(parents=True)
    make(file)
    assert told in flaw_of(tmp_path)


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that a user without rights can reach, other than pytest's own."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        (inbox := Path(folder, "class")).mkdir(0o755)
        yield inbox


@contextmanager
def without_rights() -> Iterator[None]:
    """As an ordinary user, where the tests run as root, whom no permission stops."""
    me = os.geteuid()
    os.seteuid(me or 65534)
    try:
        yield
    finally:
        os.seteuid(me)


def test_what_may_not_be_read_is_told(reachable: Path) -> None:
    put(reachable, "ada").chmod(0)
    put(reachable, "grace")
    (reachable / "grace").chmod(0)
    put(reachable, "zoe")
    with without_rights():
        found = of_tokens(reachable)
    (reachable / "grace").chmod(0o755)
    assert "tokens.py cannot be read: Permission denied" in str(found["ada"].flaw)
    assert "grace cannot be read: Permission denied" in str(found["grace"].flaw)
    assert found["zoe"].content == GOOD


def test_a_folder_that_becomes_a_link_later_is_not_followed(tmp_path: Path) -> None:
    file = put(tmp_path, "ada")
    folder = Folder(tmp_path / "ada")
    file.unlink()
    make_link_of_the_folder(file)
    with pytest.raises(Flaw, match="links are not followed"):
        folder.read("10_tokens/tokens.py")


@pytest.mark.parametrize("size", [LARGEST_FILE, LARGEST_FILE + 1], ids=["at", "above"])
def test_files_are_read_up_to_the_limit(size: int, tmp_path: Path) -> None:
    put(tmp_path, "ada", b"#" * size)
    entry = of_tokens(tmp_path)["ada"]
    assert (entry.content is not None) == (size == LARGEST_FILE)
    assert entry.flaw is None or "larger than 256 KB" in entry.flaw


def test_a_folder_with_files_without_end_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_module, "MOST_NAMES", 20)
    put(tmp_path, "ada")
    for number in range(20):
        (tmp_path / "ada" / str(number)).touch()
    assert f"More than {MOST_NAMES:,} files" in flaw_of(tmp_path)


def test_what_lies_deep_or_hidden_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_module, "MOST_NAMES", 20)
    put(tmp_path, "ada")
    for number in range(20):
        put(tmp_path, "ada", SECRET, f"env/lib/deep/{number}/10_tokens/tokens.py")
    put(tmp_path, "ada", SECRET, ".git/10_tokens/tokens.py")
    assert of_tokens(tmp_path)["ada"].content == GOOD


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
