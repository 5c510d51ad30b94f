"""What a policy says, and what is wrong with one, by file and line."""

import re
from datetime import date
from pathlib import Path

import pytest

from genaiops.core import UserError, Where
from genaiops.guard import Asker, Pipeline, parse_guard
from genaiops.guard.loading import default_policy
from genaiops.guard.policy import covers, expired

IN = Where(surface="input")
CARD = "card 4111 1111 1111 1111"
TODAY = date(2026, 11, 30)


def guard(text: str) -> Pipeline:
    return parse_guard(text, "guard.yaml", today=lambda: TODAY)


def refusal(text: str) -> UserError:
    with pytest.raises(UserError) as caught:
        guard(text)
    return caught.value


PII = "detectors: {pii: {}}\nrules:\n"
LINKS = "rules: [{find: [links.*], do: redact}]\ndetectors: {links: {allow: "


def test_the_first_rule_that_fits_decides_and_the_sternest_action_counts() -> None:
    policy = guard(PII + "- {find: [pii.card], do: flag}\n- {find: [pii.*], do: block}\n")
    assert policy.check(CARD, IN).action == "flag"
    assert policy.check(CARD + " a@b.co", IN).action == "block"
    assert policy.check("nothing", IN).action == "allow"


def test_a_rule_below_its_threshold_leaves_a_finding_to_the_next() -> None:
    policy = guard(
        PII + "- {find: [pii.*], at_least: 0.99, do: block}\n- {find: [pii.*], at_least: 0.9, do: redact}\n"
    )
    result = policy.check(CARD, IN)
    assert (result.action, result.text) == ("redact", "card [pii.card]")
    assert result.score == pytest.approx(0.95)


def test_rules_may_be_for_surfaces_roles_and_apps() -> None:
    policy = guard(
        PII
        + "- {find: [pii.*], roles: [support], apps: [desk], do: allow}\n"
        + "- {find: [pii.*], surfaces: [output], do: block}\n- {find: [pii.*], do: flag}\n"
    )
    assert policy.check(CARD, IN).action == "flag"
    assert policy.check(CARD, Where(surface="output")).action == "block"
    assert policy.check(CARD, IN, Asker(role="support", app="desk")).action == "allow"
    assert policy.check(CARD, IN, Asker(role="support")).action == "flag"


@pytest.mark.proves("E-GUARD-EXCEPTION")
def test_an_exception_holds_to_its_last_day_for_its_role_and_is_then_said_to_be_over() -> None:
    text = (
        PII
        + "- {find: [pii.*], do: block}\n"
        + "exceptions:\n- {find: [pii.card], roles: [desk], until: 2026-11-30, reason: they take orders}\n"
    )
    policy = guard(text)
    excused = policy.check(CARD, IN, Asker(role="desk"))
    assert (excused.action, excused.score) == ("allow", 0.0)
    assert excused.findings[0].by == "exceptions[0]"
    assert policy.check(CARD, IN).action == "block"
    later = parse_guard(text, "guard.yaml", today=lambda: date(2026, 12, 1))
    assert later.check(CARD, IN, Asker(role="desk")).action == "block"
    assert expired(later.policy, date(2026, 12, 1)) == ["exceptions[0] held until 2026-11-30"]


@pytest.mark.proves("E-GUARD-UNKNOWN")
@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("[]", "GAO-GUARD-001", "guard.yaml:1"),
        ("detectors: {pii: {}}\nrulse: []\n", "GAO-GUARD-002", "did you mean 'rules'?"),
        (PII + "- {find: [pii.*], doo: block}\n", "GAO-GUARD-002", "did you mean 'do'?"),
        ("rules: [{find: ['*'], do: flag}]\n", "GAO-GUARD-003", "'detectors' is missing"),
        (PII + "- {find: [pii.*], do: bloc}\n", "GAO-GUARD-004", "expected 'allow', 'flag'"),
        (PII + "- {find: [pii.*], at_least: 1.5, do: block}\n", "GAO-GUARD-004", "guard.yaml:3:"),
        ("fail: ajar\n" + PII + "- {find: [pii.*], do: block}\n", "GAO-GUARD-004", "'closed' or 'open'"),
        ("detectors: {secret: {}}\nrules: [{find: ['*'], do: flag}]", "GAO-GUARD-020", "mean 'secrets'?"),
        (
            PII + "- {find: [pii.cart], do: block}\n- {find: [pii.*], do: flag}\n",
            "GAO-GUARD-012",
            "'pii.card'",
        ),
        ("detectors: {pii: {countries: [uk]}}\nrules: [{find: ['*'], do: flag}]", "GAO-GUARD-023", "'uk'"),
        (LINKS + "['https://docs.example.com/']}}", "GAO-GUARD-027", "write 'docs.example.com'"),
        (LINKS + "['docs.example.com:443']}}", "GAO-GUARD-027", "write 'docs.example.com'"),
        (LINKS + "['*.example.com']}}", "GAO-GUARD-027", "write 'example.com'"),
        (LINKS + "['u:p@docs.example.com/a.html']}}", "GAO-GUARD-027", "write 'docs.example.com'"),
        (LINKS + "['*']}}", "GAO-GUARD-027", "remove it"),
        ("detectors: {pii: {contries: [us]}}\nrules: [{find: ['*'], do: flag}]", "GAO-GUARD-022", "contries"),
    ],
)
def test_what_a_policy_does_not_know_is_named_with_its_place(text: str, code: str, said: str) -> None:
    error = refusal(text)
    assert error.code == code
    assert said in str(error)
    assert "guard.yaml" in error.where


@pytest.mark.proves("E-GUARD-UNREACHABLE")
@pytest.mark.parametrize(
    ("rules", "code"),
    [
        # an earlier rule decides all of it
        ("- {find: ['*'], do: flag}\n- {find: [pii.card], do: block}\n", "GAO-GUARD-011"),
        (
            "- {find: [pii.*], at_least: 0.3, do: flag}\n- {find: [pii.card], at_least: 0.9, do: block}\n",
            "GAO-GUARD-011",
        ),
        # two earlier ones together do
        (
            "- {find: [pii.*], surfaces: [input, history, passage], do: flag}\n"
            "- {find: [pii.*], surfaces: [tool_call, tool_result, output], do: flag}\n"
            "- {find: [pii.card], do: block}\n",
            "GAO-GUARD-011",
        ),
        ("- {find: [pii.*], do: flag}\n- {find: [pii.card], roles: [a], do: block}\n", "GAO-GUARD-011"),
        (  # each for its role
            "- {find: [pii.card], roles: [a], do: redact}\n- {find: [pii.card], roles: [b], do: block}\n"
            "- {find: [pii.card], roles: [a, b], do: redact}\n- {find: [pii.*], do: flag}\n",
            "GAO-GUARD-011",
        ),
        (  # one for a role, one for all other askers' sure findings and one for the rest
            "- {find: [pii.*], apps: [x], do: flag}\n- {find: [pii.*], at_least: 0.4, do: flag}\n"
            "- {find: [pii.card], at_least: 0.4, apps: [x, y], do: block}\n",
            "GAO-GUARD-011",
        ),
        # an exception from what is not stopped
        (
            "- {find: [pii.email], do: flag}\n- {find: [pii.card], do: block}\n"
            "exceptions: [{find: [pii.email], until: 2027-01-01, reason: none}]\n",
            "GAO-GUARD-014",
        ),
        (
            "- {find: [pii.card], surfaces: [output], do: block}\n"
            "exceptions: [{find: [pii.card], surfaces: [input], until: 2027-01-01, reason: none}]\n",
            "GAO-GUARD-014",
        ),
        (
            "- {find: [pii.card], roles: [desk], do: allow}\n- {find: [pii.card], do: block}\n"
            "exceptions: [{find: [pii.*], roles: [desk], until: 2027-01-01, reason: none}]\n",
            "GAO-GUARD-014",
        ),
        # nothing finds it
        ("- {find: [pii.*], do: flag}\n- {find: [secrets.*], do: block}\n", "GAO-GUARD-012"),
        (
            "- {find: [pii.*], do: flag}\n"
            "exceptions: [{find: [secrets.aws], until: 2027-01-01, reason: none}]\n",
            "GAO-GUARD-012",
        ),
    ],
)
def test_a_rule_that_can_never_apply_is_refused(rules: str, code: str) -> None:
    assert refusal(PII + rules).code == code


@pytest.mark.proves("E-GUARD-UNREACHABLE")
def test_a_detector_that_no_rule_reads_and_a_rule_where_its_detector_does_not_look_are_refused() -> None:
    unread = refusal("detectors: {pii: {}, secrets: {}}\nrules: [{find: [pii.*], do: flag}]\n")
    assert (unread.code, unread.where) == ("GAO-GUARD-010", "guard.yaml:1:22")
    blind = refusal(
        "detectors: {leak: {}, pii: {}}\n"
        "rules: [{find: [pii.*], do: flag}, {find: [leak.*], surfaces: [input], do: block}]"
    )
    assert blind.code in ("GAO-GUARD-010", "GAO-GUARD-012")


def test_a_misspelt_category_is_what_is_wrong_not_the_detector_that_it_was_meant_for() -> None:
    misspelt = refusal(PII + "- {find: [pii.crd], do: block}\n")
    assert misspelt.code == "GAO-GUARD-012"
    assert "pii.card" in misspelt.fix


def test_a_rule_that_is_narrower_in_confidence_role_or_surface_may_stand_before_a_wider_one() -> None:
    guard(
        PII
        + "- {find: [pii.card], at_least: 0.9, do: block}\n- {find: [pii.card], roles: [a], do: allow}\n"
        + "- {find: [pii.card], surfaces: [output], do: redact}\n- {find: [pii.*], do: flag}\n"
    )
    guard(
        PII
        + "- {find: [pii.card], roles: [a], do: redact}\n- {find: [pii.card], roles: [b], do: block}\n"
        + "- {find: [pii.card], roles: [a, b, c], do: redact}\n"
        + "exceptions: [{find: [pii.card], roles: [c], until: 2027-01-01, reason: tests}]\n"
    )


def test_patterns_cover_what_is_below_them() -> None:
    assert covers("*", "pii.*")
    assert covers("pii.*", "pii.card")
    assert not covers("pii.card", "pii.*")
    assert not covers("pii.*", "piix.card")


def test_the_default_policy_stops_no_ordinary_text_and_says_its_digest() -> None:
    policy = guard(default_policy())
    result = policy.check("How do I rotate 3 keys every 90 days in version 10.2.1?", IN)
    assert (result.action, result.findings, result.policy) == ("allow", (), policy.digest)
    other = guard(default_policy().replace("fail: closed", "fail: open"))
    assert other.digest != policy.digest


def test_the_policy_that_the_documentation_shows_holds() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "guard.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"```yaml\n(fail:.*?)```", page, re.DOTALL)
    assert guard(shown).check("Acme is better", Where(surface="output")).action == "ask"
