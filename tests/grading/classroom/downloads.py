"""Downloads of course systems, made for a test; and what became of them."""

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from exercises.grading.classroom.collect import Report


def make(root: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return root


def zipped(file: Path, members: dict[str, bytes]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(ZipInfo(name), content)
    return file


def placed(out: Path) -> dict[str, bytes]:
    return {str(f.relative_to(out)): f.read_bytes() for f in out.rglob("*") if f.is_file()}


def why_not(report: Report) -> dict[str, str]:
    return dict(report.unplaced)
