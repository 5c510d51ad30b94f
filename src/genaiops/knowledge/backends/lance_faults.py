"""LanceDB itself, where it is installed, and what its failures mean."""

import os
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from genaiops.core import OutsideError, UserError, one_line
from genaiops.store import disk_error


def library() -> Any:
    """Return LanceDB; raises `UserError` where it is not installed."""
    os.environ.setdefault("LANCEDB_LOG", "error")  # read at its import; else it warns of each new table
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of modules that it imports
            import lancedb  # optional: extra [lance]
    except ImportError as error:
        raise UserError(
            "GAO-KNOWLEDGE-081",
            "an index in LanceDB needs lancedb, which is not installed",
            fix="pip install 'genaiops[lance]', or take index: local",
        ) from error
    return lancedb


def arrow() -> Any:
    """Return PyArrow."""
    import pyarrow  # comes with lancedb

    return pyarrow


@contextmanager
def explained(folder: Path) -> Generator[None]:
    """Say what goes wrong below LanceDB as what it means for the index in `folder`."""
    try:
        yield
    except OSError as error:
        if error.errno:
            raise disk_error(error, folder) from error
        raise broken(folder, str(error)) from error
    except (ValueError, RuntimeError) as error:  # what LanceDB raises for whatever goes wrong below it
        raise broken(folder, str(error)) from error


def broken(folder: Path, why: str) -> OutsideError:
    """Return that the index cannot be read or written."""
    return OutsideError(
        "GAO-KNOWLEDGE-082",
        "the index in LanceDB cannot be read or written",
        why=one_line(why, 300),
        fix=f"check the disk; if it is damaged, remove the folder {folder} and run `genaiops index build`",
        where=str(folder),
    )
