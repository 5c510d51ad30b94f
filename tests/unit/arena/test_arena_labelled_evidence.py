"""Evidence with people's labels: kept, signed, recomputed, and held against the recorded answers."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.arena.arena_labelled_sample import FAILED, judged_with_labels, labelled_run
from tests.unit.arena.arena_sample import judged, sample_run

from genaiops.access import signing_key
from genaiops.arena.bundle import open_bundle
from genaiops.arena.evidence import bundle_files, write_bundle
from genaiops.arena.labelled import wrong_label
from genaiops.arena.model import Label, Run
from genaiops.arena.verify import VerifyResult, verify_bundle
from genaiops.core import Settings, SigningKey, Verdict

COUNT = 60


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(config_dir=tmp_path / "config", cache_dir=tmp_path / "cache", env={})


@pytest.fixture
def key(settings: Settings) -> SigningKey:
    return signing_key(settings, announce=lambda text: None)


def verified(
    run: Run, settings: Settings, key: SigningKey, told: tuple[Verdict, dict[str, float | None]] | None = None
) -> VerifyResult:
    """Write the evidence of a run beside the configuration, and check it."""
    folder = settings.config_dir.parent / "evidence"
    write_bundle(run, *(told or judged_with_labels(run)), folder=folder, signer=key)
    return verify_bundle(folder, settings=settings)


def statuses(result: VerifyResult) -> list[str]:
    return [level.status for level in result.levels]


@pytest.mark.proves("B-CLAIM-EVIDENCE")
def test_labels_come_back_from_signed_evidence_that_holds_at_every_level(
    settings: Settings, key: SigningKey
) -> None:
    run = labelled_run(COUNT)
    result = verified(run, settings, key)
    assert (statuses(result), result.accepted) == (["passed"] * 3, True)
    again = open_bundle(settings.config_dir.parent / "evidence")
    assert set(again.run().labels) == set(run.labels)
    assert again.verdict().judges[0].authors == 2
    assert (again.folder / "labels.jsonl").read_bytes().count(b"\n") == len(run.labels)


@pytest.mark.proves("B-CLAIM-EVIDENCE")
def test_evidence_without_a_label_has_no_file_of_labels(settings: Settings, key: SigningKey) -> None:
    assert "labels.jsonl" not in bundle_files(sample_run(), *judged(sample_run()), key_id="")
    run = labelled_run(0)
    assert verified(run, settings, key).accepted
    assert not (settings.config_dir.parent / "evidence" / "labels.jsonl").exists()


@pytest.mark.proves("B-CLAIM-EVIDENCE")
def test_a_verdict_that_leaves_labels_out_of_account_does_not_follow(
    settings: Settings, key: SigningKey
) -> None:
    raw = judged_with_labels(labelled_run(0))
    result = verified(labelled_run(COUNT), settings, key, raw)
    assert statuses(result) == ["passed", "failed", "passed"]
    assert "verdict.json: claims.0.decided_on" in result.levels[1].reason


@pytest.mark.proves("B-CLAIM-EVIDENCE", "B-BAD-LABELS-PICKED")
def test_labels_picked_by_hand_fail_the_second_level(settings: Settings, key: SigningKey) -> None:
    run = labelled_run(COUNT)
    picked = replace(run, labels=tuple(one for one in run.labels if one.case != run.labels[0].case))
    result = verified(picked, settings, key, judged_with_labels(run))
    assert statuses(result)[1] == "failed"
    assert f"picked by hand: case {run.labels[0].case!r}" in result.levels[1].reason


@pytest.mark.proves("B-CLAIM-EVIDENCE", "B-BAD-LABELS-PICKED")
def test_a_seed_that_was_chosen_until_the_wanted_cases_came_first_is_found(
    settings: Settings, key: SigningKey
) -> None:
    run = labelled_run(0)
    other = replace(labelled_run(160), seed="0" * 32)
    result = verified(other, settings, key)
    assert statuses(result)[1] == "failed"
    assert "the order is not the one that its suite or lock" in result.levels[1].reason
    assert run.seed != other.seed


def changed(run: Run, at: int, **annotation: object) -> Run:
    labels = list(run.labels)
    labels[at] = replace(labels[at], annotation=replace(labels[at].annotation, **annotation))  # type: ignore[arg-type]
    return replace(run, labels=tuple(labels))


@pytest.mark.proves("B-CLAIM-EVIDENCE")
def test_a_label_about_another_answer_than_the_recorded_one_fails_the_third_level(
    settings: Settings, key: SigningKey
) -> None:
    run = labelled_run(COUNT)
    result = verified(changed(run, 0, subject=run.labels[-1].annotation.subject), settings, key)
    assert statuses(result) == ["passed", "passed", "failed"]
    assert result.levels[2].reason.startswith("labels.jsonl: the label helpful of the baseline of case")
    assert "is about another answer than the recorded one" in result.levels[2].reason


def failed(run: Run) -> int:
    """Return the place of the label of the answer that timed out."""
    return next(at for at, one in enumerate(run.labels) if one.annotation.by == "code")


def test_code_labels_failed_answers_only_and_people_all_others() -> None:
    run = labelled_run(160)
    at = failed(run)
    assert (run.labels[at].role, run.labels[at].case) == ("candidate", f"h{FAILED:03}")
    spoilt = (changed(run, 0, by="code"), changed(run, at, by="human"), changed(run, at, value=1.0))
    told = [wrong_label(one.suite.ruler, one.rows, one.labels) or "" for one in (run, *spoilt)]
    assert told[0] == ""
    assert told[1].endswith("was given by code, and a person is asked about that answer")
    assert told[2].endswith("was given by human, and nobody is asked about that answer")
    assert told[3].endswith("says 1.0, and of itself it is 0.0")


def test_of_a_pair_code_labels_failures_and_equal_answers() -> None:
    run = labelled_run(160)
    pair = replace(run.suite.ruler, judges=(replace(run.suite.ruler.judges[0], form="pair"),))
    case = f"h{FAILED:03}"
    (ours,) = [at for at, one in enumerate(run.labels) if (one.role, one.case) == ("candidate", case)]
    theirs = [one for one in run.labels if (one.role, one.case) == ("baseline", case)]
    won = replace(theirs[0], annotation=replace(theirs[0].annotation, by="code", value=1.0))
    assert wrong_label(pair, run.rows, [run.labels[ours], won]) is None
    assert wrong_label(pair, run.rows, theirs) is not None, "nobody is asked who beats a failure"
    same = next(row for row in run.rows if row.case == "h000")
    rows = [replace(row, output=same.output) if row.case == "h000" else row for row in run.rows]
    about = next(one for one in run.labels if (one.role, one.case) == (same.role, "h000"))
    tie = replace(about, annotation=replace(about.annotation, by="code", value=0.5))
    assert wrong_label(pair, rows, [tie]) is None
    assert wrong_label(pair, run.rows, [tie]) is not None


def test_a_label_of_an_unknown_arm_or_of_a_scorer_that_is_no_judge_is_refused(
    settings: Settings, key: SigningKey
) -> None:
    run = labelled_run(COUNT)
    result = verified(changed(run, 0, name="polite"), settings, key, judged_with_labels(run))
    assert "no judge of that name" in result.levels[1].reason
    strange = Label(role="judge", case="h000", annotation=run.labels[0].annotation)  # type: ignore[arg-type]
    folder = settings.config_dir.parent / "strange"
    told = judged_with_labels(run)
    write_bundle(replace(run, labels=(*run.labels, strange)), *told, folder=folder, signer=key)
    result = verify_bundle(folder, settings=settings)
    assert "labels.jsonl" in result.levels[1].reason
    assert not result.accepted
