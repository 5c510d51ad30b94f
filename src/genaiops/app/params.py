"""The project's free-form parameters as an app reads them."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, cast

from genaiops.core import UserError


class UnknownParam(UserError, AttributeError, KeyError):
    """A parameter was read that the project file does not have."""


class Params(Mapping[str, Any]):
    """`params.top_k` or `params["top_k"]`; an unknown name says which are known. Read-only."""

    __slots__ = ("_place", "_values")

    def __init__(self, values: Mapping[str, Any], place: str = "params") -> None:
        self._values = dict(values)
        self._place = place

    def __getitem__(self, key: str) -> Any:
        if key not in self._values:
            raise self._unknown(key)
        value = self._values[key]
        if isinstance(value, dict):
            return Params(cast("dict[str, Any]", value), f"{self._place}.{key}")
        return value

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Params({self._values!r})"

    def _unknown(self, key: str) -> UnknownParam:
        close = get_close_matches(key, self._values, n=1)
        known = ", ".join(sorted(self._values)) or "none"
        return UnknownParam(
            "GAO-APP-010",
            f"{self._place}.{key} is not set",
            why=f"genaiops.yaml has {self._place}: {known}",
            fix=f"did you mean {close[0]!r}?"
            if close
            else f"add {key!r} to `{self._place}` in genaiops.yaml",
        )
