"""A prompt: turns of templates, parameters of the call, examples."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from genaiops.core import Digest, Json, Message, digest_json
from genaiops.prompts.sandbox import TurnTemplate

Role = Literal["system", "user", "assistant"]
Example = Mapping[str, Json]
"""One row of a prompt's examples file."""


class Parameters(BaseModel):
    """How the model is to be called with this prompt; what is absent is left to the caller."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_tokens: int | None = Field(default=None, ge=1, le=100_000)
    temperature: float | None = Field(default=None, ge=0.0, le=2.0)
    stop: tuple[str, ...] = ()
    seed: int | None = None


class Head(BaseModel):
    """The front matter of a prompt file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = Field(default=None, pattern=r"^[a-z0-9]+(?:[._-][a-z0-9]+)*$")
    description: str = ""
    parameters: Parameters = Parameters()
    examples: str | None = None


@dataclass(frozen=True)
class Turn:
    """One message of the conversation, as a template; `line` is where it begins in the file."""

    role: Role
    source: str
    line: int = 1


@dataclass(frozen=True)
class Prompt:
    """A versioned piece of what a model is told. Pure: equal values, equal messages."""

    name: str
    turns: tuple[Turn, ...]
    description: str = ""
    parameters: Parameters = field(default_factory=Parameters)
    examples: tuple[Example, ...] = ()
    where: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        _ = self._templates  # a template that is not allowed is refused here, not at the first question

    @cached_property
    def _templates(self) -> tuple[TurnTemplate, ...]:
        return tuple(TurnTemplate(turn.source, self.where or self.name, turn.line) for turn in self.turns)

    @cached_property
    def variables(self) -> frozenset[str]:
        """The values that `render` needs; `examples` is there if the prompt has some."""
        return frozenset(name for template in self._templates for name in template.variables)

    @cached_property
    def digest(self) -> Digest:
        """The identity of what the model is told: turns, parameters and the content of the examples."""
        return digest_json(self.content())

    def content(self) -> dict[str, Json]:
        """Return what the digest covers."""
        return {
            "turns": [{"role": turn.role, "template": turn.source} for turn in self.turns],
            "parameters": self.parameters.model_dump(mode="json", exclude_defaults=True),
            "examples": [dict(example) for example in self.examples],
        }

    def render(self, **values: object) -> list[Message]:
        """Return the messages with `values` filled in; a turn that comes out empty is left out.

        `examples` is the prompt's own unless given. Values are data: nothing in them is a template, and a
        line `# system` in a passage begins no turn.
        """
        given = {"examples": self.examples, **values}
        texts = [template.render(given).strip() for template in self._templates]
        return [
            Message(role=turn.role, content=text)
            for turn, text in zip(self.turns, texts, strict=True)
            if text
        ]


def prompt_facts(prompt: Prompt) -> dict[str, Json]:
    """Return the manifest of a prompt for the Hub."""
    return {
        "name": prompt.name,
        "description": prompt.description,
        **prompt.content(),
        "digest": prompt.digest,
    }
