"""Quarantine: what its file may say, which entries count, and what becomes of the verdict."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.arena_scores import QUALITY, claim, make_cases, make_ruler
from tests.unit.arena.test_arena_flaky import rows

from genaiops.arena.judge import judge
from genaiops.arena.model import Correct, Lock, Role, Ruler, Suite
from genaiops.arena.quarantine import read_quarantine, without_quarantine
from genaiops.arena.suites import suite_digest
from genaiops.core import Quarantined, Score, UserError, Verdict

NOW = "2026-11-25T10:00:00Z"
AT_LEAST = claim("quality", "at_least", 0.95)


def entry(case: str = "c00000", **changes: str) -> dict[str, str]:
    return {"case": case, "owner": "ana", "reason": "depends on the day", "expires": "2026-12-31", **changes}


def quarantined(*cases: str, expires: str = "2026-12-31") -> tuple[Quarantined, ...]:
    return tuple(Quarantined(case=case, owner="ana", reason="noise", expires=expires) for case in cases)


def suite(count: int = 100, **changes: object) -> Suite:
    ruler = replace(make_ruler(AT_LEAST, specs=[QUALITY], repeats=3), **changes)  # type: ignore[arg-type]
    return Suite(ruler=ruler, cases=make_cases(count), digest=suite_digest(ruler))


def read(folder: Path, text: str, name: str = "q.jsonl", of: Suite | None = None) -> Suite:
    (folder / name).write_text(text, encoding="utf-8")
    return read_quarantine(folder / name, of or suite(), where=name)


def lines(*entries: dict[str, str]) -> str:
    return "".join(json.dumps(one) + "\n" for one in entries)


@pytest.mark.proves("B-QUARANTINE")
def test_json_lines_and_yaml_say_the_same(tmp_path: Path) -> None:
    first = read(tmp_path, lines(entry("c00002"), entry("c00001")))
    yaml = "".join(f"- {{case: {case}, owner: ana, reason: depends on the day, expires: 2026-12-31}}\n"
                   for case in ("c00001", "c00002"))  # fmt: skip
    second = read(tmp_path, yaml, "q.yaml")
    assert first == second
    assert [one.case for one in first.ruler.quarantine] == ["c00001", "c00002"]
    assert first.digest == suite_digest(first.ruler) != suite().digest
    assert without_quarantine(first) == suite()


def test_an_empty_file_is_an_empty_quarantine(tmp_path: Path) -> None:
    assert read(tmp_path, "\n") == read(tmp_path, "# none\n", "q.yml") == suite()


@pytest.mark.proves("B-BAD-QUARANTINE")
@pytest.mark.parametrize(
    ("text", "name", "code", "said"),
    [
        (lines(entry("c00001"), entry("nobody")), "q.jsonl", "244", "q.jsonl:2"),
        (lines(entry("c00001"), entry("c00001")), "q.jsonl", "244", "twice"),
        (lines({k: v for k, v in entry().items() if k != "owner"}), "q.jsonl", "243", "lacks 'owner'"),
        (lines(entry(reason=" ")), "q.jsonl", "243", "lacks 'reason'"),
        (lines({k: v for k, v in entry().items() if k != "expires"}), "q.jsonl", "243", "lacks 'expires'"),
        (lines(entry(until="x")), "q.jsonl", "243", "unknown key 'until'"),
        (lines(entry(expires="soon")), "q.jsonl", "245", "'soon' is not a date"),
        (lines(entry(expires="2026-02-30")), "q.jsonl", "245", "is not a date"),
        (lines(entry(expires="20261231")), "q.jsonl", "245", "is not a date"),
        ("{not json\n", "q.jsonl", "243", "q.jsonl:1"),
        ("[1]\n", "q.jsonl", "243", "not a mapping"),
        ("case: c00001\n", "q.yaml", "243", "not a list"),
        ("- {case: c00001, owner: ana, expires: 2026-12-31}\n", "q.yaml", "243", "q.yaml:1"),
        ("", "q.txt", "242", "neither"),
    ],
)
def test_a_file_that_is_wrong_is_one_message_with_its_place(
    tmp_path: Path, text: str, name: str, code: str, said: str
) -> None:
    with pytest.raises(UserError) as caught:
        read(tmp_path, text, name)
    error = caught.value
    assert error.code == f"GAO-ARENA-{code}"
    assert said in f"{error.what} {error.where}"
    assert error.why
    assert error.fix


@pytest.mark.proves("B-BAD-QUARANTINE")
def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no quarantine file 'gone\.jsonl'"):
        read_quarantine(tmp_path / "gone.jsonl", suite(), where="gone.jsonl")


@pytest.mark.proves("B-BAD-QUARANTINE")
@pytest.mark.parametrize(
    ("changes", "said"), [({"repeats": 1}, "repeats of at least 2"), ({"correct": None}, "what is correct")]
)
def test_a_suite_that_cannot_show_a_case_to_be_flaky_has_no_quarantine(
    tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        read(tmp_path, lines(entry()), of=suite(**changes))


def judged(
    entries: Sequence[Quarantined], baseline: Sequence[str], candidate: Sequence[str], **more: object
) -> Verdict:
    given = suite(len(baseline), quarantine=tuple(entries))
    scores: dict[Role, Sequence[Score]] = {"baseline": rows(baseline), "candidate": rows(candidate)}
    told = {"started_at": NOW, **more}
    return judge(given.ruler, given.cases, scores, lock=Lock(), **told)[0]  # type: ignore[arg-type]


FLAKY_BEFORE = ["101", "010", *["111"] * 98]
ALL_RIGHT = ["111"] * 100


@pytest.mark.proves("B-QUARANTINE")
def test_a_case_that_is_flaky_on_the_baseline_is_left_out_on_both_arms() -> None:
    found = judged(quarantined("c00000", "c00001"), FLAKY_BEFORE, ["000", *ALL_RIGHT[1:]])
    assert found.quarantine is not None
    assert [one.case for one in found.quarantine.left_out] == ["c00000", "c00001"]
    (one,) = found.comparisons
    assert (one.baseline.n, one.candidate.n, one.candidate.mean) == (98, 98, 1.0)
    assert found.changes is not None
    assert found.changes.cases == 98
    assert found.flakiness is not None
    assert found.flakiness.baseline.flaky == 2  # they are counted, and named, all the same


@pytest.mark.proves("B-QUARANTINE")
def test_a_case_that_is_steady_on_the_baseline_or_flaky_on_the_candidate_alone_counts() -> None:
    found = judged(quarantined("c00000", "c00001"), ["101", *ALL_RIGHT[1:]], ["111", "101", *ALL_RIGHT[2:]])
    assert found.quarantine is not None
    assert [one.case for one in found.quarantine.left_out] == ["c00000"]
    assert [one.case for one in found.quarantine.not_flaky] == ["c00001"]
    assert found.comparisons[0].candidate.n == 99


@pytest.mark.proves("B-QUARANTINE")
@pytest.mark.parametrize(
    ("day", "counts"), [("2026-11-24", False), ("2026-11-25", True), ("2026-11-26", True)]
)
def test_an_entry_counts_until_its_last_day_and_is_named_when_it_has_run_out(day: str, counts: bool) -> None:
    found = judged(quarantined("c00000", expires=day), FLAKY_BEFORE, ALL_RIGHT).quarantine
    assert found is not None
    assert found.on == "2026-11-25"
    assert [one.case for one in found.left_out] == (["c00000"] if counts else [])
    assert [one.case for one in found.expired] == ([] if counts else ["c00000"])


@pytest.mark.proves("B-QUARANTINE")
def test_a_verdict_that_rests_on_quarantine_is_inconclusive_and_says_so() -> None:
    baseline = ["110", "110", *["111"] * 98]
    candidate = ["000", "000", *["111"] * 98]
    steady = judged((), baseline, candidate)
    assert steady.outcome == "inconclusive"
    found = judged(quarantined("c00000", "c00001"), baseline, candidate)
    assert found.quarantine is not None
    assert (found.quarantine.outcome_left_out, found.quarantine.outcome_with_all) == ("pass", "inconclusive")
    assert found.outcome == "inconclusive"
    assert found.headline == (
        "Not decided: it rests on 2 flaky cases in quarantine. Without them: pass; "
        "with all cases: inconclusive."
    )


@pytest.mark.proves("B-QUARANTINE")
def test_a_verdict_that_is_the_same_either_way_stands() -> None:
    found = judged(quarantined("c00000"), FLAKY_BEFORE, ALL_RIGHT)
    assert found.quarantine is not None
    assert found.quarantine.outcome_left_out == found.quarantine.outcome_with_all == found.outcome == "pass"


def test_a_gate_that_refuses_to_be_changed_fails_whatever_is_in_quarantine() -> None:
    ruler = suite().ruler
    strict = replace(ruler, gate=replace(ruler.gate, on_change="fail"), quarantine=quarantined("c00000"))
    scores: dict[Role, Sequence[Score]] = {"baseline": rows(FLAKY_BEFORE), "candidate": rows(ALL_RIGHT)}
    found, _ = judge(strict, make_cases(100), scores, lock=Lock(), gate_changed=True, started_at=NOW)
    assert found.outcome == "fail"


@pytest.mark.proves("B-BAD-QUARANTINE")
@pytest.mark.parametrize(("count", "entries", "refused"), [(100, 2, False), (100, 3, True), (49, 1, True)])
def test_more_than_two_percent_of_the_cases_cannot_be_set_aside(
    count: int, entries: int, refused: bool
) -> None:
    flaky = ["101"] * count
    named = quarantined(*[f"c{at:05}" for at in range(entries)])
    if not refused:
        assert judged(named, flaky, flaky).quarantine is not None
        return
    with pytest.raises(UserError, match=f"{entries} cases are in quarantine, and") as caught:
        judged(named, flaky, flaky)
    assert caught.value.code == "GAO-ARENA-246"


def test_entries_that_ran_out_do_not_count_towards_the_two_percent() -> None:
    old = quarantined(*[f"c{at:05}" for at in range(2, 50)], expires="2026-01-01")
    found = judged((*quarantined("c00000"), *old), FLAKY_BEFORE, ALL_RIGHT).quarantine
    assert found is not None
    assert (len(found.left_out), len(found.expired)) == (1, 48)


def test_a_run_that_does_not_say_when_it_began_cannot_be_judged_with_a_quarantine() -> None:
    with pytest.raises(UserError, match="is not a date"):
        judged(quarantined("c00000"), FLAKY_BEFORE, ALL_RIGHT, started_at="")


def test_a_ruler_keeps_its_quarantine_in_its_digest() -> None:
    one: Ruler = suite().ruler
    assert suite_digest(one) != suite_digest(replace(one, quarantine=quarantined("c00000")))
    assert one.correct == Correct(scorer="quality", threshold=0.5)
