"""Run as a file by another environment's Python: shows it genaiops and its needs, then becomes a module.

    python -P -B bootstrap.py MODULE genaiops=/folder pydantic=/folder … [-- ARGUMENT …]

`genaiops` is ours whatever that environment holds, since both ends of the socket must speak alike. The other
names are found here only where the environment has none of its own. Nothing else of our environment is seen.
Imports nothing of ours.
"""

import runpy
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_OURS = "genaiops"


class _Named:
    """A finder of some top-level names, each in a folder of its own."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a name that is ours to find."""
        folder = self._places.get(name)
        return None if folder is None else PathFinder.find_spec(name, [folder])


def main(module: str, *words: str) -> None:
    """Make the names importable, then run `module` as the main one."""
    end = words.index("--") if "--" in words else len(words)
    places, arguments = dict(word.split("=", 1) for word in words[:end]), words[end + 1 :]
    sys.meta_path.insert(0, _Named({_OURS: places.pop(_OURS)}))
    sys.meta_path.append(_Named(places))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
