"""A JSON value under the guard: what is found over its parts, and the value with it taken out."""

import pytest

from genaiops.core import Json, Where
from genaiops.guard import check_value, parse_guard

GUARD = parse_guard(
    """\
detectors: {pii: {countries: [us]}, topics: {words: {rivals: [Acme]}}}
rules:
  - {find: [topic.rivals], do: block}
  - {find: [pii.*], do: redact}
""",
    "guard.yaml",
)
RESULT = Where(surface="tool_result")
CARD = "4111 1111 1111 1111"


@pytest.mark.parametrize(
    ("value", "passed"),
    [
        (f"card {CARD}", "card [pii.card]"),
        ({"note": f"card {CARD}", "n": [1, True, None]}, {"note": "card [pii.card]", "n": [1, True, None]}),
        ([f"{CARD} and", f"then {CARD}"], ["[pii.card] and", "then [pii.card]"]),
        ({"card": 4111111111111111}, {"card": "[pii.card]"}),
        ({"card": 4111111111111111.0}, {"card": "[pii.card]"}),
        ({"4111111111111111": 1}, {"[pii.card]": 1}),
        ({"n": float("inf"), "at": 1e9}, {"n": float("inf"), "at": 1e9}),
        ({"n": 10**400}, {"n": 10**400}),
        ({f"the card {CARD}": 12345678}, {"the card [pii.card]": 12345678}),
        ({}, {}),
        (None, None),
        ({"plain": ["as it came", 2.5]}, {"plain": ["as it came", 2.5]}),
    ],
)
@pytest.mark.proves("E-GUARD-APP")
def test_what_is_found_in_a_value_is_taken_out_where_it_stands(value: Json, passed: Json) -> None:
    assert check_value(GUARD, value, RESULT)[1] == passed


NAMED = parse_guard(
    """\
detectors: {pii: {countries: [us, nl]}, secrets: , limits: {}, topics: {words: {rivals: [Acme]}}}
rules:
  - {find: [limits.repetition, topic.rivals], do: block}
  - {find: [pii.*, secrets.*], do: redact}
""",
    "guard.yaml",
)


@pytest.mark.proves("E-GUARD-VALUES-NAMED")
@pytest.mark.parametrize(
    ("value", "passed"),
    [
        (
            {"password": "Sommer2026!x", "ssn": "123456789"},
            {"password": "[secrets.assigned]", "ssn": "[pii.us_ssn]"},
        ),
        (
            {"n": 1, "bsn": [111222333, "111222333"], "a": {"dateOfBirth": "1980-02-03"}},
            {"n": 1, "bsn": ["[pii.nl_bsn]"] * 2, "a": {"dateOfBirth": "[pii.birth_date]"}},
        ),
        ([{"password": ""}, {"api_key": f"{CARD} x"}], [{"password": ""}, {"api_key": "[pii.card] x"}]),
        ({"Acme": "a", "note": "b"}, {"Acme": "a", "note": "b"}),
        ({"4111111111111111": 1, "5500005555555559": 2}, {"[pii.card]": 1, "[pii.card] 2": 2}),
        ({"4111111111111111": 1, "[pii.card]": 2}, {"[pii.card]": 1, "[pii.card] 2": 2}),
        ([{"name": str(at)} for at in range(99)], [{"name": str(at)} for at in range(99)]),
    ],
)
def test_a_text_is_read_with_the_name_of_its_key_and_no_key_is_lost(value: Json, passed: Json) -> None:
    assert check_value(NAMED, value, Where(surface="output"))[1] == passed


def test_a_value_that_is_too_long_with_its_names_or_no_text_is_refused() -> None:
    assert check_value(NAMED, {"name of it": "x" * 262_140}, RESULT)[0].refused == "too_long"
    assert check_value(NAMED, {"a": "\ud800 x"}, RESULT)[0].refused == "not_text"
    assert check_value(FORMED, {"a": "\ud800 x"}, RESULT)[0].refused == "not_text"


@pytest.mark.parametrize("value", ["Acme", ["a", {"b": "Acme"}], {"said by Acme, today": 1}, {"Acme-2": 1}])
def test_a_value_is_stopped_as_a_whole(value: Json) -> None:
    result, passed = check_value(GUARD, value, RESULT)
    assert (result.action, passed) == ("block", None)


@pytest.mark.parametrize(
    "key", ["AKIAIOSFODNN7EXAMPL2", "ghp_" + "a1B2" * 9, "canary-0123456789abcdef01", "x" * 21]
)
@pytest.mark.proves("E-GUARD-APP")
def test_a_key_that_may_be_more_than_a_name_is_read(key: str) -> None:
    policy = f"""\
detectors: {{topics: {{words: {{found: ["{key}"]}}}}}}
rules: [{{find: [topic.found], do: block}}]
"""
    assert not check_value(parse_guard(policy, "guard.yaml"), {key: 1}, RESULT)[0].passes


FORMED = parse_guard(
    """\
detectors: {json: , pii: {countries: [us]}}
rules:
  - {find: [json.*], do: block}
  - {find: [pii.*], do: redact}
""",
    "guard.yaml",
)


@pytest.mark.parametrize(
    ("value", "passes"),
    [
        ({"a": ["b", 1]}, True),
        ([], True),
        (7, True),
        ("", True),
        (None, True),
        ('{"a": 1}', True),
        ("no JSON", False),
        ({"deep": "x" * 300_000}, False),
    ],
)
def test_the_form_of_a_value_is_what_it_is_in_json(value: Json, passes: bool) -> None:
    assert check_value(FORMED, value, RESULT)[0].passes == passes


def test_beside_its_form_the_texts_of_a_value_are_read_and_a_part_has_no_form() -> None:
    assert check_value(FORMED, {"a": f"card {CARD}"}, RESULT)[1] == {"a": "card [pii.card]"}
    assert check_value(FORMED, f"says {CARD}", RESULT, whole=False)[1] == "says [pii.card]"
