"""What parsers found, kept in a folder: a file that did not change is not parsed again."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from genaiops.core import Digest, UserError, decode_json, encode_json, hex_of
from genaiops.knowledge.formats.model import Parsed
from genaiops.store import disk_error


class ParsedFiles:
    """One JSON file each, by digest. Removing the folder costs parsing again, nothing else."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: Digest) -> Parsed | None:
        """Return what was kept; None where nothing was, or what is there cannot be read."""
        with suppress(OSError, UserError):
            return decode_json(Parsed, self._path(key).read_bytes())
        return None

    def put(self, key: Digest, parsed: Parsed) -> None:
        """Keep what a parser found; raises `OutsideError` where the disk is full."""
        path = self._path(key)
        partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            partial.write_text(encode_json(parsed), "utf-8")
            os.replace(partial, path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise disk_error(error, self._folder) from error

    def _path(self, key: Digest) -> Path:
        return self._folder / f"{hex_of(key)}.json"
