"""Writing a text file of the user's: whole or not at all."""

import os
from pathlib import Path

from genaiops.core import OutsideError, one_line


def write_whole(path: Path, text: str) -> None:
    """Write `text` as `path`, in one step; raises `OutsideError` where it cannot be written."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8", errors="replace", newline="")
        part.replace(path)
    except OSError as error:
        raise OutsideError(
            "GAO-ARENA-181",
            f"{path.name} cannot be written",
            why=one_line(error.strerror or str(error)),
            fix="name a file in a folder that exists and that you may write, and give the command again",
            where=str(path),
        ) from error
    finally:
        part.unlink(missing_ok=True)
