"""The learner's files as they are at one moment: what is judged is what was saved then."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reference_app.running.errors import ServiceDidNotStart


@dataclass(frozen=True)
class Snapshot:
    """Copies of files: by the module they replace, and each copy's original, for messages."""

    by_module: Mapping[str, str]
    originals: Mapping[str, str]


def take(replace: Mapping[str, Path], directory: Path) -> Snapshot:
    """Copy each module's file into `directory`.

    Raises ServiceDidNotStart when a file is not there or cannot be read.
    """
    by_module, originals = {}, {}
    for module, file in replace.items():
        copy = directory / f"{module}.py"
        try:
            shutil.copyfile(file, copy)
        except OSError as error:
            reason = f"The file {file} cannot be read: {error.strerror}."
            raise ServiceDidNotStart(reason, None, []) from error
        by_module[module] = str(copy)
        originals[str(copy)] = str(file)
    return Snapshot(by_module, originals)
