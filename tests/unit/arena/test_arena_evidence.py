import json
import os
import shutil
import stat
from dataclasses import replace

import pytest
from tests.unit.arena.arena_sample import CASES, HOSTILE, judged, sample_run

from genaiops.access import known_keys, signing_key, trusted_folder
from genaiops.arena.bundle import Bundle, decode_lines, open_bundle
from genaiops.arena.evidence import bundle_files, write_bundle
from genaiops.arena.model import Row
from genaiops.core import OutsideError, Settings, UserError, canonical, new_signing_key

KEY = new_signing_key()
JUDGED = judged(sample_run())


@pytest.fixture
def settings(tmp_path):
    return Settings(config_dir=tmp_path / "config", cache_dir=tmp_path / "cache", env={})


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    run = sample_run()
    return write_bundle(run, *JUDGED, folder=tmp_path_factory.mktemp("made") / "evidence", signer=KEY)


@pytest.fixture
def bundle(tmp_path, made):
    return shutil.copytree(made, tmp_path / "evidence")


def test_a_run_comes_back_from_its_evidence(bundle):
    run, again = sample_run(), open_bundle(bundle).run()
    assert again.suite == run.suite
    assert again.arms == run.arms
    assert again.lock == run.lock
    assert {(row.role, row.case, row.at) for row in again.rows} == {(r.role, r.case, r.at) for r in run.rows}
    assert sorted(again.traces, key=str) == sorted(run.traces, key=str)
    assert open_bundle(bundle).verdict().outcome == JUDGED[0].outcome


def test_the_manifest_is_canonical_and_rows_are_sorted(bundle):
    manifest = (bundle / "manifest.json").read_bytes()
    assert manifest == canonical(json.loads(manifest))
    rows = [json.loads(line) for line in (bundle / "outputs.jsonl").read_text().splitlines()]
    assert rows == sorted(rows, key=lambda row: (row["role"], row["case"], row["repeat"]))
    scores = [json.loads(line) for line in (bundle / "scores.jsonl").read_text().splitlines()]
    values = [row["score"]["value"] for row in scores if row["score"]["value"] is not None]
    assert all(value == float(f"{value:.9g}") for value in values)


def test_equal_runs_give_equal_files():
    run = sample_run()
    assert bundle_files(run, *JUDGED, key_id="k") == bundle_files(run, *JUDGED, key_id="k")


def test_contents_kept_beside_are_blobs_that_the_manifest_lists(tmp_path):
    run = sample_run()
    folder = write_bundle(
        run, *JUDGED, folder=tmp_path / "e", signer=KEY, blobs={"prompts/answer.md": b"# system\n"}
    )
    digest = open_bundle(folder).manifest().blobs["prompts/answer.md"]
    assert (folder / "blobs" / digest.removeprefix("sha256:")).read_bytes() == b"# system\n"


def test_a_changed_suite_brings_its_own_rows_scores_and_verdict(tmp_path):
    run = sample_run()
    run = replace(run, other_suite=run.suite, other_scores=run.scores, gate_changed=True)
    verdict, facts = judged(run)
    folder = write_bundle(run, verdict, facts, folder=tmp_path / "e", signer=KEY, other_verdict=verdict)
    again = open_bundle(folder).run()
    assert again.other_suite == run.suite
    assert {role: len(found) for role, found in again.other_scores.items()} == {
        role: len(found) for role, found in run.scores.items()
    }


def test_evidence_is_never_replaced(bundle):
    run = sample_run()
    before = (bundle / "manifest.json").read_bytes()
    with pytest.raises(UserError, match="GAO-ARENA-205"):
        write_bundle(run, *JUDGED, folder=bundle, signer=KEY)
    assert (bundle / "manifest.json").read_bytes() == before


def test_evidence_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    run = sample_run()
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutsideError, match="GAO-ARENA-206"):
        write_bundle(run, *JUDGED, folder=tmp_path / "file" / "e", signer=KEY)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_numbers_that_json_cannot_hold_are_refused_before_anything_is_written(tmp_path):
    run = sample_run()
    first = run.rows[0]
    rows = (replace(first, output=replace(first.output, data={"x": float("nan")})), *run.rows[1:])
    with pytest.raises(UserError, match="GAO-ARENA-204"):
        write_bundle(replace(run, rows=rows), *JUDGED, folder=tmp_path / "e", signer=KEY)
    assert list(tmp_path.iterdir()) == []


def test_hostile_answers_are_kept_as_they_are_but_for_what_utf8_cannot_hold(bundle):
    row = next(
        row for row in open_bundle(bundle).rows() if (row.role, row.case) == ("candidate", CASES[0].id)
    )
    assert row.output.text == HOSTILE.replace("\udcff", "?")


@pytest.mark.parametrize("name", ["notes.txt", "blobs/readme", "manifest.json.bak", "report2.html"])
def test_a_file_that_does_not_belong_is_named(bundle, name):
    (bundle / name).write_text("x")
    with pytest.raises(UserError) as caught:
        open_bundle(bundle)
    assert caught.value.where == name


@pytest.mark.parametrize("name", ["manifest.json", "outputs.jsonl", "statement.intoto.jsonl", "report.html"])
def test_a_missing_file_is_named(bundle, name):
    (bundle / name).unlink()
    with pytest.raises(UserError) as caught:
        open_bundle(bundle)
    assert caught.value.where == name


def test_links_folders_and_pipes_are_refused(bundle, tmp_path):
    scores = bundle / "scores.jsonl"
    scores.rename(tmp_path / "scores.jsonl")
    for make in (
        lambda: scores.symlink_to(tmp_path / "scores.jsonl"),
        scores.mkdir,
        lambda: os.mkfifo(scores),
    ):
        make()
        with pytest.raises(UserError, match="plain files"):
            open_bundle(bundle)
        scores.rmdir() if scores.is_dir() and not scores.is_symlink() else scores.unlink()


def test_a_link_to_a_folder_is_no_evidence(bundle, tmp_path):
    (tmp_path / "link").symlink_to(bundle)
    for place in (tmp_path / "link", tmp_path / "nowhere", bundle / "manifest.json"):
        with pytest.raises(UserError, match="GAO-ARENA-201"):
            open_bundle(place)


def test_a_file_beyond_the_cap_is_refused_without_being_read(bundle):
    with (bundle / "outputs.jsonl").open("ab") as file:
        file.truncate(300 << 20)  # sparse: takes no space
    with pytest.raises(UserError, match="GAO-ARENA-203"):
        open_bundle(bundle)


@pytest.mark.parametrize(
    "line",
    [b"[" * 50_000, b"1", b"null", b'{"role":"judge"}', b"\xff\xfe", b'{"a":' * 9_999, b"9" * 5_000, b""],
)
def test_a_line_of_another_shape_is_a_user_error_that_names_it(line):
    with pytest.raises(UserError) as caught:
        list(decode_lines(line + b"\n", Row, "outputs.jsonl"))
    assert caught.value.where == "outputs.jsonl, line 1"


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"schema":"genaiops.evidence/2"}', b"[" * 99_999])
def test_a_manifest_of_another_shape_is_a_user_error(tmp_path, content):
    bundle = Bundle(tmp_path, {"manifest.json": content, "facts.json": content[:1] + b"x"}, {})
    with pytest.raises(UserError, match="GAO-ARENA-202"):
        bundle.manifest()
    with pytest.raises(UserError, match="GAO-ARENA-202"):
        bundle.json("facts.json")


def test_the_signing_key_is_made_once_said_aloud_and_private(settings):
    said = []
    first, second = (signing_key(settings, announce=said.append) for _ in range(2))
    path = settings.config_dir / "keys" / "signing.pem"
    assert first.public == second.public
    assert len(said) == 1
    assert str(path) in said[0]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [path.name for path in path.parent.iterdir()] == ["signing.pem"]


def test_keys_of_others_are_known_by_the_name_of_their_file(settings):
    assert known_keys(settings) == ()
    mine = signing_key(settings, announce=lambda text: None)
    trusted_folder(settings).mkdir()
    (trusted_folder(settings) / "ci.pub").write_bytes(KEY.public.pem())
    assert [(known.label, known.key) for known in known_keys(settings)] == [
        ("this user", mine.public),
        ("ci", KEY.public),
    ]


def test_a_broken_key_file_is_a_user_error(settings):
    trusted_folder(settings).mkdir(parents=True)
    (trusted_folder(settings) / "ci.pub").write_text("nonsense")
    with pytest.raises(UserError, match="GAO-CORE-005"):
        known_keys(settings)
