"""Faces that cost nothing to import: a name is loaded from its file when it is first used."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module


def attach(package: str, names: Mapping[str, str]) -> Callable[[str], object]:
    """Return a module `__getattr__` that loads each public name from the file that defines it.

    `names` maps a public name to its module, relative to `package` (`{"Case": "cases"}`).
    """

    def load(name: str) -> object:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package}.{names[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return load
