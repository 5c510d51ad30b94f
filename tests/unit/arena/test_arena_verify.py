import json
import shutil
from dataclasses import replace

import pytest
from tests.support.forging import resign
from tests.unit.arena.arena_sample import RULER, judged, sample_run

from genaiops.access import signing_key, trusted_folder
from genaiops.arena.evidence import bundle_files, write_bundle
from genaiops.arena.model import FixedSuite
from genaiops.arena.schedule import basis_of, seed_of
from genaiops.arena.verify import first_difference, render_result, verify_bundle
from genaiops.core import (
    Settings,
    UserError,
    new_signing_key,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One signed bundle for all: writing it is the slow part, and every test gets a copy."""
    folder = tmp_path_factory.mktemp("made")
    settings = Settings(config_dir=folder / "config", cache_dir=folder / "cache", env={})
    key = signing_key(settings, announce=lambda text: None)
    run = sample_run()
    write_bundle(run, *judged(run), folder=folder / "evidence", signer=key)
    return folder


@pytest.fixture
def settings(tmp_path, made):
    shutil.copytree(made / "config", tmp_path / "config")
    return Settings(config_dir=tmp_path / "config", cache_dir=tmp_path / "cache", env={})


@pytest.fixture
def key(settings):
    return signing_key(settings, announce=lambda text: None)


@pytest.fixture
def bundle(tmp_path, made):
    return shutil.copytree(made / "evidence", tmp_path / "evidence")


def statuses(result):
    return [level.status for level in result.levels]


def test_untouched_evidence_holds_at_all_three_levels(bundle, settings):
    result = verify_bundle(bundle, settings=settings)
    assert statuses(result) == ["passed"] * 3
    assert result.accepted
    assert result.signer == "this user"
    assert result.not_checkable == (
        "semantic_similarity: it asks a model, and may say something else each time",
    )
    assert "accepted, the verdict is" in render_result(result)
    assert "4" not in [line.split()[1] for line in render_result(result).splitlines()[:-1]]


def test_one_changed_byte_anywhere_is_rejected_and_the_file_named(bundle, settings):
    files = [path for path in bundle.rglob("*") if path.is_file()]
    assert len(files) == 9
    for path in files:
        content = path.read_bytes()
        for at in (0, len(content) // 2, len(content) - 1):
            changed = bytearray(content)
            changed[at] ^= 0x01
            path.write_bytes(bytes(changed))
            result = verify_bundle(bundle, settings=settings)
            name = str(path.relative_to(bundle))
            assert not result.accepted, f"{name}, byte {at}"
            if name != "statement.intoto.jsonl":
                assert name in result.levels[0].reason
            assert statuses(result)[0] == "failed"
        path.write_bytes(content)
    assert verify_bundle(bundle, settings=settings).accepted


@pytest.mark.parametrize("name", ["cases.jsonl", "outputs.jsonl", "scores.jsonl", "statement.intoto.jsonl"])
def test_a_last_newline_more_or_less_is_rejected(bundle, settings, name):
    content = (bundle / name).read_bytes()
    for other in (content[:-1], content + b"\n"):
        (bundle / name).write_bytes(other)
        assert not verify_bundle(bundle, settings=settings).accepted


def test_a_file_too_many_or_too_few_is_rejected_by_name(bundle, settings):
    (bundle / "notes.txt").write_text("x")
    assert "notes.txt" in verify_bundle(bundle, settings=settings).levels[0].reason
    (bundle / "notes.txt").unlink()
    extra = bundle / "blobs" / ("0" * 64)
    extra.write_text("x")
    assert extra.name in verify_bundle(bundle, settings=settings).levels[0].reason
    extra.unlink()
    next((bundle / "blobs").iterdir()).unlink()
    assert "is missing" in verify_bundle(bundle, settings=settings).levels[0].reason


def test_a_stranger_s_signature_is_not_accepted_until_their_key_is_trusted(bundle, settings):
    shutil.rmtree(settings.config_dir)
    stranger = new_signing_key()
    resign(bundle, stranger)
    result = verify_bundle(bundle, settings=settings)
    assert statuses(result) == ["failed", "passed", "passed"]
    assert not result.accepted
    assert stranger.public.id in result.levels[0].reason
    trusted_folder(settings).mkdir(parents=True)
    (trusted_folder(settings) / "ci.pub").write_bytes(stranger.public.pem())
    result = verify_bundle(bundle, settings=settings)
    assert result.accepted
    assert (result.signer, result.signer_role) == ("ci", None)


@pytest.mark.proves("C-HUB-SIGNER")
@pytest.mark.parametrize("role", ["ci", "human"])
def test_the_folder_that_a_trusted_key_lies_in_says_what_signs_with_it(bundle, settings, role):
    shutil.rmtree(settings.config_dir)
    runner = new_signing_key()
    resign(bundle, runner)
    (trusted_folder(settings) / role).mkdir(parents=True)
    (trusted_folder(settings) / role / "build.pub").write_bytes(runner.public.pem())
    result = verify_bundle(bundle, settings=settings)
    assert (result.signer, result.signer_role) == ("build", role)


def test_a_verdict_that_does_not_follow_is_found_though_it_is_signed(bundle, settings, key):
    verdict = json.loads((bundle / "verdict.json").read_bytes())
    verdict["outcome"] = "pass" if verdict["outcome"] != "pass" else "fail"
    resign(bundle, key, verdict__json=json.dumps(verdict).encode())
    result = verify_bundle(bundle, settings=settings)
    assert statuses(result) == ["passed", "failed", "passed"]
    assert "verdict.json: outcome says" in result.levels[1].reason


def locked(run):
    """Return the run under a lock of its suite, in the order that the lock gives."""
    fixed = FixedSuite(
        suite=run.suite.digest,
        dataset=run.suite.ruler.dataset_digest,
        nonce="0f" * 16,
        locked_at="2026-01-01T00:00:00Z",
    )
    lock = replace(run.lock, state="self", fixed=fixed)
    return replace(
        run, lock=lock, seed=seed_of(basis_of(run.suite.digest, lock), run.arms["candidate"].digest)
    )


@pytest.mark.proves("B-LOCK-SEED")
def test_the_order_that_a_lock_gives_is_recomputed_from_the_bundle(tmp_path, settings, key):
    run = locked(sample_run())
    folder = write_bundle(run, *judged(run), folder=tmp_path / "locked", signer=key)
    assert verify_bundle(folder, settings=settings).accepted
    drawn = replace(run, seed="0" * 32)
    folder = write_bundle(drawn, *judged(drawn), folder=tmp_path / "drawn", signer=key)
    assert "the order is not the one" in verify_bundle(folder, settings=settings).levels[1].reason


@pytest.mark.proves("B-BAD-LOCK-FILE")
def test_a_lock_of_another_suite_and_one_that_is_only_stated_are_found(tmp_path, settings, key):
    run = locked(sample_run())
    other = replace(run.lock, fixed=replace(run.lock.fixed, suite="sha256:" + "0" * 64))
    for name, lock, reason in (
        ("other", other, "another suite's"),
        ("stated", replace(run.lock, fixed=None), "holds none"),
    ):
        forged = replace(run, lock=lock)
        folder = write_bundle(forged, *judged(forged), folder=tmp_path / name, signer=key)
        assert reason in verify_bundle(folder, settings=settings).levels[1].reason


def test_facts_that_do_not_follow_are_found(bundle, settings, key):
    facts = json.loads((bundle / "facts.json").read_bytes())
    facts["candidate.answer_f1.mean"] = 0.99
    resign(bundle, key, facts__json=json.dumps(facts).encode())
    assert "candidate.answer_f1.mean" in verify_bundle(bundle, settings=settings).levels[1].reason


def test_scores_that_the_outputs_do_not_give_are_found(tmp_path, settings, key):
    run = sample_run()
    better = tuple(
        replace(score, value=1.0) if score.scorer == "answer_f1" and score.value == 0.0 else score
        for score in run.scores["candidate"]
    )
    run = replace(run, scores={**run.scores, "candidate": better})
    folder = write_bundle(run, *judged(run), folder=tmp_path / "forged", signer=key)
    result = verify_bundle(folder, settings=settings)
    assert statuses(result) == ["passed", "passed", "failed"]
    assert "candidate answer_f1 of q" in result.levels[2].reason
    assert not result.accepted


def test_scores_without_an_output_are_found(tmp_path, settings, key):
    run = sample_run()
    run = replace(run, rows=run.rows[:-1])
    folder = write_bundle(run, *judged(run), folder=tmp_path / "forged", signer=key)
    assert "has no output" in verify_bundle(folder, settings=settings).levels[2].reason


def test_cases_that_are_not_the_suite_s_dataset_are_found(bundle, settings, key):
    lines = (bundle / "cases.jsonl").read_bytes().replace(b"Normandy", b"Brittany")
    resign(bundle, key, cases__jsonl=lines)
    result = verify_bundle(bundle, settings=settings)
    assert result.levels[1].reason == "cases.jsonl is not the dataset that the suite names"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("manifest__json", b"[]"),
        ("manifest__json", b"{"),
        ("scores__jsonl", b'{"role":"candidate","score":{"scorer":1}}\n'),
        ("scores__jsonl", b"[" * 100_000 + b"\n"),
        ("cases__jsonl", b"{}\n"),
        ("facts__json", b"nonsense"),
        ("verdict__json", b'"pass"'),
        ("outputs__jsonl", b'{"role":"candidate","case":"q00","repeat":"x"}\n'),
    ],
)
def test_signed_nonsense_fails_a_level_and_never_raises(bundle, settings, key, name, content):
    resign(bundle, key, **{name: content})
    result = verify_bundle(bundle, settings=settings)
    assert statuses(result)[0] == "passed"
    assert "failed" in statuses(result)[1:]


@pytest.mark.parametrize(
    "spoil",
    [
        {"gate": {"alpha": -3.0}},
        {"gate": {"alpha": 0.9}},
        {"scorers": []},
        {"repeats": -1},
        {"gate": {"claims": [{"scorer": "none", "kind": "better", "bound": 1e308}]}},
        {"gate": {"rules": ["[1].map(x, x)"]}},
        {"slices": ["\x1b[2J"]},
    ],
)
def test_a_suite_that_no_project_could_have_fails_and_never_raises(bundle, settings, key, spoil):
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    gate = {**manifest["suite"]["gate"], **spoil.pop("gate", {})}
    manifest["suite"] = {**manifest["suite"], "gate": gate, **spoil}
    resign(bundle, key, manifest__json=json.dumps(manifest).encode())
    result = verify_bundle(bundle, settings=settings)
    assert not result.accepted
    assert "\x1b" not in render_result(result)


def test_a_plug_in_that_is_not_installed_is_listed_and_the_rest_is_checked(bundle, settings, key):
    run = sample_run()
    ruler = replace(RULER, scorers=(*RULER.scorers, replace(RULER.scorers[1], name="tone_of_voice")))
    run = replace(run, suite=replace(run.suite, ruler=ruler))
    verdict, facts = judged(sample_run())
    resign(bundle, key, manifest__json=bundle_files(run, verdict, facts, key_id="")["manifest.json"])
    result = verify_bundle(bundle, settings=settings)
    assert result.levels[2].status == "passed"
    assert any("tone_of_voice" in left for left in result.not_checkable)


def test_evidence_with_a_changed_gate_states_both_verdicts(tmp_path, settings, key):
    run = sample_run()
    run = replace(run, other_suite=run.suite, other_scores=run.scores, gate_changed=True)
    verdict, facts = judged(run)
    folder = write_bundle(run, verdict, facts, folder=tmp_path / "two", signer=key, other_verdict=verdict)
    assert verify_bundle(folder, settings=settings).accepted
    (folder / "other_verdict.json").unlink()
    resign(folder, key)
    assert "other_verdict.json is missing" in verify_bundle(folder, settings=settings).levels[1].reason


def test_no_folder_is_the_user_s_mistake(tmp_path, settings):
    with pytest.raises(UserError, match="GAO-ARENA-201"):
        verify_bundle(tmp_path / "nowhere", settings=settings)


def test_a_difference_is_named_by_its_path_and_the_ninth_digit_may_differ():
    assert first_difference({"a": [1.0, {"b": 0.123456789}]}, {"a": [1, {"b": 0.1234567891}]}) is None
    assert first_difference({"a": [{"b": 1.0}]}, {"a": [{"b": 1.1}]}) == "a.0.b says 1.0, recomputed 1.1"
    assert first_difference({"a": 1}, {}) == "a is in one of the two only"
    assert first_difference({"a": True}, {"a": 1}) is not None
    assert first_difference([1], [1, 2]) is not None
    assert first_difference(None, 0.0) is not None
