"""Rules: a small part of CEL, walked before it runs."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genaiops.core import UserError, check_rule, evaluate_rule, fact_path

FACTS: dict[str, float | None] = {
    "ratio.cost_usd.mean.high": 1.05,
    "candidate.f1.p95": 0.9,
    'slice["topic=billing"].diff.f1.mean.low': -0.02,
    "baseline.f1.mean": None,
    "candidate.f1.missing": 0.0,
    "candidate.f1.n": 40.0,
    "diff.f1.mean.est": float("nan"),
}


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        ("ratio.cost_usd.mean.high <= 1.10", "true"),
        ("ratio.cost_usd.mean.high <= 1", "false"),
        ("candidate.f1.p95 >= 0.9 && candidate.f1.n >= 30", "true"),
        ("candidate.f1.p95 > 0.9 || candidate.f1.n == 40", "true"),
        ("!(candidate.f1.p95 < 0.5)", "true"),
        ("candidate.f1.p95 - 0.1 * 2 > 0.69 && candidate.f1.p95 - 2 * .1 < .71", "true"),
        ("10 - 4 - 3 + candidate.f1.missing == 3 && 16 / 4 / 2 * candidate.f1.n == 80", "true"),
        ("-candidate.f1.n < -39.5", "true"),
        ('slice["topic=billing"].diff.f1.mean.low >= -0.05', "true"),
        ("slice['topic=billing'].diff.f1.mean.low >= 0", "false"),
        ("1e2 > candidate.f1.n", "true"),
    ],
)
def test_a_rule_says_what_it_reads(rule: str, outcome: str) -> None:
    assert evaluate_rule(rule, FACTS).outcome == outcome


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("baseline.f1.mean >= 0 || candidate.f1.n > 0", "no value for baseline.f1.mean"),
        ("diff.f1.mean.est < 1 || candidate.f1.n > 0", "no value for diff.f1.mean.est"),
        ("!(diff.f1.mean.est > 1)", "no value for diff.f1.mean.est"),
        ("candidate.typo.mean < 1", "no such fact: candidate.typo.mean"),
        ("candidate.f1 > 0", "no such fact: candidate.f1"),
        ("candidate.f1.n / candidate.f1.missing > 1", "a division by 0 or an overflow"),
        ("1 / (1 / candidate.f1.missing) < 1 || candidate.f1.n > 0", "a division by 0 or an overflow"),
        ("candidate.f1.n * 1e308 * 1e308 > 0", "a division by 0 or an overflow"),
    ],
)
def test_a_value_that_is_missing_or_not_finite_decides_nothing(rule: str, reason: str) -> None:
    result = evaluate_rule(rule, FACTS)
    assert (result.outcome, result.reason) == ("inconclusive", reason)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("", "at character 1: it ends too early"),
        ("candidate.f1.mean", "a comparison is needed here, not a number"),
        ("1 < 2", "it reads no fact"),
        ("a.b < 1 || true", "at character 12: 'true' is not allowed"),
        ("a.b.all(x, x > 1)", "functions and macros are not allowed"),
        ("[1, 2].exists(x, x > a.b)", "'[' is unexpected"),
        ("has(a.b) && a.b > 1", "has(…): functions and macros"),
        ("size(a.b) > 1", "functions and macros"),
        ("a.b > 1 ? a.c > 1 : a.d > 1", "'?' is not allowed"),
        ("a.b in [1.0]", "'in' is unexpected"),
        ("a.b % 2 == 0", "'%' is not allowed"),
        ("1 < a.b < 2", "comparisons do not chain"),
        ("(a.b < 1) + 1 > 0", "a number is needed here"),
        ("!a.b", "a comparison is needed here"),
        ('a.b == "x"', "unexpected"),
        ("a[0] > 1", "a text in quotes is missing"),
        ("a.b > 1u", "not allowed"),
        ("a.b > 0x10", "not allowed"),
        ("a.b > 1e999", "too large"),
        ("(a.b > 1", "')' is missing"),
        ("a.b > 1; a.c", "';' is not allowed"),
        ("a.ü > 1", "'ü' is not allowed"),
        ("(" * 500 + "a.b" + ")" * 500 + " > 1", "nested more than 12 deep"),
        ("-" * 500 + "a.b > 1", "nested more than 12 deep"),
        ("a.b + " * 300 + "1 > 0", "more than 200 parts"),
        ("a.b > 1 " + " " * 5000, "at most 4000 characters"),
    ],
)
def test_what_is_not_in_the_grammar_is_refused_with_its_place(rule: str, why: str) -> None:
    with pytest.raises(UserError) as caught:
        check_rule(rule)
    assert caught.value.exit_status == 2
    assert why in caught.value.why


def test_a_rule_tells_which_facts_it_reads() -> None:
    rule = (
        "ratio.cost_usd.mean.high <= 1.1"
        " && slice['topic=a \"b\"'].diff.f1.mean.low > 0 && candidate['my-s'].n > 1"
    )
    assert check_rule(rule) == {
        "ratio.cost_usd.mean.high",
        'slice["topic=a \\"b\\""].diff.f1.mean.low',
        'candidate["my-s"].n',
    }


def test_a_facts_name_has_one_spelling() -> None:
    assert fact_path("slice", "x", "candidate", "f1", "n") == 'slice["x"].candidate.f1.n'
    name = fact_path("candidate", 'odd "name" \\', "mean")
    assert check_rule(f"{name} > 0") == {name}


def test_the_deepest_allowed_rule_runs() -> None:
    rule = "!" + "(-(" * 5 + "1" + "))" * 5
    deep = "(" * 12 + "candidate.f1.n" + ")" * 12 + " > 0"
    assert evaluate_rule(deep, FACTS).outcome == "true"
    mixed = "candidate.f1.n > 0 || (" * 12 + "candidate.f1.n * 2 + 1 > 0 && candidate.f1.n < 1" + ")" * 12
    assert evaluate_rule(mixed, FACTS).outcome == "true"
    with pytest.raises(UserError):
        check_rule(rule)


WORDS = "a.b candidate.f1.n slice f0 true in has( .map( .all(x, 1 0.5 1e5 'x' [\"t\"] && || <= =="
PIECES = st.sampled_from([*WORDS.split(" "), *"()[]{}!<>+-*/%?:,.;`$\\\n"])


@given(st.lists(PIECES, max_size=30).map(" ".join))
@settings(max_examples=300, deadline=None)
def test_no_expression_does_anything_but_answer_or_be_refused(rule: str) -> None:
    try:
        result = evaluate_rule(rule, {"a.b": 1.0, "candidate.f1.n": 2.0, 'slice["t"]': 3.0, "f0": 0.0})
    except UserError:
        return
    assert result.outcome in {"true", "false", "inconclusive"}


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_text_is_refused_or_read(rule: str) -> None:
    with suppress(UserError):
        assert check_rule(rule)


NUMBERS = st.floats(-100, 100, allow_nan=False).map(lambda x: round(x, 3))


@given(NUMBERS, NUMBERS, NUMBERS)
@settings(max_examples=150, deadline=None)
def test_the_engine_agrees_with_plain_arithmetic(a: float, b: float, c: float) -> None:
    facts = {"a.a": a, "b.b": b, "c.c": c}
    result = evaluate_rule("a.a - b.b * c.c <= a.a + 1.5 - c.c && !(a.a < b.b)", facts)
    assert (result.outcome == "true") == (a - b * c <= a + 1.5 - c and not a < b)
