"""The guard around one answer: what the app is given and what it gives is checked here, in the parent.

The app is foreign code, so nothing of this runs in its process, and nothing that it does brings a text past
it: once a text is stopped the answer is the policy's message, whatever the app says afterwards.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from genaiops.core import (
    Answer,
    ChatReply,
    ChatRequest,
    Citation,
    Json,
    Passage,
    Surface,
    ToolCall,
    UserError,
    Where,
)
from genaiops.guard import Asker, GuardResult, Pipeline, check_value
from genaiops.traces import LiveSpan, Recorder


class GuardStop(UserError):
    """The guard stopped this answer. The app is told; what it makes of it is not read."""

    def __init__(self, why: str) -> None:
        super().__init__(
            "GAO-APP-055", "the guard stopped this answer", why=why, fix="guard.yaml says what is stopped"
        )


class Guarded:
    """The texts of one answer as the project's guard lets them pass; without a guard they pass as they came.

    `stopped` says what stopped the answer, empty where nothing did: action, surface and categories, or what
    failed; never what was found. `counts` are the results that were no plain pass: `redact passage`, …
    """

    def __init__(self, guard: Pipeline | None, app: str, recorder: Recorder) -> None:
        self._guard = guard
        self._asker = Asker(app=app)
        self._recorder = recorder
        self._handed: dict[str, Passage] = {}
        self._systems: dict[str, None] = {}
        self.stopped = ""
        self.counts: Counter[str] = Counter()

    async def inputs(self, inputs: Mapping[str, Json]) -> dict[str, Json]:
        """Return a case's inputs as the app may have them; raises `GuardStop` where they are stopped.

        What was said before, in `history` and in all but the last of `messages`, is looked at turn by turn.
        """
        if self._guard is None:
            return dict(inputs)
        passed: dict[str, Json] = {}
        for key, value in inputs.items():
            if key == "history" and isinstance(value, list):
                passed[key] = [await self._turn(turn, "history") for turn in value]
            elif key == "messages" and isinstance(value, list) and value:
                before = [await self._turn(turn, "history") for turn in value[:-1]]
                passed[key] = [*before, await self._turn(value[-1], "input")]
            else:
                passed[key] = await self._passed(value, Where(surface="input"))
        return passed

    async def passages(self, found: Sequence[Passage]) -> tuple[list[Passage], int]:
        """Return the passages that may be handed out, and how many are left out."""
        if self._guard is None:
            return list(found), 0
        handed = [passed for one in found if (passed := await self._passage(one)) is not None]
        self._handed |= {passage.id: passage for passage in handed}
        return handed, len(found) - len(handed)

    async def reply(self, request: ChatRequest, reply: ChatReply) -> ChatReply:
        """Return a model's reply as the app may have it; raises `GuardStop` where it is stopped."""
        if self._guard is None:
            return reply
        self._systems |= {one.content: None for one in request.messages if one.role == "system"}
        text = await self._passed(reply.text, self._out)
        return replace(reply, text=cast(str, text))

    async def answer(self, answer: Answer) -> Answer:
        """Return the app's answer as it may be shown; raises `GuardStop` where it is stopped.

        Passages that no search of ours brought and calls that the app made by itself are looked at too.
        """
        if self._guard is None:
            return answer
        text, data = [await self._passed(one, self._out) for one in (answer.text, answer.data)]
        quotes = await self._passed([one.quote for one in answer.citations], self._out)
        passages = [
            one if self._handed.get(one.id) == one else await self._passage(one) for one in answer.passages
        ]
        return replace(
            answer,
            text=cast("str | None", text),
            data=data,
            citations=tuple(
                Citation(passage=one.passage, quote=quote)
                for one, quote in zip(answer.citations, cast("list[str]", quotes), strict=True)
            ),
            passages=tuple(one for one in passages if one is not None),
            tool_calls=tuple([await self._made(call) for call in answer.tool_calls]),
        )

    def instead(self) -> Answer:
        """Return the answer of what was stopped: the policy's message, and that nothing is answered."""
        assert self._guard is not None
        return Answer(self._guard.policy.message, abstained=True)

    def tell(self, span: LiveSpan) -> None:
        """Say on an answer's span which policy held, what was no plain pass, and what it stopped."""
        if self._guard is None:
            return
        span.set("genaiops.guard.policy", self._guard.digest)
        if self.counts:
            span.set("genaiops.guard.counts", dict(sorted(self.counts.items())))
        if self.stopped:
            span.set("genaiops.guard.stopped", self.stopped)

    @property
    def _out(self) -> Where:
        return Where(surface="output", context="\n".join(self._systems))

    async def _turn(self, turn: Json, surface: Surface) -> Json:
        """Check one turn of a conversation; its role is no text of anybody."""
        if not isinstance(turn, dict):
            return await self._passed(turn, Where(surface=surface))
        said = {key: value for key, value in turn.items() if key != "role"}
        alone = said.get("content") if said.keys() == {"content"} else said
        passed = await self._passed(alone, Where(surface=surface))
        return {**turn, **({"content": passed} if alone is not said else cast("dict[str, Json]", passed))}

    async def _passage(self, passage: Passage) -> Passage | None:
        said: list[Json] = [passage.title, list(passage.heading), passage.text, passage.metadata]
        result, passed = await self._checked(said, Where(surface="passage"))
        if not result.passes:
            return None
        if result.action != "redact":
            return passage
        title, heading, text, metadata = cast("tuple[str, list[str], str, dict[str, Json]]", passed)
        return replace(passage, title=title, heading=tuple(heading), text=text, metadata=metadata)

    async def _made(self, call: ToolCall) -> ToolCall:
        arguments = await self._passed(dict(call.arguments), Where(surface="tool_call"))
        result = await self._passed(call.result, Where(surface="tool_result"))
        return replace(call, arguments=cast("dict[str, Json]", arguments), result=result)

    async def _passed(self, value: Json, where: Where) -> Json:
        """Return what of `value` may go on; raises `GuardStop` where it is stopped."""
        result, passed = await self._checked(value, where)
        if not result.passes:
            self.stopped = self.stopped or _why(result, where.surface)
            raise GuardStop(self.stopped)
        return passed

    async def _checked(self, value: Json, where: Where) -> tuple[GuardResult, Json]:
        assert self._guard is not None
        # a detector of somebody else may take its time: others are served meanwhile
        result, passed = await asyncio.to_thread(check_value, self._guard, value, where, self._asker)
        if result.action != "allow" or result.failed:
            self.counts[f"{result.action} {where.surface}"] += 1
            with self._recorder.span(f"guardrail {where.surface}", "guardrail") as span:
                span.set("genaiops.guard.policy", result.policy)
                span.set("genaiops.guard.action", result.action)
                span.set("genaiops.guard.reasons", cast(Json, _reasons(result)))
        return result, passed


def _why(result: GuardResult, surface: Surface) -> str:
    asked = ", and there is nobody to ask" if result.action == "ask" else ""
    return f"{result.action} on {surface}: {', '.join(_reasons(result))}{asked}"


def _reasons(result: GuardResult) -> list[str]:
    """Return what led to a result that is no plain pass: categories, failures, a refusal; no text."""
    if result.refused:
        return [result.refused]
    failed = [f"detector {one.detector} failed ({one.kind})" for one in result.failed]
    found = sorted({one.finding.category for one in result.findings if one.action == result.action})
    return failed + found
