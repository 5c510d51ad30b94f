"""What an app may ask for while it answers: passages, a model, tools, prompts, parameters.

Every call but `prompt` and `calibration` is a request to the parent process, which holds the index and the
models once for all workers, counts the calls and prices them.
"""

import asyncio
import inspect
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, cast

from genaiops import prompts
from genaiops.app.params import Params
from genaiops.app.wire import grounding_to_wire, messages_to_wire, passage_from_wire, reply_from_wire
from genaiops.core import ChatReply, Grounding, Message, Passage, ToolCall, ToolReply, UserError

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from genaiops.prompts import Prompt

Messages = str | Sequence[Message | Mapping[str, str]]
T = TypeVar("T")
Mode = Literal["hybrid", "dense", "lexical"]

_FILE = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)*")


class Ask(Protocol):
    """A request to the parent process."""

    def __call__(self, call: str, arguments: Mapping[str, Any]) -> Awaitable[Any]:
        """Return the parent's value; raises `UserError` or `OutsideError` as the parent did."""
        ...


class _Local:
    """What needs no request: the same in the awaiting and the blocking context."""

    def __init__(self, params: Params, root: Path, seed: int) -> None:
        self.params = params
        self.root = root
        self.seed = seed

    def prompt(self, name: str) -> "Prompt":
        """Return the prompt in `prompts/NAME.md`."""
        return prompts.load_prompt(self._file("prompts", name, ".md"), self.root)

    def calibration(self, name: str) -> dict[str, Any]:
        """Return what `genaiops arena calibrate` learnt, from `calibration/NAME.json`."""
        file = self._file("calibration", name, ".json")
        try:
            value: object = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UserError(
                "GAO-APP-011",
                f"there is no calibration {name!r}",
                why="its thresholds are learnt, never written by hand",
                fix="run `genaiops arena calibrate` and commit the file",
                where=f"calibration/{name}.json",
            ) from None
        except ValueError as error:
            raise UserError(
                "GAO-APP-012",
                f"the calibration {name!r} is not JSON",
                why=str(error),
                fix="run `genaiops arena calibrate` again",
                where=f"calibration/{name}.json",
            ) from error
        if not isinstance(value, dict):
            raise UserError(
                "GAO-APP-012",
                f"the calibration {name!r} is not an object",
                fix="run `genaiops arena calibrate` again",
                where=f"calibration/{name}.json",
            )
        return cast("dict[str, Any]", value)

    def _file(self, folder: str, name: str, suffix: str) -> Path:
        if not _FILE.fullmatch(name):
            raise UserError(
                "GAO-APP-013",
                f"{name!r} does not name a file in {folder}/",
                why="a name is letters, digits, _ . - and / between folders",
                fix=f"for example 'answer' for {folder}/answer{suffix}",
            )
        return self.root / folder / f"{name}{suffix}"


class Context(_Local):
    """The app's view of the platform; every method that asks something is awaited.

    `params` are the project file's (`ctx.params.top_k`), `root` is the project's folder, `seed` this
    case's seed. A synchronous app gets the same names, blocking.
    """

    def __init__(self, ask: Ask, params: Params, root: Path, seed: int = 0) -> None:
        super().__init__(params, root, seed)
        self._ask = ask

    async def search(
        self,
        query: str,
        k: int = 5,
        *,
        index: str | None = None,
        mode: Mode = "hybrid",
        rerank: bool = True,
        history: Sequence[str] = (),
    ) -> list[Passage]:
        """Return at most `k` passages, best first. `index` may be left out where there is only one.

        `history` is what the user said before in a conversation, oldest first.
        """
        asked = {"query": query, "k": k, "index": index, "mode": mode, "rerank": rerank}
        found = await self._ask("search", {**asked, "history": list(history)} if history else asked)
        return [passage_from_wire(item) for item in found]

    async def chat(
        self,
        messages: Messages,
        *,
        max_tokens: int | None = None,
        temperature: float | None = None,
        stop: Sequence[str] | None = None,
        json_schema: Mapping[str, Any] | None = None,
        grammar: str | None = None,
        grounding: Grounding | None = None,
        role: str = "chat",
    ) -> ChatReply:
        """Return the model's reply. `role` names one of the project's `models`."""
        arguments: dict[str, Any] = {
            "messages": messages_to_wire(messages),
            "max_tokens": max_tokens,
            "temperature": temperature,
            "stop": [stop] if isinstance(stop, str) else stop and list(stop),
            "json_schema": json_schema and dict(json_schema),
            "grammar": grammar,
            "grounding": grounding_to_wire(grounding),
        }
        given = {key: value for key, value in arguments.items() if value is not None}
        return reply_from_wire(await self._ask("chat", {"role": role, "request": given}))

    async def fit(self, prompt: str, *, within: int, trim: str, **values: Any) -> list[Message]:
        """Return the prompt's messages within a budget of tokens, the list `values[trim]` cut from its end.

        Whole items go first, then the words of the last one. Raises `UserError` where the prompt does not
        fit even without the list.
        """
        made = self.prompt(prompt)
        items = [str(item) for item in values[trim]]
        while True:
            messages = made.render(**{**values, trim: items})
            over = await self.count_tokens(messages) - within
            if over <= 0:
                return messages
            if not items:
                raise UserError(
                    "GAO-APP-014",
                    f"the prompt {prompt!r} takes {over} tokens more than {within} without any {trim}",
                    fix="shorten the prompt, or raise the budget",
                    where=f"prompts/{prompt}.md",
                )
            items = shortened(items, over)

    async def rank(self, query: str, texts: Sequence[str]) -> list[float]:
        """Return the similarity of each text to the query, token by token: higher is nearer."""
        return cast("list[float]", await self._ask("rank", {"query": query, "texts": list(texts)}))

    async def tool(self, call: ToolCall, function: Callable[..., Any]) -> ToolReply:
        """Call `function` with the arguments of `call` where the guard lets it, and return what came of it.

        The result is JSON, and goes through the guard too. A call that is refused raises nothing: `refused`
        says why, and `text` is what to tell the model. What `function` raises goes on to the app.
        """
        asked = await self._ask("tool", {"name": call.name, "arguments": call.arguments, "id": call.id})
        made = replace(call, arguments=asked["arguments"])
        if asked["refused"]:
            return ToolReply(made, asked["refused"])
        if inspect.iscoroutinefunction(function):
            value = await function(**made.arguments)
        else:
            value = await asyncio.to_thread(function, **made.arguments)
        told = await self._ask("tool_result", {"number": asked["number"], "result": value})
        return ToolReply(replace(made, result=told["result"]), told["refused"])

    async def count_tokens(self, messages: Messages, *, role: str = "chat") -> int:
        """Return the length of a prompt in the model's own tokens."""
        return cast(
            int, await self._ask("count_tokens", {"role": role, "messages": messages_to_wire(messages)})
        )


class BlockingContext(_Local):
    """The same for a synchronous app, which runs in a thread beside the loop."""

    def __init__(self, inner: Context, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(inner.params, inner.root, inner.seed)
        self._inner = inner
        self._loop = loop

    def search(
        self,
        query: str,
        k: int = 5,
        *,
        index: str | None = None,
        mode: Mode = "hybrid",
        rerank: bool = True,
        history: Sequence[str] = (),
    ) -> list[Passage]:
        """Return at most `k` passages, best first."""
        return self._wait(
            self._inner.search(query, k, index=index, mode=mode, rerank=rerank, history=history)
        )

    def chat(self, messages: Messages, **options: Any) -> ChatReply:
        """Return the model's reply; options as in `Context.chat`."""
        return self._wait(self._inner.chat(messages, **options))

    def tool(self, call: ToolCall, function: Callable[..., Any]) -> ToolReply:
        """Call `function` where the guard lets it, as `Context.tool`; in a thread of its own."""
        return self._wait(self._inner.tool(call, function))

    def fit(self, prompt: str, *, within: int, trim: str, **values: Any) -> list[Message]:
        """Return the prompt's messages within a budget of tokens."""
        return self._wait(self._inner.fit(prompt, within=within, trim=trim, **values))

    def rank(self, query: str, texts: Sequence[str]) -> list[float]:
        """Return the similarity of each text to the query."""
        return self._wait(self._inner.rank(query, texts))

    def count_tokens(self, messages: Messages, *, role: str = "chat") -> int:
        """Return the length of a prompt in the model's own tokens."""
        return self._wait(self._inner.count_tokens(messages, role=role))

    def _wait(self, work: "Coroutine[Any, Any, T]") -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def shortened(items: Sequence[str], tokens: int) -> list[str]:
    """Return `items` with about `tokens` tokens fewer, taken off the end; a word is at least one token."""
    left = list(items)
    drop = max(1, tokens * 2 // 3)
    while left and drop > 0:
        words = left[-1].split()
        kept = words[: max(0, len(words) - drop)]
        drop -= len(words) - len(kept)
        left.pop()
        if kept:
            left.append(" ".join(kept))
    return left
