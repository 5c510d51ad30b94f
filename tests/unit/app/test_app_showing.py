"""Facts for people: plain lines, short digests, nothing that reads like a program's own value."""

from genaiops.app import fact_lines
from genaiops.app.showing import answer_lines
from genaiops.core import Json, Output


def test_facts_within_facts_stand_below_and_plain_ones_behind_their_name() -> None:
    facts: dict[str, Json] = {
        "reference": "index/docs:v1",
        "live": {"recipe": "sha256:" + "a" * 64, "chunk": {"tokens": 170, "overlap": 0}},
        "trust": {"": 0.91, "LATIN": 0.9},
        "withdrawn": [],
        "built": True,
        "bytes": 1066177,
        "drift": None,
    }
    assert list(fact_lines(facts)) == [
        "  reference: index/docs:v1",
        "  live",
        "    recipe: sha256:aaaaaaaaaaaa…",
        "    chunk: tokens 170 · overlap 0",
        "  trust: all 0.91 · LATIN 0.9",
        "  withdrawn: none",
        "  built: yes",
        "  bytes: 1,066,177",
        "  drift: –",
    ]


def test_a_long_list_is_named_in_part_and_control_characters_are_gone() -> None:
    names: list[Json] = [f"d{at}.md\x1b[31m" for at in range(10)]
    (line,) = fact_lines({"orphans": names})
    assert line.endswith("and 2 more")
    assert "\x1b" not in line


def test_an_answer_that_the_guard_stopped_is_shown_as_that() -> None:
    output = Output(text="Not here.", abstained=True, stopped="block on input: topic.rivals")
    assert answer_lines(output)[0] == "(stopped by the guard: block on input: topic.rivals) Not here."
