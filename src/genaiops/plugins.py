"""The one door for plug-ins: entry points, loaded by the name that a file uses, never by enumeration."""

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from genaiops.core import UserError, one_line


def plug_in(group: str, name: str, unusable: Callable[[str], UserError]) -> Any:
    """Return what an installed package offers as `name` in `group`; None where none does.

    Raises what `unusable` makes of the reason where it cannot be imported: a plug-in is anybody's code.
    """
    for entry in entry_points(group=group, name=name):
        try:
            return entry.load()
        except Exception as error:
            raise unusable(f"{type(error).__name__}: {one_line(str(error))}") from error
    return None


def built_in(group: str, name: str, value: str) -> Any:
    """Return what comes with the package, through the same door; `value` is `module:name`."""
    return EntryPoint(name, value, group).load()
