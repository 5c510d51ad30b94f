"""Rules: conditions over a comparison's facts, in a walked subset of CEL (Common Expression Language).

A rule is parsed by our own grammar (`rule_syntax`), and what CEL runs is written from that tree. A fact that
is absent, null, NaN or infinite makes the rule *inconclusive* before CEL sees anything, so `missing >= 0.9 ||
x < 1` is never true by luck; so does a division by 0 or an overflow on the way.
"""

import math
from collections.abc import Mapping

from genaiops.core.rule_syntax import Chain, Node, Path, gives_number, parse_rule, render, walk
from genaiops.core.verdicts import RuleResult


def check_rule(text: str) -> frozenset[str]:
    """Return the facts that a rule reads; raises `UserError` with the position of what is not allowed."""
    return frozenset(node.name for node in walk(parse_rule(text)) if isinstance(node, Path))


def evaluate_rule(text: str, facts: Mapping[str, float | None]) -> RuleResult:
    """Return what the rule says of `facts`; a fact that is missing makes it inconclusive, never true."""
    tree = parse_rule(text)
    names = sorted({node.name for node in walk(tree) if isinstance(node, Path)})
    read = {name: facts.get(name) for name in names}
    known = {name: float(value) for name, value in read.items() if value is not None and math.isfinite(value)}
    if absent := [name for name in names if name not in known]:
        shown = {name: known.get(name) for name in names}
        return RuleResult(rule=text, outcome="inconclusive", facts=shown, reason=_absent(absent, facts))
    variables = {name: f"f{index}" for index, name in enumerate(names)}
    values = {variables[name]: value for name, value in known.items()}
    for part in walk(tree):
        if (
            isinstance(part, Chain)
            and gives_number(part)
            and not math.isfinite(_run(part, variables, values))
        ):
            reason = "a division by 0 or an overflow"
            return RuleResult(rule=text, outcome="inconclusive", facts=dict(read), reason=reason)
    outcome = "true" if _run(tree, variables, values) else "false"
    return RuleResult(rule=text, outcome=outcome, facts=dict(read))


def _absent(absent: list[str], facts: Mapping[str, float | None]) -> str:
    known = [name for name in absent if name in facts]
    unknown = [name for name in absent if name not in facts]
    parts = [f"no value for {', '.join(known)}"] if known else []
    parts += [f"no such fact: {', '.join(unknown)}"] if unknown else []
    return "; ".join(parts)


def _run(node: Node, variables: dict[str, str], values: dict[str, float]) -> float:
    import cel  # 165 ms to import, and most commands read no rule

    return float(cel.compile(render(node, variables)).execute(values))
