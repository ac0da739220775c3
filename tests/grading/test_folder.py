"""In a stranger's folder only ordinary files are read, and no link leads out of it."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from exercises.grading.classroom import folder as module
from exercises.grading.classroom.flaw import LARGEST_FILE, Flaw
from exercises.grading.classroom.folder import Folder

PART = "10_tokens/tokens.py"
GOOD = b"answer = 42\n"
SECRET = b"what another learner wrote\n"


def put(folder: Path, content: bytes = GOOD, path: str = PART) -> Path:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def others(file: Path) -> Path:
    """The same file of another learner."""
    return put(file.parents[2] / "grace", SECRET)


def make_link(file: Path) -> None:
    file.symlink_to(others(file))


def make_link_of_the_folder(file: Path) -> None:
    file.parent.rmdir()
    file.parent.symlink_to(others(file).parent)


def make_socket(file: Path) -> None:
    with TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as bound:
        bound.bind(f"{short}/socket")
        Path(f"{short}/socket").rename(file)


def make_hole(file: Path) -> None:
    with file.open("wb") as opened:
        opened.truncate(10**12)


SPECIAL: dict[str, tuple[Callable[[Path], object], str]] = {
    "a link": (make_link, "is a link"),
    "a link to itself": (lambda file: file.symlink_to(file), "is a link"),
    "a link of the exercise's folder": (make_link_of_the_folder, "lies behind one"),
    "a pipe": (os.mkfifo, "is not a file"),
    "a socket": (make_socket, "is not a file"),
    "a folder": (Path.mkdir, "is not a file"),
    "a terabyte of nothing": (make_hole, "larger than 256 KB"),
    "gone": (lambda _: None, "No such file"),
}


@pytest.mark.parametrize(("make", "told"), SPECIAL.values(), ids=SPECIAL)
def test_what_is_no_ordinary_file_is_told_and_not_read(
    make: Callable[[Path], object], told: str, tmp_path: Path
) -> None:
    file = tmp_path / "ada" / PART
    file.parent.mkdir(parents=True)
    make(file)
    with pytest.raises(Flaw, match=told):
        Folder(tmp_path / "ada").read(PART)


def test_the_folder_itself_is_no_link(tmp_path: Path) -> None:
    put(tmp_path / "grace", SECRET)
    (tmp_path / "ada").symlink_to("grace")
    with pytest.raises(Flaw, match="ada is a link"):
        Folder(tmp_path / "ada")


def test_links_of_folders_are_not_looked_into(tmp_path: Path) -> None:
    file = tmp_path / "ada" / PART
    file.parent.mkdir(parents=True)
    make_link_of_the_folder(file)
    assert Folder(tmp_path / "ada").paths == {"10_tokens"}


def test_a_folder_that_becomes_a_link_later_is_not_followed(tmp_path: Path) -> None:
    file = put(tmp_path / "ada")
    folder = Folder(tmp_path / "ada")
    file.unlink()
    make_link_of_the_folder(file)
    with pytest.raises(Flaw, match="links are not followed"):
        folder.read(PART)


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that a user without rights can reach, other than pytest's own."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


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
    put(reachable / "ada").chmod(0)
    with without_rights(), pytest.raises(Flaw, match=r"tokens\.py cannot be read: Perm"):
        Folder(reachable / "ada").read(PART)
    (reachable / "ada").chmod(0)
    with without_rights(), pytest.raises(Flaw, match="ada cannot be read: Permission denied"):
        Folder(reachable / "ada")
    (reachable / "ada").chmod(0o700)


def test_files_are_read_up_to_the_limit(tmp_path: Path) -> None:
    put(tmp_path, b"#" * LARGEST_FILE)
    assert Folder(tmp_path).read(PART) == b"#" * LARGEST_FILE
    put(tmp_path, b"#" * (LARGEST_FILE + 1))
    with pytest.raises(Flaw, match="larger than 256 KB"):
        Folder(tmp_path).read(PART)


def test_files_without_end_are_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_NAMES", 20)
    put(tmp_path)
    for number in range(30):
        put(tmp_path, SECRET, f"env/lib/deep/{number}/{PART}")
    assert len(Folder(tmp_path).paths) == 5
    for number in range(20):
        put(tmp_path, path=f"10_tokens/{number}")
    with pytest.raises(Flaw, match="More than 5,000 files"):
        Folder(tmp_path)
