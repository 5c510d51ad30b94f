"""The guard around one answer: what the app is given and what it gives is checked here, in the parent.

The app is foreign code, so nothing of this runs in its process, and nothing that it does brings a text past
it: once a text is stopped the answer is the policy's message, whatever the app says afterwards.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import cast

from genaiops.app.outside import Outside, texts_of
from genaiops.app.turns import ROLES
from genaiops.core import (
    Answer,
    ChatReply,
    ChatRequest,
    Citation,
    Grounding,
    Json,
    Passage,
    Surface,
    ToolCall,
    ToolReply,
    UserError,
    Where,
    one_line,
)
from genaiops.guard import (
    Asker,
    Decision,
    GuardResult,
    Passed,
    Pipeline,
    check_assembled,
    check_value,
    new_in,
)
from genaiops.traces import LiveSpan, Recorder

Person = Callable[[str], bool]
"""Shows a person the question, and says whether they agree; called in a thread of its own."""

_SENT_AS: Mapping[str, Surface] = {
    "system": "input",
    "user": "input",
    "assistant": "history",
    "tool": "tool_result",
    "passage": "passage",
}
"""The surface of what is new in a message of each role, and in the texts that an answer may rest on."""

_MOST_SHOWN = 2_000
"""Characters of arguments that a person is asked to read; what they cannot read they cannot approve."""


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
    `calls` are the calls of tools that were let happen. `system`: the project's prompts, `own`: its own
    words, which are nobody's text; `person`: who is asked; `elsewhere`: whether the app runs where nothing
    that it reads is seen.
    """

    def __init__(
        self,
        guard: Pipeline | None,
        asker: Asker,
        recorder: Recorder,
        *,
        system: Sequence[str] = (),
        own: Passed | None = None,
        person: Person | None = None,
        elsewhere: bool = False,
    ) -> None:
        self._guard = guard
        self._outside = Outside(guard.policy, system) if guard else None
        if self._outside and elsewhere:
            self._outside.saw()
        self._person = person
        self._asker = asker
        self._recorder = recorder
        self._known = Passed(own)
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
        self._known.add(_as_sent(list(passed.values())))
        return passed

    async def passages(self, found: Sequence[Passage]) -> tuple[list[Passage], int]:
        """Return the passages that may be handed out, and how many are left out."""
        if self._outside is None:
            return list(found), 0
        handed = [passed for one in found if (passed := await self._passage(one)) is not None]
        self._handed |= {passage.id: passage for passage in handed}
        if handed:
            self._outside.saw()
        for one in handed:
            self._known.add((one.title, *one.heading, one.text, one.document, one.id))
            self._known.add(_as_sent(dict(one.metadata)))
        return handed, len(found) - len(handed)

    async def asked(self, request: ChatRequest) -> ChatRequest:
        """Return what a model may be asked; raises `GuardStop` where it is stopped.

        Of each message only what did not pass before is judged. A system message is the app's own word: it
        may hold no secret, and nobody asks what it sounds like. What a tool says is from outside.
        """
        if self._outside is None:
            return request
        messages = [replace(one, content=await self._sent(one.content, one.role)) for one in request.messages]
        grounding = request.grounding
        if grounding is not None:
            texts = [await self._sent(text, "passage") for text in grounding.texts]
            grounding = Grounding(question=await self._sent(grounding.question, "user"), texts=tuple(texts))
        return replace(request, messages=tuple(messages), grounding=grounding)

    async def reply(self, request: ChatRequest, reply: ChatReply) -> ChatReply:
        """Return a model's reply as the app may have it; raises `GuardStop` where it is stopped."""
        if self._outside is None:
            return reply
        self._systems |= {one.content: None for one in request.messages if one.role == "system"}
        text = cast(str, await self._passed(reply.text, self._out))
        self._outside.replied(request, text)
        self._known.add([text])
        return replace(reply, text=text)

    async def call(self, call: ToolCall) -> ToolReply:
        """Return a call as it may happen, perhaps with other arguments, or why it may not."""
        if self._outside is None:
            self.calls.append(call)
            return ToolReply(call)
        decision = await self._decided(call)
        if decision.do != "allow":
            asked = "; a person must decide, and there is nobody to ask" if decision.do == "ask" else ""
            return self._refused(call, f"{decision.why}{asked}")
        result, passed = await self._checked(dict(call.arguments), Where(surface="tool_call"))
        named, id = await self._checked(call.id, Where(surface="tool_call"), whole=False)
        for one in (result, named):
            if not one.passes:
                return self._refused(call, _why(one, "tool_call"))
        given = cast("dict[str, Json]", passed)
        arguments, taken = await asyncio.to_thread(self._outside.unbound, call.name, given)
        self._count_addresses("tool_call", taken)
        self._outside.called(call.name)
        self.calls.append(replace(call, arguments=arguments, id=cast(str, id)))
        return ToolReply(self.calls[-1])

    async def returned(self, number: int, value: Json) -> ToolReply:
        """Return what call `number` brought as the app may have it, or why it may not."""
        call = self.calls[number]
        if self._outside is None:
            self.calls[number] = replace(call, result=value)
            return ToolReply(self.calls[number])
        result, passed = await self._checked(value, Where(surface="tool_result"))
        if not result.passes:
            return self._told(ToolReply(call, f"its result is withheld: {_why(result, 'tool_result')}"))
        self._outside.returned(call.name, passed)
        self.calls[number] = replace(call, result=passed)
        self._known.add(_as_sent(passed))
        return self._told(ToolReply(self.calls[number]))

    async def answer(self, answer: Answer) -> Answer:
        """Return the app's answer as it may be shown; raises `GuardStop` where it is stopped.

        Passages that no search of ours brought and calls that the app made by itself are looked at too, and
        then it has read what was not seen here. A citation stays where its passage does.
        """
        if self._outside is None:
            return replace(answer, tool_calls=self._union(answer.tool_calls))
        own = [self._handed.get(one.id) != one for one in answer.passages]
        calls = self._union([await self._made(call) for call in answer.tool_calls])
        if any(own) or len(calls) > len(self.calls):
            self._outside.saw()
        pairs = zip(answer.passages, own, strict=True)
        seen = [await self._passage(one) if is_own else one for one, is_own in pairs]
        passages = tuple(one for one in seen if one is not None)
        ids = {one.id for one in passages}
        quotes = [await self._said(one.quote, whole=False) for one in answer.citations]
        return replace(
            answer,
            text=cast("str | None", await self._said(answer.text)),
            data=await self._said(answer.data),
            citations=tuple(
                Citation(passage=one.passage, quote=cast(str, quote))
                for one, quote in zip(answer.citations, quotes, strict=True)
                if one.passage in ids
            ),
            passages=passages,
            tool_calls=calls,
            signals=await self._signals(answer.signals),
        )

    async def error(self, error: str | None) -> str | None:
        """Return what an app, or its endpoint, says of its failure as it may be shown."""
        if self._outside is None or not error:
            return error
        result, passed = await self._checked(error, self._out, whole=False)
        return cast(str, passed) if result.passes else "the app failed; its message is withheld by the guard"

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
        """Check one turn of a conversation; a role that is known is no text of anybody."""
        if not isinstance(turn, dict):
            return await self._passed(turn, Where(surface=surface))
        said = {key: value for key, value in turn.items() if key != "role" or value not in ROLES}
        alone = said.get("content") if said.keys() == {"content"} else said
        passed = await self._passed(alone, Where(surface=surface))
        return {**turn, **({"content": passed} if alone is not said else cast("dict[str, Json]", passed))}

    async def _passage(self, passage: Passage) -> Passage | None:
        """Return a passage as it may be handed out; None where it may not, or where its id may not."""
        said: list[Json] = [passage.title, list(passage.heading), passage.text, passage.metadata]
        result, passed = await self._checked([*said, passage.document, passage.id], Where(surface="passage"))
        if not result.passes:
            return None
        if result.action != "redact":
            return passage
        title, heading, text, metadata, document, id = cast(
            "tuple[str, list[str], str, dict[str, Json], str, str]", passed
        )
        fit = replace(
            passage, title=title, heading=tuple(heading), text=text, metadata=metadata, document=document
        )
        return fit if id == passage.id else None

    async def _decided(self, call: ToolCall) -> Decision:
        """Return whether a call may happen; what is too long to be checked is not even compared."""
        assert self._guard is not None
        assert self._outside is not None
        written = json.dumps(call.arguments, ensure_ascii=False).encode(errors="surrogatepass")
        if len(written) > self._guard.policy.max_bytes:
            return Decision("refuse", "its arguments are too long")
        decision = await asyncio.to_thread(self._outside.decide, call.name, call.arguments)
        if decision.do != "ask" or self._person is None:
            return decision
        given = ", ".join(f"{_name(key)}={_shown(value)}" for key, value in call.arguments.items())
        if len(given) > _MOST_SHOWN:
            return Decision("refuse", "a person must decide, and its arguments are too long to show")
        question = f"{one_line(call.name, 100)}({given}): {decision.why}"
        return Decision("allow") if await asyncio.to_thread(self._person, question) else decision

    def _refused(self, call: ToolCall, why: str) -> ToolReply:
        self.counts["refuse tool_call"] += 1
        with self._recorder.span("guardrail tool_call", "guardrail") as span:
            if self._guard is not None and call.name in self._guard.policy.tools:
                span.set("gen_ai.tool.name", call.name)  # another name is the model's own text
            span.set("genaiops.guard.action", "refuse")
            span.set("genaiops.guard.reasons", [why])
        return self._told(ToolReply(call, why))

    def _told(self, reply: ToolReply) -> ToolReply:
        self._known.add([reply.text])
        return reply

    def _count_addresses(self, surface: Surface, taken: int) -> None:
        if taken:
            self.counts[f"address {surface}"] += taken
            with self._recorder.span(f"guardrail {surface}", "guardrail") as span:
                span.set("genaiops.guard.action", "redact")
                span.set("genaiops.guard.reasons", [f"{taken} address(es) from outside"])

    async def _made(self, call: ToolCall) -> ToolCall:
        """Check a call that the app reports; one that was let happen was checked before."""
        if call in self.calls:
            return call
        where = Where(surface="tool_call")
        name, id = cast("list[str]", await self._passed([call.name, call.id], where, whole=False))
        arguments = cast("dict[str, Json]", await self._passed(dict(call.arguments), where))
        result = await self._passed(call.result, Where(surface="tool_result"))
        return ToolCall(name=name, id=id, arguments=arguments, result=result)

    def _union(self, reported: Sequence[ToolCall]) -> tuple[ToolCall, ...]:
        """Return the calls that were let happen, then those that the app reports beside them."""
        made = [(call.name, call.arguments) for call in self.calls]
        others = (call for call in reported if (call.name, call.arguments) not in made)
        return (*self.calls, *others)

    async def _said(self, value: Json, *, whole: bool = True) -> Json:
        """Return what of a part of the answer may be shown, without addresses that nobody trusted named."""
        assert self._outside is not None
        if value in (None, ""):
            return value
        passed = await self._passed(value, self._out, whole=whole)
        bare, taken = await asyncio.to_thread(self._outside.bare, passed)
        self._count_addresses("output", taken)
        return bare

    async def _signals(self, signals: Mapping[str, float]) -> dict[str, float]:
        """Return the numbers of an answer as they may be shown, without those that were taken out."""
        passed = await self._said(dict(signals), whole=False) if signals else {}
        assert isinstance(passed, dict)
        return {name: value for name, value in passed.items() if isinstance(value, (int, float))}

    async def _sent(self, text: str, role: str) -> str:
        """Return what of a message may be sent to a model; raises `GuardStop` where it is stopped."""
        assert self._guard is not None
        assert self._outside is not None
        known = await asyncio.to_thread(self._known.stretches, text)
        new = new_in(text, known)
        if not new and len(known) < 2:
            return text
        where = Where(surface=_SENT_AS[role])
        result = await asyncio.to_thread(
            check_assembled, self._guard, text, known, where, self._asker, shapes=role == "system"
        )
        self._count(result, where.surface)
        if not result.passes:
            raise self._stop(f"{_why(result, where.surface)}, in a message to a model")
        if role == "tool" and new:
            self._outside.saw()
        if role != "system":
            self._known.add([result.text])
        return result.text

    async def _passed(self, value: Json, where: Where, *, whole: bool = True) -> Json:
        """Return what of `value` may go on; raises `GuardStop` where it is stopped."""
        result, passed = await self._checked(value, where, whole=whole)
        if not result.passes:
            raise self._stop(_why(result, where.surface))
        return passed

    def _stop(self, why: str) -> GuardStop:
        self.stopped = self.stopped or why
        return GuardStop(self.stopped)

    async def _checked(self, value: Json, where: Where, *, whole: bool = True) -> tuple[GuardResult, Json]:
        assert self._guard is not None
        # a detector of somebody else may take its time: others are served meanwhile
        result, passed = await asyncio.to_thread(
            check_value, self._guard, value, where, self._asker, whole=whole
        )
        self._count(result, where.surface)
        return result, passed

    def _count(self, result: GuardResult, surface: Surface) -> None:
        """Count what is no plain pass, and say it in the trace."""
        if result.action != "allow" or result.failed:
            self.counts[f"{result.action} {surface}"] += 1
            with self._recorder.span(f"guardrail {surface}", "guardrail") as span:
                span.set("genaiops.guard.policy", result.policy)
                span.set("genaiops.guard.action", result.action)
                span.set("genaiops.guard.reasons", cast(Json, _reasons(result)))


def _as_sent(value: Json) -> list[str]:
    """Return the texts of a value as they may stand in a message: each, and an object as JSON."""
    if isinstance(value, str):
        return [value]
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    written = [json.dumps(one, ensure_ascii=False) for one in inside if isinstance(one, (dict, list))]
    return [json.dumps(value, ensure_ascii=False), *written, *texts_of(value, keys=True)]


def _name(key: str) -> str:
    return key if key.isidentifier() else _shown(key)


def _shown(value: Json) -> str:
    """Return a value whole as a person may read it: signs that are not seen are written out."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


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
