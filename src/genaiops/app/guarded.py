"""The guard around one answer: what the app is given and what it gives is checked here, in the parent.

The app is foreign code, so nothing of this runs in its process, and nothing that it does brings a text past
it: once a text is stopped the answer is the policy's message, whatever the app says afterwards.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import cast

from genaiops.app.outside import Outside
from genaiops.core import (
    Answer,
    ChatReply,
    ChatRequest,
    Citation,
    Json,
    Passage,
    Surface,
    ToolCall,
    ToolReply,
    UserError,
    Where,
    one_line,
)
from genaiops.guard import Asker, Decision, GuardResult, Pipeline, check_value
from genaiops.traces import LiveSpan, Recorder

Person = Callable[[str], bool]
"""Shows a person the question, and says whether they agree; called in a thread of its own."""


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
    `calls` are the calls of tools that were let happen. `system`: the project's prompts; `person`: who is
    asked.
    """

    def __init__(
        self,
        guard: Pipeline | None,
        app: str,
        recorder: Recorder,
        *,
        system: Sequence[str] = (),
        person: Person | None = None,
    ) -> None:
        self._guard = guard
        self._outside = Outside(guard.policy, system) if guard else None
        self._person = person
        self._asker = Asker(app=app)
        self._recorder = recorder
        self._handed: dict[str, Passage] = {}
        self._systems: dict[str, None] = {}
        self.stopped = ""
        self.counts: Counter[str] = Counter()
        self.calls: list[ToolCall] = []

    async def inputs(self, inputs: Mapping[str, Json]) -> dict[str, Json]:
        """Return a case's inputs as the app may have them; raises `GuardStop` where they are stopped.

        What was said before, in `history` and in all but the last of `messages`, is looked at turn by turn.
        """
        if self._outside is None:
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
        self._outside.given(passed)
        return passed

    async def passages(self, found: Sequence[Passage]) -> tuple[list[Passage], int]:
        """Return the passages that may be handed out, and how many are left out."""
        if self._outside is None:
            return list(found), 0
        handed = [passed for one in found if (passed := await self._passage(one)) is not None]
        self._handed |= {passage.id: passage for passage in handed}
        if handed:
            self._outside.saw()
        return handed, len(found) - len(handed)

    async def reply(self, request: ChatRequest, reply: ChatReply) -> ChatReply:
        """Return a model's reply as the app may have it; raises `GuardStop` where it is stopped."""
        if self._outside is None:
            return reply
        self._systems |= {one.content: None for one in request.messages if one.role == "system"}
        text = cast(str, await self._passed(reply.text, self._out))
        self._outside.replied(request, text)
        return replace(reply, text=text)

    async def call(self, call: ToolCall) -> ToolReply:
        """Return a call as it may happen, perhaps with other arguments, or why it may not."""
        if self._outside is None:
            self.calls.append(call)
            return ToolReply(call)
        decision = self._outside.decide(call.name, call.arguments)
        if decision.do == "ask" and await self._agrees(call, decision.why):
            decision = Decision("allow")
        if decision.do != "allow":
            asked = "; a person must decide, and there is nobody to ask" if decision.do == "ask" else ""
            return self._refused(call, f"{decision.why}{asked}")
        result, passed = await self._checked(dict(call.arguments), Where(surface="tool_call"))
        if not result.passes:
            return self._refused(call, _why(result, "tool_call"))
        arguments, taken = self._outside.unbound(call.name, cast("dict[str, Json]", passed))
        self._count_addresses("tool_call", taken)
        self._outside.called(call.name)
        self.calls.append(replace(call, arguments=arguments))
        return ToolReply(self.calls[-1])

    async def returned(self, number: int, value: Json) -> ToolReply:
        """Return what call `number` brought as the app may have it, or why it may not."""
        call = self.calls[number]
        if self._outside is None:
            self.calls[number] = replace(call, result=value)
            return ToolReply(self.calls[number])
        result, passed = await self._checked(value, Where(surface="tool_result"))
        if not result.passes:
            return ToolReply(call, f"its result is withheld: {_why(result, 'tool_result')}")
        self._outside.returned(call.name, passed)
        self.calls[number] = replace(call, result=passed)
        return ToolReply(self.calls[number])

    async def answer(self, answer: Answer) -> Answer:
        """Return the app's answer as it may be shown; raises `GuardStop` where it is stopped.

        Passages that no search of ours brought and calls that the app made by itself are looked at too.
        """
        if self._outside is None:
            return replace(answer, tool_calls=self._happened(answer.tool_calls))
        said: list[Json] = [answer.text, answer.data, [one.quote for one in answer.citations]]
        bare, taken = self._outside.bare([await self._passed(one, self._out) for one in said])
        self._count_addresses("output", taken)
        text, data, quotes = cast("list[Json]", bare)
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
            tool_calls=tuple([await self._made(call) for call in self._happened(answer.tool_calls)]),
        )

    def instead(self) -> Answer:
        """Return the answer of what was stopped: the policy's message, and that nothing is answered."""
        assert self._guard is not None
        return Answer(self._guard.policy.message, abstained=True, tool_calls=tuple(self.calls))

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

    async def _agrees(self, call: ToolCall, why: str) -> bool:
        """Ask the person who is there whether a call may happen; nobody there is no."""
        if self._person is None:
            return False
        given = ", ".join(f"{key}={one_line(str(value), 120)}" for key, value in call.arguments.items())
        return await asyncio.to_thread(self._person, f"{one_line(call.name, 100)}({given}): {why}")

    def _refused(self, call: ToolCall, why: str) -> ToolReply:
        self.counts["refuse tool_call"] += 1
        with self._recorder.span("guardrail tool_call", "guardrail") as span:
            span.set("gen_ai.tool.name", one_line(call.name, 100))
            span.set("genaiops.guard.action", "refuse")
            span.set("genaiops.guard.reasons", [why])
        return ToolReply(call, why)

    def _count_addresses(self, surface: Surface, taken: int) -> None:
        if taken:
            self.counts[f"address {surface}"] += taken
            with self._recorder.span(f"guardrail {surface}", "guardrail") as span:
                span.set("genaiops.guard.action", "redact")
                span.set("genaiops.guard.reasons", [f"{taken} address(es) from outside"])

    def _happened(self, reported: Sequence[ToolCall]) -> tuple[ToolCall, ...]:
        """Return the calls that the app reports, and those that it made by us and does not."""
        said = [(one.name, one.arguments) for one in reported]
        return (*reported, *(one for one in self.calls if (one.name, one.arguments) not in said))

    async def _made(self, call: ToolCall) -> ToolCall:
        """Check a call that the app reports; one that was let happen was checked before."""
        if call in self.calls:
            return call
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
