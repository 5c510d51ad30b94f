"""OpenAI's JSON shapes, as llama.cpp in this process and endpoints elsewhere speak them. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from genaiops.core import ChatDelta, Json, Message, OutsideError, Usage


def message_list(messages: Sequence[Message]) -> list[Json]:
    """Return messages as the wire wants them."""
    return [{"role": message.role, "content": message.content} for message in messages]


class ReplyFold:
    """Turns chunks into deltas, and keeps what the last delta must say."""

    def __init__(self) -> None:
        self._finish: str | None = None
        self._usage: Usage | None = None
        self._model: str | None = None
        self._logprobs: list[float] = []

    def feed(self, chunk: dict[str, Any]) -> Iterator[ChatDelta]:
        """Yield a delta where `chunk` carries text; raises `ValueError` where it is no chunk."""
        if isinstance(chunk.get("usage"), dict):
            self._usage = _usage(chunk["usage"])
        self._model = chunk.get("model") if isinstance(chunk.get("model"), str) else self._model
        for choice in _dicts(chunk.get("choices")):
            self._finish = choice.get("finish_reason") or self._finish
            self._logprobs += _logprobs(choice)
            text = _dict(choice.get("delta") or choice.get("message")).get("content")
            if isinstance(text, str) and text:
                yield ChatDelta(text=text)

    def finish(self, reference: str, estimate: Usage) -> ChatDelta:
        """Return the last delta; raises `OutsideError` where the reply never said how it ended.

        `estimate` stands in where the server counted nothing: a cost that is unknown must not read 0.
        """
        if self._finish is None:
            raise OutsideError(
                "GAO-MODELS-033",
                f"{reference} stopped in the middle of a reply",
                why="it ended without a finish reason",
                fix="try again",
            )
        mean = sum(self._logprobs) / len(self._logprobs) if self._logprobs else None
        return ChatDelta(
            finish_reason=str(self._finish),
            usage=self._usage or estimate,
            logprob=mean,
            model=self._model,
        )


def _dict(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    if value is None:
        return []
    items = cast("list[Any]", value) if isinstance(value, list) else [value]
    if not all(isinstance(item, dict) for item in items):
        raise ValueError("choices is not a list of objects")
    return items


def _usage(facts: dict[str, Any]) -> Usage:
    counts = [facts.get(key) for key in ("prompt_tokens", "completion_tokens")]
    read, written = (count if isinstance(count, int) and count >= 0 else 0 for count in counts)
    return Usage(input_tokens=read, output_tokens=written, calls=1)


def _logprobs(choice: dict[str, Any]) -> list[float]:
    tokens = _dicts(_dict(choice.get("logprobs")).get("content"))
    values = [token.get("logprob") for token in tokens]
    # llama.cpp tells -inf (as a very low number) where a grammar forced a token
    return [float(value) for value in values if isinstance(value, int | float) and value > -1e4]
