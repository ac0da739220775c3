"""A zip from a stranger is read, never believed: no harm, and plain words for what is wrong."""

import os
import stat
import struct
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, ZipFile, ZipInfo

import pytest

from exercises.grading.classroom.archive import LARGEST_ARCHIVE, Archive
from exercises.grading.classroom.flaw import LARGEST_FILE, MOST_NAMES, Flaw

PART = "10_tokens/tokens.py"
GOOD = b"answer = 42\n"


def zipped(members: Mapping[str, bytes], method: int = ZIP_DEFLATED) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def with_mode(name: str, content: bytes, mode: int) -> bytes:
    file, member = BytesIO(), ZipInfo(name)
    member.external_attr = mode << 16
    with ZipFile(file, "w") as archive:
        archive.writestr(member, content)
    return file.getvalue()


def twice() -> bytes:
    """Two members of one name, as `zipfile` writes them only under protest."""
    return zipped({PART: GOOD, "10_tokens/Tokens.py": b"another"}).replace(b"Tokens", b"tokens")


def encrypted() -> bytes:
    content = bytearray(zipped({PART: GOOD}))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + at] |= 1
    return bytes(content)


def declaring(size: int, content: bytes) -> bytes:
    """A zip whose one member says that it is `size` bytes long, in both of its headers."""
    whole = bytearray(zipped({PART: content}))
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", whole, whole.index(signature) + at, size)
    return bytes(whole)


def damaged() -> bytes:
    content = bytearray(zipped({PART: os.urandom(400)}, ZIP_STORED))
    content[100] ^= 0xFF
    return bytes(content)


def opened(content: bytes, folder: Path) -> Archive:
    file = folder / "ada.zip"
    file.write_bytes(content)
    return Archive(file)


UNOPENED: dict[str, tuple[Callable[[], bytes], str]] = {
    "no zip at all": (lambda: b"Rar!\x1a\x07", "is no zip"),
    "nothing in it": (lambda: b"", "is no zip"),
    "cut off": (lambda: zipped({PART: GOOD})[:-30], "is no zip"),
    "larger than it may be": (lambda: b"\0" * (LARGEST_ARCHIVE + 1), "larger than 10 MB"),
    "parent folders": (lambda: zipped({"../../etc/passwd": b"", PART: GOOD}), "outside of it"),
    "parents in the middle": (lambda: zipped({f"a/../../{PART}": GOOD}), "outside of it"),
    "Windows parents": (lambda: zipped({"..\\evil.py": b"", PART: GOOD}), "outside of it"),
    "an absolute path": (lambda: zipped({"/etc/cron.d/evil": b"", PART: GOOD}), "outside of it"),
    "a drive": (lambda: zipped({"C:\\evil.py": b"", PART: GOOD}), "outside of it"),
    "a bomb beside the part": (
        lambda: zipped({PART: GOOD, "bomb": bytes(101 * 2**20)}),
        "would unpack to 101 MB",
    ),
    "members without end": (
        lambda: zipped({str(number): b"" for number in range(MOST_NAMES + 1)}),
        "More than 5,000 files",
    ),
}

UNREAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "twice": (twice, "more than once"),
    "a link": (lambda: with_mode(PART, b"/etc/passwd", stat.S_IFLNK | 0o777), "is a link"),
    "a pipe": (lambda: with_mode(PART, b"", stat.S_IFIFO | 0o644), "is not a file"),
    "a device": (lambda: with_mode(PART, b"", stat.S_IFCHR | 0o644), "is not a file"),
    "a folder": (lambda: zipped({f"{PART}/": b""}), "is not a file"),
    "encrypted": (encrypted, "Zip it again without a password"),
    "LZMA": (lambda: zipped({PART: GOOD}, ZIP_LZMA), "unusual way"),
    "bzip2": (lambda: zipped({PART: GOOD}, ZIP_BZIP2), "unusual way"),
    "too large": (lambda: zipped({PART: bytes(LARGEST_FILE + 1)}), "larger than 256 KB"),
    "larger than it says": (lambda: declaring(10, bytes(50 * 2**20)), "damaged"),
    "damaged": (damaged, "damaged"),
}


@pytest.mark.parametrize(("make", "told"), UNOPENED.values(), ids=UNOPENED)
def test_a_harmful_archive_is_not_opened(
    make: Callable[[], bytes], told: str, tmp_path: Path
) -> None:
    with pytest.raises(Flaw, match=told):
        opened(make(), tmp_path)


@pytest.mark.parametrize(("make", "told"), UNREAD.values(), ids=UNREAD)
def test_a_harmful_member_is_not_read(make: Callable[[], bytes], told: str, tmp_path: Path) -> None:
    archive = opened(make(), tmp_path)
    assert archive.paths == {PART}
    with pytest.raises(Flaw, match=told):
        archive.read(PART)


@pytest.mark.parametrize("method", [ZIP_STORED, ZIP_DEFLATED], ids=["stored", "deflated"])
def test_a_member_up_to_the_limit_is_read_as_it_is(method: int, tmp_path: Path) -> None:
    content = os.urandom(LARGEST_FILE)
    assert opened(zipped({PART: content}, method), tmp_path).read(PART) == content


def test_backslashes_are_folders_too(tmp_path: Path) -> None:
    assert opened(zipped({"10_tokens\\tokens.py": GOOD}), tmp_path).read(PART) == GOOD


def test_archives_in_archives_stay_closed(tmp_path: Path) -> None:
    inner = zipped({PART: GOOD})
    assert opened(zipped({"all.zip": inner}), tmp_path).paths == {"all.zip"}


def test_a_link_in_place_of_the_archive_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real.zip").write_bytes(zipped({PART: GOOD}))
    link = tmp_path / "ada.zip"
    link.symlink_to("real.zip")
    with pytest.raises(Flaw, match=r"ada\.zip is a link"):
        Archive(link)


def test_any_damage_is_told_and_never_a_crash(tmp_path: Path) -> None:
    """Every byte of a small zip is spoilt in turn."""
    whole = zipped({PART: GOOD, "ada/notes.txt": b"notes"})
    told = 0
    for at in range(len(whole)):
        spoilt = bytearray(whole)
        spoilt[at] ^= 0xFF
        try:
            archive = opened(bytes(spoilt), tmp_path)
            contents = {path: archive.read(path) for path in archive.paths}
        except Flaw:
            told += 1
        else:
            assert contents.get(PART, GOOD) == GOOD, f"byte {at}"
    assert told > len(whole) // 2
