"""`scripted:FILE.yaml`: a chat model that answers by rules, for tests and demonstrations without a model.

    rules:
      - match: refund                 # words in the last user message; or {regex: "order \\d+"}
        text: Refunds take 14 days.
      - match: {regex: "^slow"}
        text: at last
        latency: 0.5                  # seconds
      - match: flaky
        statuses: [503, 200]          # what each call meets, in turn; the last one stays
        text: works the second time
      - match: broken
        error: the model is down
    default: I don't know.            # without it, an unmatched message is an error

`scripted:` is also an embedder, of hashed words: equal words, equal vectors, no weights.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from genaiops.core import (
    ChatDelta,
    ChatModel,
    ChatRequest,
    Embedder,
    Message,
    ModelSpec,
    OutsideError,
    Usage,
    UserError,
    decode,
    digest_bytes,
    read_yaml,
)
from genaiops.models.context import ModelContext
from genaiops.models.cutting import cut, words

DIMENSION = 64
Vectors = NDArray[np.float32]


class Pattern(BaseModel):
    """A regular expression over the last user message."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    regex: str


class Rule(BaseModel):
    """What to do when the last user message matches."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: str | Pattern
    text: str = ""
    error: str | None = None
    latency: float = Field(default=0.0, ge=0.0, le=3600.0)
    statuses: tuple[int, ...] = ()


class Script(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: tuple[Rule, ...] = ()
    default: str | None = None


def open_chat(name: str, context: ModelContext) -> ChatModel:
    """Return the model that the file `name` (relative to the project) scripts."""
    path = context.root / name
    try:
        content = path.read_bytes()
        text = content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            "GAO-MODELS-050",
            f"the script {name!r} cannot be read",
            why=str(error),
            fix="name a YAML file: scripted:answers.yaml",
            where=str(path),
        ) from error
    script = decode(Script, read_yaml(text, str(path)).value, where=str(path), code="GAO-MODELS-051")
    _check_patterns(script, path)
    return ScriptedChat(ModelSpec(provider="scripted", model=name, digest=digest_bytes(content)), script)


def open_embedder(name: str, context: ModelContext) -> Embedder:
    """Return the embedder of hashed words; the name does not matter."""
    return ScriptedEmbedder()


class ScriptedChat:
    """Answers by the first rule that matches, word by word."""

    def __init__(self, spec: ModelSpec, script: Script) -> None:
        self._spec = spec
        self._script = script
        self._calls = [0] * len(script.rules)

    @property
    def spec(self) -> ModelSpec:
        """The digest is that of the script."""
        return self._spec

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """Stream the scripted reply, or raise the scripted error."""
        text = await self._answer(request)
        text, finish = cut(text, request.stop, request.max_tokens)
        for piece in re.findall(r"\s*\S+|\s+$", text):
            yield ChatDelta(text=piece)
        usage = Usage(input_tokens=self.count_tokens(request.messages), output_tokens=words(text), calls=1)
        yield ChatDelta(finish_reason=finish, usage=usage, logprob=0.0, model=self._spec.reference)

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the number of words and marks."""
        return sum(words(message.content) for message in messages)

    async def close(self) -> None:
        """Nothing is held."""

    async def _answer(self, request: ChatRequest) -> str:
        asked = next((m.content for m in reversed(request.messages) if m.role == "user"), "")
        for number, rule in enumerate(self._script.rules):
            if _matches(rule, asked):
                return await self._apply(number, rule)
        if self._script.default is None:
            raise UserError(
                "GAO-MODELS-052",
                f"no rule of {self._spec.reference} matches the message",
                fix="add a rule, or a `default:` text",
            )
        return self._script.default

    async def _apply(self, number: int, rule: Rule) -> str:
        call, self._calls[number] = self._calls[number], self._calls[number] + 1
        if rule.latency:
            await asyncio.sleep(rule.latency)
        status = rule.statuses[min(call, len(rule.statuses) - 1)] if rule.statuses else 200
        if rule.error is not None or status >= 400:
            why = rule.error or f"status {status}, as scripted"
            raise OutsideError("GAO-MODELS-053", f"{self._spec.reference} failed", why=why)
        return rule.text


class ScriptedEmbedder:
    """A `TokenEmbedder` of hashed words: deterministic on every machine, without weights."""

    @property
    def spec(self) -> ModelSpec:
        """The same for every script."""
        return ModelSpec(provider="scripted", model="", version="1", settings={"dimension": DIMENSION})

    async def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        """Return the unit sum of each text's word vectors; a text without words gets a fixed vector."""
        rows = [_unit(_word_rows(text if words(text) else "∅").sum(axis=0, keepdims=True)) for text in texts]
        return np.concatenate(rows) if rows else np.zeros((0, DIMENSION), np.float32)

    async def token_vectors(self, texts: Sequence[str]) -> list[Vectors]:
        """Return a unit vector per word."""
        return [_word_rows(text) for text in texts]

    async def close(self) -> None:
        """Nothing is held."""


def _check_patterns(script: Script, path: Path) -> None:
    for rule in script.rules:
        try:
            re.compile(rule.match.regex if isinstance(rule.match, Pattern) else "")
        except re.error as error:
            raise UserError(
                "GAO-MODELS-054",
                "a rule's regex is not a regular expression",
                why=str(error),
                fix="correct it",
                where=str(path),
            ) from error


def _matches(rule: Rule, asked: str) -> bool:
    if isinstance(rule.match, Pattern):
        return re.search(rule.match.regex, asked) is not None
    return rule.match.lower() in asked.lower()


def _word_rows(text: str) -> Vectors:
    rows = [_word(word) for word in re.findall(r"\w+|[^\w\s]", text.lower())]
    return np.stack(rows) if rows else np.zeros((0, DIMENSION), np.float32)


def _word(word: str) -> Vectors:
    # 64 hexadecimal digits of the word's digest, centred: near-orthogonal for different words
    digits = digest_bytes(word.encode("utf-8", "replace")).removeprefix("sha256:")
    row = np.array([[int(digit, 16) - 7.5 for digit in digits]], np.float32)
    return _unit(row)[0]


def _unit(rows: Vectors) -> Vectors:
    return (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)).astype(np.float32)
