"""What an answer took: time, tokens, money. Unbounded, so an app's failure is a missing row, not a number."""

from collections.abc import Mapping

from genaiops.arena.scorers.base import Mark, PureScorer, ScorerContext, take_parameters
from genaiops.core import NANO, Case, Json, Output, ScorerSpec


def latency_ms(parameters: Mapping[str, Json], context: ScorerContext) -> PureScorer:
    """Milliseconds from question to answer, as the runner measured them."""
    take_parameters("latency_ms", parameters, {})

    def mark(case: Case, output: Output) -> Mark:
        return (
            Mark(output.latency_ns / 1_000_000) if output.latency_ns else Mark(None, "no time was recorded")
        )

    return PureScorer(_spec("latency_ms", "ms"), mark)


def tokens(parameters: Mapping[str, Json], context: ScorerContext) -> PureScorer:
    """Tokens in and out, over every model call of the answer."""
    take_parameters("tokens", parameters, {})

    def mark(case: Case, output: Output) -> Mark:
        used = output.usage.input_tokens + output.usage.output_tokens
        # a model reads at least one token: calls without any are an endpoint that does not count them
        return (
            Mark(None, "tokens were not reported") if output.usage.calls and not used else Mark(float(used))
        )

    return PureScorer(_spec("tokens", "tokens"), mark)


def cost_usd(parameters: Mapping[str, Json], context: ScorerContext) -> PureScorer:
    """USD for every model call of the answer; missing, never 0, where a price is unknown."""
    take_parameters("cost_usd", parameters, {})

    def mark(case: Case, output: Output) -> Mark:
        cost = output.cost_nanousd
        return Mark(None, "no price is known; state it under `prices`") if cost is None else Mark(cost / NANO)

    return PureScorer(_spec("cost_usd", "USD"), mark)


def _spec(name: str, unit: str) -> ScorerSpec:
    return ScorerSpec(name=name, unit=unit, better="lower", low=0.0, high=None, reads=frozenset({"output"}))
