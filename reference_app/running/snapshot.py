"""The learner's files as they are at one moment: what is judged is what was saved then."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from reference_app.running.errors import ServiceDidNotStart


def take(replace: Mapping[str, Path], directory: Path) -> dict[str, Path]:
    """Copy each module's file into `directory`; answer the copies by module name.

    Raises ServiceDidNotStart when a file is not there or cannot be read.
    """
    copies = {}
    for module, file in replace.items():
        copies[module] = directory / f"{module}.py"
        try:
            shutil.copyfile(file, copies[module])
        except OSError as error:
            reason = f"The file {file} cannot be read: {error.strerror}."
            raise ServiceDidNotStart(reason, None, []) from error
    return copies
