"""What an answer took: time, tokens, money, steps. Unbounded, so an app's failure is a missing row."""

from collections.abc import Mapping

from genaiops.arena.scorers.base import Mark, PureScorer, ScorerContext, choice, scorer, take_parameters
from genaiops.core import NANO, Case, Json, Output, ScorerSpec


def _spec(name: str, unit: str) -> ScorerSpec:
    return ScorerSpec(name=name, unit=unit, better="lower", low=0.0, high=None, reads=frozenset({"output"}))


@scorer(_spec("latency_ms", "ms"))
def latency_ms(case: Case, output: Output) -> Mark:
    """Milliseconds from question to answer, as the runner measured them."""
    return Mark(output.latency_ns / 1_000_000) if output.latency_ns else Mark(None, "no time was recorded")


@scorer(_spec("tokens", "tokens"))
def tokens(case: Case, output: Output) -> Mark:
    """Tokens in and out, over every model call of the answer."""
    used = output.usage.input_tokens + output.usage.output_tokens
    # a model reads at least one token: calls without any are an endpoint that does not count them
    return Mark(None, "tokens were not reported") if output.usage.calls and not used else Mark(float(used))


@scorer(_spec("cost_usd", "USD"))
def cost_usd(case: Case, output: Output) -> Mark:
    """USD for every model call of the answer; missing, never 0, where a price is unknown."""
    cost = output.cost_nanousd
    return Mark(None, "no price is known; state it under `prices`") if cost is None else Mark(cost / NANO)


def steps(parameters: Mapping[str, Json], context: ScorerContext) -> PureScorer:
    """Calls that an answer took: of models (through `ctx`), of tools (as the app reports them), or both."""
    given = take_parameters("steps", parameters, {"count": "both"})
    count = choice("steps", given, "count", ("both", "model", "tool"))

    def mark(case: Case, output: Output) -> Mark:
        models, tools = output.usage.calls, len(output.tool_calls)
        value = {"both": models + tools, "model": models, "tool": tools}[count]
        return Mark(float(value), f"{models} calls of models, {tools} of tools")

    return PureScorer(_spec("steps", "steps"), mark)
