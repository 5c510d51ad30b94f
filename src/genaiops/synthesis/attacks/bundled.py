"""The package's own goals and frames, read from `own.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from genaiops.core import read_yaml
from genaiops.synthesis.attacks.dressing import Frames
from genaiops.synthesis.attacks.model import Category, Goal, Seed


class _Category(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    goal: Goal
    owasp: tuple[str, ...]
    atlas: tuple[str, ...]
    seeds: tuple[str, ...]
    translations: dict[str, str]


class _Shots(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    turns: tuple[tuple[str, str], ...]
    asked: str
    answered: str


class _Frames(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    decode: str
    role_play: tuple[str, ...]
    many_shot: _Shots
    crescendo: tuple[str, ...]
    translated: dict[str, str]
    tool_result: str


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    categories: dict[str, _Category]
    frames: _Frames


@dataclass(frozen=True, slots=True)
class Own:
    """The categories, seeds and frames that the package brings; `translations` by category and language."""

    categories: Mapping[str, Category]
    seeds: tuple[Seed, ...]
    translations: Mapping[str, Mapping[str, str]]
    frames: Frames


@lru_cache(maxsize=1)
def own() -> Own:
    """Return what the package brings."""
    text = files("genaiops.synthesis.attacks").joinpath("own.yaml").read_text("utf-8")
    read = _File.model_validate(read_yaml(text, "own.yaml").value)
    categories = {
        name: Category(name=name, title=one.title, goal=one.goal, owasp=one.owasp, atlas=one.atlas)
        for name, one in read.categories.items()
    }
    seeds = [
        Seed(id=f"{name}-{at}", text=text, category=categories[name])
        for name, one in read.categories.items()
        for at, text in enumerate(one.seeds, start=1)
    ]
    shots, frames = read.frames.many_shot, read.frames
    return Own(
        categories,
        tuple(seeds),
        {name: one.translations for name, one in read.categories.items()},
        Frames(
            decode=frames.decode,
            role_play=frames.role_play,
            shots=shots.turns,
            asked=shots.asked,
            answered=shots.answered,
            crescendo=frames.crescendo,
            translated=frames.translated,
            tool_result=frames.tool_result,
        ),
    )
