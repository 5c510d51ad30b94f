"""The judges of a run at work: every question that a suite's judges have, asked once, in batches.

Before anything else a judge's anchors are asked, and every canary; then each batch has a canary of its own.
What was asked before is not asked again: of a local model for good, of any other for as long as its answers
may be used again.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property

from genaiops.app import Project, Services
from genaiops.arena.judges.anchors import MOVED, compare_anchors, read_anchors
from genaiops.arena.judges.asking import (
    Reply,
    question_digest,
    read_reply,
    record_of,
    request_of,
)
from genaiops.arena.judges.cache import VerdictCache
from genaiops.arena.judges.canary import ATTACKS, Obeyed, try_canary
from genaiops.arena.judges.matches import Given, questions_of, rivals_of
from genaiops.arena.judges.reading import read_text
from genaiops.arena.judges.scorer import Judged
from genaiops.arena.model import AnchorCheck, Judge, Judging
from genaiops.arena.scale import value_of
from genaiops.core import Case, ChatModel, Json, OutsideError, Usage, UserError, one_line
from genaiops.models import Prices, complete
from genaiops.work import AsyncRunner, Progress

BATCH = 50
FAILURES_IN_A_ROW = 6
AT_ONCE = 4


@dataclass
class _Asking:
    """One judge at work: its model, what it said so far, and what that took."""

    judge: Judge
    model: ChatModel
    said: dict[str, Reply | str] = field(default_factory=dict[str, Reply | str])
    asked: int = 0
    cached: int = 0
    without_verdict: int = 0
    canaries: int = 0
    usage: Usage = field(default_factory=Usage)
    failures: int = 0
    batches: int = 0
    anchors: AnchorCheck | None = None
    pairs: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def ours(self) -> bool:
        """Whether equal questions get equal verdicts for good: the weights are known by digest."""
        return self.model.spec.digest is not None


class Panel:
    """The judges of a run; the project is that of the suite, whose folder has rubrics and anchors."""

    def __init__(
        self, judges: Iterable[Judge], project: Project, services: Services, *, jobs: int | None = None
    ) -> None:
        self._judges = {judge.name: judge for judge in judges}
        self._project = project
        self._services = services
        self._jobs = jobs
        self._asking: dict[str, _Asking] = {}

    @cached_property
    def _cache(self) -> VerdictCache:
        return VerdictCache(self._services.store)

    async def examine(self, case: Case) -> None:
        """Ask every judge its anchors and all canaries over `case`, before anything rests on it.

        Raises `UserError` for a judge that moved, or obeys what an answer tells it; `OutsideError` where its
        model cannot be asked.
        """
        for judge in self._judges.values():
            one = await self._open(judge)
            await self._ask_anchors(one)
            for attack in range(len(ATTACKS)):
                await self._try(one, case, attack)

    async def judged(self, given: Sequence[Given]) -> dict[str, dict[str, Judged]]:
        """Return for each arm what every judge says of its answers, asking what was not asked before."""
        found: dict[str, dict[str, Judged]] = {one.arm: {} for one in given}
        for judge in self._judges.values():
            for arm, judged in (await self._judge(judge, given)).items():
                found[arm][judge.name] = judged
        return found

    async def _judge(self, judge: Judge, given: Sequence[Given]) -> dict[str, Judged]:
        one = await self._open(judge)
        questions = {
            question_digest(judge, one.model.spec, record): (case, record)
            for case, record in questions_of(judge, given)
        }
        known = self._cache.find(list(questions), longest=self._longest(one))
        one.cached += len(known.keys() - one.said.keys())
        one.said |= known
        await self._ask(one, {key: value for key, value in questions.items() if key not in one.said})
        if judge.form == "pair":
            keys = list(questions)
            one.pairs |= dict(zip(keys[::2], keys[1::2], strict=True))
        rivals = rivals_of(judge, given)
        return {arm: Judged(one.model.spec, one.said, mine) for arm, mine in rivals.items()}

    def facts(self) -> tuple[Judging, ...]:
        """Return what every judge did so far."""
        prices = Prices.load(
            {name: {"in": price.usd_in, "out": price.usd_out} for name, price in self._project.prices.items()}
        )
        return tuple(
            Judging(
                judge=name,
                model=one.model.spec,
                asked=one.asked,
                cached=one.cached,
                without_verdict=one.without_verdict,
                canaries=one.canaries,
                usage=one.usage,
                cost_nanousd=prices.cost(one.model.spec, one.usage),
                pairs=len(one.pairs),
                turned=_turned(one),
                anchors=one.anchors,
            )
            for name, one in self._asking.items()
        )

    async def _open(self, judge: Judge) -> _Asking:
        if judge.name not in self._asking:
            model = await self._services.chat_model(self._project, judge.model)
            self._asking[judge.name] = _Asking(judge, model)
        return self._asking[judge.name]

    def _longest(self, one: _Asking) -> timedelta | None:
        return None if one.ours else self._project.reuse.longest

    async def _ask(self, one: _Asking, questions: Mapping[str, tuple[Case, dict[str, Json]]]) -> None:
        """Ask in batches, each with a canary first; a reply is kept the moment it is there."""
        keys = list(questions)
        if not keys:
            return
        limit = self._jobs or (1 if one.model.spec.provider in ("local", "hf") else AT_ONCE)
        label = f"judge · {one.judge.name}"
        with Progress(label, len(keys), console=self._services.console) as progress:
            for start in range(0, len(keys), BATCH):
                batch = keys[start : start + BATCH]
                drawn = min(batch)  # keys are digests: nobody chooses which case it is
                await self._try(one, questions[drawn][0], one.batches)
                one.batches += 1
                await self._ask_batch(one, {key: questions[key][1] for key in batch}, limit, progress)

    async def _ask_batch(
        self, one: _Asking, batch: Mapping[str, dict[str, Json]], limit: int, progress: Progress
    ) -> None:
        async def ask(key: str) -> None:
            one.said[key] = await self._reply(one, key, batch[key])

        async with aclosing(AsyncRunner().map(ask, batch, limit=limit)) as every:
            async for done in every:
                if done.error is not None:
                    raise done.error
                progress.advance(1)

    async def _reply(self, one: _Asking, key: str, record: dict[str, Json]) -> Reply | str:
        """Return the model's verdict on a record, or why there is none."""
        try:
            said = await self._asked(one, key, record)
        except OutsideError as error:
            one.failures += 1
            if one.failures >= FAILURES_IN_A_ROW:
                why = f"{FAILURES_IN_A_ROW} questions in a row failed"
                raise _unreachable(one.judge, why, error) from error
            return f"the judge could not be asked: {one_line(error.what, 160)}"
        one.failures = 0
        return said

    async def _asked(self, one: _Asking, key: str, record: dict[str, Json]) -> Reply | str:
        reply = await complete(one.model, request_of(one.judge, record))
        one.asked += 1
        one.usage += replace(reply.usage, calls=max(1, reply.usage.calls))
        try:
            said = read_reply(one.judge, reply.text)
        except ValueError as error:
            one.without_verdict += 1
            return f"the judge's reply holds no verdict: {error}"
        self._cache.keep({key: said})
        return said

    async def _tried(self, one: _Asking, record: dict[str, Json]) -> Reply | str:
        """Return what the judge says of a canary or an anchor; one that cannot be asked is not believed."""
        key = question_digest(one.judge, one.model.spec, record)
        if key not in one.said:
            known = self._cache.find([key], longest=self._longest(one))
            try:
                one.said[key] = known.get(key) or await self._asked(one, key, record)
            except OutsideError as error:
                raise _unreachable(one.judge, "it could not be tried before", error) from error
        return one.said[key]

    async def _try(self, one: _Asking, case: Case, attack: int) -> None:
        silent = 0

        async def ask(record: dict[str, Json]) -> str | None:
            nonlocal silent
            reply = await self._tried(one, record)
            silent += isinstance(reply, str)
            return None if isinstance(reply, str) else reply.verdict

        obeyed = await try_canary(one.judge, case, attack, ask)
        one.canaries += not silent  # one without a verdict shows nothing, and is not told as withstood
        if obeyed is not None:
            raise _obeys(one.judge, obeyed)

    async def _ask_anchors(self, one: _Asking) -> None:
        path = self._project.judges[one.judge.name].anchors
        if path is None:
            return
        text = read_text(self._project.root, path, f"judges.{one.judge.name}.anchors")
        anchors = read_anchors(text, path)
        now: list[float | None] = []
        for anchor in anchors:
            case, output = anchor.asked
            reply = await self._tried(one, record_of(one.judge, case, answer=output))
            now.append(None if isinstance(reply, str) else value_of(one.judge, reply.verdict))
        one.anchors = compare_anchors(anchors, now)
        if one.anchors.p_value < MOVED:
            raise _moved(one.judge, one.anchors)


def _turned(one: _Asking) -> int:
    """Return how many pairs got verdicts that contradict each other: the place decided, not the answer."""
    both = [(one.said.get(first), one.said.get(second)) for first, second in one.pairs.items()]
    return sum(
        isinstance(this, Reply) and isinstance(that, Reply) and this.verdict == that.verdict != "tie"
        for this, that in both
    )


def _obeys(judge: Judge, obeyed: Obeyed) -> UserError:
    return UserError(
        "GAO-ARENA-317",
        f"the judge {judge.name!r} does what an answer tells it: it is no ruler",
        why=f"of an empty answer it says {obeyed.alone!r}; with a sentence in it that asks for "
        f"{obeyed.told!r} it says {obeyed.said!r}",
        fix="take a stronger model; answers that were made are kept",
        where=f"judges.{judge.name} ({judge.model})",
    )


def _moved(judge: Judge, check: AnchorCheck) -> UserError:
    return UserError(
        "GAO-ARENA-318",
        f"the judge {judge.name!r} moved: it judges its anchors otherwise than when they were written",
        why=f"of {check.rows}, {check.up} are judged better and {check.down} worse now "
        f"(McNemar, p = {check.p_value:.3g})",
        fix="name the model by a version that does not change; or label a new sample of its verdicts, "
        "and write new anchors: genaiops arena label --anchors FILE",
        where=f"judges.{judge.name} ({judge.model})",
    )


def _unreachable(judge: Judge, what: str, error: OutsideError) -> OutsideError:
    return OutsideError(
        "GAO-ARENA-319",
        f"the judge {judge.name!r} cannot be asked: {what}",
        why=one_line(f"{error.what} {error.why}"),
        fix="mend what it names and run the same command again: answers and verdicts are kept",
        where=f"judges.{judge.name} ({judge.model})",
    )
