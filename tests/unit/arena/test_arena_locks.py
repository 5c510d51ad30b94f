"""What a lock fixes, what it says of a suite that changed since, and which state a run has."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support import plain_project
from tests.support.apps import services_of
from tests.support.small_project import commit

from genaiops.app import load_project
from genaiops.arena.candidates import export, project_of
from genaiops.arena.git import find_repository
from genaiops.arena.lock_commands import check_locks, lock_suites
from genaiops.arena.locks import LOCK_FILE, changes_since, lock_suite, read_locks, state_of
from genaiops.arena.model import Suite
from genaiops.arena.pairing import Pair, RunOptions, load_suite, pair_up
from genaiops.arena.schedule import basis_of, seed_of
from genaiops.core import UserError


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return plain_project.make(tmp_path / "p")


def first(project: Path) -> Suite:
    return load_suite(load_project(project, (), {}), "first")


def lock(project: Path) -> None:
    lock_suites(load_project(project, (), {}), None)


def paired(project: Path, **options: object) -> Pair:
    async def go() -> Pair:
        async with services_of(project, {}) as services:
            return await pair_up(find_repository(project), RunOptions(**options), services)  # type: ignore[arg-type]

    return asyncio.run(go())


def rewrite(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def relabel(project: Path) -> None:
    """Expect something else of one row, drop one, and add one."""
    row = {"id": "new", "inputs": {"question": "nu"}, "expected": {"answers": ["NU"]}}

    def other(text: str) -> str:
        lines = text.replace('["BETA"]', '["Beta"]').splitlines()
        return "\n".join([*lines[:-1], json.dumps(row)]) + "\n"

    rewrite(project / "data" / "suite.jsonl", other)


@pytest.mark.proves("B-LOCK-FILE")
def test_a_lock_fixes_suite_and_dataset_with_a_moment_and_a_nonce(project: Path) -> None:
    lock(project)
    fixed = read_locks(project).suites["first"].fixed
    suite = first(project)
    assert (fixed.suite, fixed.dataset) == (suite.digest, suite.ruler.dataset_digest)
    assert len(fixed.nonce) == 32
    assert fixed.locked_at.endswith("Z")


@pytest.mark.proves("B-LOCK-FILE")
def test_locking_what_is_locked_changes_nothing_so_that_nobody_draws_the_order_again(project: Path) -> None:
    lock(project)
    before = (project / LOCK_FILE).read_bytes()
    lock(project)
    assert (project / LOCK_FILE).read_bytes() == before


@pytest.mark.proves("B-BAD-LOCK-CHANGED")
def test_rows_added_removed_and_changed_since_the_lock_are_named(project: Path) -> None:
    entry = lock_suite(first(project), nonce="0" * 32, locked_at="2026-01-01T00:00:00Z")
    relabel(project)
    assert changes_since(entry, first(project)) == (
        "added 1 row (new)",
        "removed 1 row (kappa)",
        "changed 1 row (beta)",
    )


@pytest.mark.proves("B-BAD-LOCK-CHANGED")
def test_a_gate_that_changed_since_the_lock_is_named(project: Path) -> None:
    entry = lock_suite(first(project), nonce="0" * 32, locked_at="2026-01-01T00:00:00Z")
    rewrite(project / "genaiops.yaml", lambda text: text.replace("margin: 0.05", "margin: 0.2"))
    assert changes_since(entry, first(project)) == ("gate changed",)


@pytest.mark.proves("B-LOCK-STATE")
def test_a_suite_has_the_state_of_where_its_lock_lies(project: Path) -> None:
    suite = first(project)
    entry = lock_suite(suite, nonce="0" * 32, locked_at="2026-01-01T00:00:00Z")
    assert state_of(None, suite, committed=True)[0].state == "base"
    assert state_of(None, suite, committed=False)[0].state == "none"
    assert state_of(entry, suite, committed=True)[0].state == "base"
    assert state_of(entry, suite, committed=False)[0].state == "self"


@pytest.mark.proves("B-BAD-LOCK-CHANGED")
@pytest.mark.parametrize("committed", [True, False])
def test_a_lock_that_its_suite_left_behind_gives_no_state_and_says_why(
    project: Path, committed: bool
) -> None:
    entry = lock_suite(first(project), nonce="0" * 32, locked_at="2026-01-01T00:00:00Z")
    relabel(project)
    state, said = state_of(entry, first(project), committed=committed)
    assert (state.state, state.fixed) == ("none", None)
    assert "changed 1 row (beta)" in said[0]
    assert "genaiops arena lock" in said[0]


@pytest.mark.proves("B-LOCK-STATE")
def test_the_baselines_lock_counts_for_its_suite_and_the_candidates_does_not(project: Path) -> None:
    lock(project)
    pair = paired(project)
    assert pair.lock.state == "base"
    assert pair.lock.fixed is None, "the candidate locked it: it must not choose the order"
    commit(project, "Lock")
    assert paired(project).lock.fixed == read_locks(project).suites["first"].fixed


@pytest.mark.proves("B-LOCK-STATE")
def test_a_suite_that_only_the_candidate_has_is_locked_by_itself(project: Path) -> None:
    rewrite(project / "genaiops.yaml", lambda text: text.replace("  first:", "  second:"))
    assert (paired(project, suite="second")).lock.state == "none"
    lock(project)
    pair = paired(project, suite="second")
    assert pair.lock.state == "self"
    assert pair.gate_from == "candidate"


@pytest.mark.proves("B-LOCK-SEED")
def test_the_order_derives_from_the_lock_and_the_candidate(project: Path) -> None:
    lock(project)
    commit(project, "Lock")
    pair = paired(project)
    candidate = pair.arms["candidate"].digest
    assert pair.seed == seed_of(basis_of(pair.suite.digest, pair.lock), candidate)
    assert pair.seed != seed_of(pair.suite.digest, candidate)
    fixed = pair.lock.fixed
    assert fixed is not None
    other = replace(pair.lock, fixed=replace(fixed, nonce="1" * 32))
    assert basis_of(pair.suite.digest, other) != basis_of(pair.suite.digest, pair.lock)


@pytest.mark.proves("B-LOCK-FILE")
def test_locking_makes_no_other_app(project: Path) -> None:
    before = paired(project).arms["candidate"].digest
    lock(project)
    assert paired(project).arms["candidate"].digest == before


@pytest.mark.proves("B-LOCK-FILE")
def test_a_quarantine_has_rules_of_its_own_and_breaks_no_lock(project: Path) -> None:
    suite = first(project)
    entry = lock_suite(suite, nonce="0" * 32, locked_at="2026-01-01T00:00:00Z")
    rewrite(
        project / "genaiops.yaml",
        lambda text: text.replace(
            "    scorers:", "    quarantine: data/q.jsonl\n    repeats: 2\n    scorers:"
        ),
    )
    (project / "data" / "q.jsonl").write_text("", encoding="utf-8")
    assert changes_since(entry, first(project)) == ("repeats changed",)


@pytest.mark.proves("B-LOCK-CHECK")
def test_checking_says_which_suites_are_not_what_was_locked(project: Path) -> None:
    loaded = load_project(project, (), {})
    assert [one.status for one in check_locks(loaded, None).suites] == ["not locked"]
    lock_suites(loaded, None)
    assert check_locks(loaded, None).holds
    relabel(project)
    report = check_locks(loaded, None)
    assert not report.holds
    assert report.suites[0].status == "changed"
    assert "added 1 row (new)" in report.suites[0].changes
    relocked = lock_suites(loaded, "first")
    assert relocked.suites[0].status == "locked anew"


@pytest.mark.proves("B-LOCK-CHECK")
def test_a_locked_suite_that_is_gone_is_said_and_locking_forgets_it(project: Path) -> None:
    lock(project)
    rewrite(project / "genaiops.yaml", lambda text: text.replace("  first:", "  second:"))
    loaded = load_project(project, (), {})
    assert [one.status for one in check_locks(loaded, None).suites] == ["not locked", "gone"]
    lock_suites(loaded, None)
    assert list(read_locks(project).suites) == ["second"]


@pytest.mark.proves("B-BAD-LOCK-FILE")
@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "genaiops.lock/2", "suites": {}}', '{"x": 1}'])
def test_a_lock_file_that_does_not_fit_is_one_error_that_names_it(project: Path, text: str) -> None:
    (project / LOCK_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_locks(project)
    assert LOCK_FILE in str(caught.value)


@pytest.mark.proves("B-BAD-LOCK-FILE")
def test_an_unknown_suite_cannot_be_checked_or_locked(project: Path) -> None:
    loaded = load_project(project, (), {})
    with pytest.raises(UserError, match="no suite 'frist'"):
        check_locks(loaded, "frist")
    with pytest.raises(UserError, match="no suite 'frist'"):
        lock_suites(loaded, "frist")
    assert not (project / LOCK_FILE).exists()


def test_the_project_that_is_exported_holds_its_lock(project: Path, tmp_path: Path) -> None:
    lock(project)
    exported = export(find_repository(project), tmp_path / "trees", None)
    assert "first" in read_locks(project_of(exported, None, {}).root).suites
