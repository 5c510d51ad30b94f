"""The files with which a hosting platform measures pull requests: data under `ci/`, two values filled in."""

from collections.abc import Iterator, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal

Platform = Literal["github", "gitlab"]
PLACES: dict[Platform, str] = {"github": ".github", "gitlab": ".gitlab"}


def ci_files(platform: Platform, *, suite: str = "", weights: Sequence[str] = ()) -> dict[str, str]:
    """Return the platform's files by their path in the repository.

    `suite` names the suite where a project has several, `weights` the local models that its runners fetch.
    """
    data, place = files("genaiops.blueprints") / "ci", PLACES[platform]
    found = dict((*_below(data / "shared", f"{place}/arena"), *_below(data / platform, place)))
    filled = {'SUITE: ""': f'SUITE: "{suite}"', 'WEIGHTS: ""': f'WEIGHTS: "{" ".join(weights)}"'}
    return {path: _filled(text, filled) for path, text in found.items()}


def _below(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    for one in sorted(folder.iterdir(), key=lambda one: one.name):
        place = f"{path}/{one.name}"
        if one.is_dir():
            yield from _below(one, place)
        else:
            yield place, one.read_text("utf-8")


def _filled(text: str, values: dict[str, str]) -> str:
    for empty, value in values.items():
        text = text.replace(empty, value)
    return text
