"""The lexicon of the detector `harmful`, read from `harmful.yaml` beside this file."""

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Annotated

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict

Words = Annotated[frozenset[str], BeforeValidator(lambda text: frozenset(str(text).split()))]
_WHOLE = ConfigDict(extra="forbid", frozen=True)


class Harm(BaseModel):
    """Acts whose objects make a request harmful; `sure` says by how much.

    `also` names groups of acts that several share. `ordinary`: its objects are what anybody speaks of, and
    only the act makes the harm.
    """

    model_config = _WHOLE

    category: str
    reason: str
    sure: float
    ordinary: bool = False
    also: tuple[str, ...] = ()
    acts: Words
    objects: Words


class Lexicon(BaseModel):
    """Harms, and the words that make a sentence ask, hide, or speak of something else."""

    model_config = _WHOLE

    acts: dict[str, Words]
    harms: tuple[Harm, ...]
    asks: Words
    hides: Words
    shields: Words
    forms: Mapping[str, str]

    def acts_of(self, harm: Harm) -> frozenset[str]:
        """Return every act of a kind of harm."""
        return harm.acts.union(*(self.acts[name] for name in harm.also))


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Return the lexicon of this package."""
    text = files("genaiops.guard.detectors").joinpath("harmful.yaml").read_text(encoding="utf-8")
    return Lexicon.model_validate(yaml.safe_load(text))
