"""Rows of people: what stays in clear, what a bundle with boxes proves, and what no box may do."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.support.forging import resign
from tests.unit.arena.arena_sample import CASES, ROWS, RULER, judged, sample_run

from genaiops.access import LOCAL, Vault, signing_key
from genaiops.arena.datasets import dataset_digest
from genaiops.arena.evidence import write_bundle
from genaiops.arena.ledger import Kept, Ledger, output_key
from genaiops.arena.model import Suite
from genaiops.arena.sealing import Boxes, kept_scores, kept_suite, seal_answer, seal_cases
from genaiops.arena.suites import suite_digest
from genaiops.arena.verify import verify_bundle
from genaiops.core import Case, Output, Principal, Settings, Trace, UserError, encode, encode_json
from genaiops.store import Store

PLACE = "tags.customer"
SLICES = ("tags.topic", "expected.answerable")
PEOPLE = tuple(
    replace(case, tags={**case.tags, "customer": f"person{number % 10}@example.org"})
    for number, case in enumerate(CASES)
)


@pytest.fixture
def settings(tmp_path):
    return Settings(config_dir=tmp_path / "config", cache_dir=tmp_path / "cache", env={})


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / ".genaiops") as opened:
        yield opened


@pytest.fixture
def vault(store, settings):
    return Vault(store.database, settings)


def sealed(vault, cases=PEOPLE, slices=SLICES):
    return seal_cases("qa", cases, PLACE, slices, vault)


def erase(vault, name):
    return vault.erase(Principal(id=LOCAL), name, reason="r", ticket="t", at=datetime.now(UTC))


@pytest.mark.proves("C-ERASE-NOTHING-CLEAR")
def test_of_a_row_only_what_slices_read_and_whether_it_has_an_answer_stays_in_clear(vault):
    mine = sealed(vault)
    for case in PEOPLE:
        kept = mine.sealed[case.id].case
        assert set(kept.inputs) == {"sealed", "subject"}
        assert kept.expected == {"answerable": case.expected["answerable"]}
        assert kept.tags == {"topic": case.tags["topic"]}
        assert (kept.id, kept.cluster) == (case.id, case.cluster)
        assert vault.open(mine.sealed[case.id].content) == encode_json(case).encode()
    text = json.dumps([encode(one.case) for one in mine.sealed.values()])
    assert "person" not in text
    assert CASES[0].inputs["question"] not in text


def test_a_cluster_that_is_the_persons_name_becomes_their_pseudonym_on_the_asked_row_too(vault):
    own = [replace(case, cluster=str(case.tags["customer"])) for case in PEOPLE]
    mine = sealed(vault, own)
    clusters = {case.cluster for case in mine.cases}
    assert clusters == {one.content.subject for one in mine.sealed.values()}
    assert len(clusters) == 10
    assert all(mine.sealed[case.id].case.cluster == case.cluster for case in mine.cases)


@pytest.mark.proves("C-ERASE-SEALED")
def test_equal_rows_are_one_dataset_and_a_changed_word_is_another(vault):
    def digest(cases):
        return dataset_digest([one.case for one in sealed(vault, cases).sealed.values()])

    other = (replace(PEOPLE[0], inputs={"question": "Something else?"}), *PEOPLE[1:])
    assert digest(PEOPLE) == digest(tuple(reversed(PEOPLE)))
    assert digest(PEOPLE) != digest(other)


@pytest.mark.proves("C-ERASE-TOMBSTONE")
def test_rows_of_erased_people_are_left_out_and_a_dataset_of_nobody_else_is_refused(vault):
    sealed(vault)
    erase(vault, "person3@example.org")
    mine = sealed(vault)
    assert mine.left_out == 4
    assert {case.tags["customer"] for case in mine.cases} == {
        f"person{n}@example.org" for n in range(10) if n != 3
    }
    with pytest.raises(UserError, match="every row belongs to somebody who was erased"):
        sealed(vault, [case for case in PEOPLE if case.tags["customer"] == "person3@example.org"])


@pytest.mark.proves("C-ERASE-REFUSED")
@pytest.mark.parametrize(
    ("cases", "slices", "what"),
    [
        ((PEOPLE[0], CASES[1]), SLICES, "the row 'q01' has nobody at tags.customer"),
        (PEOPLE, (PLACE,), "a slice reads tags.customer"),
        ((replace(PEOPLE[0], id="person0@example.org"),), SLICES, "is named after its person"),
    ],
)
def test_a_row_of_nobody_and_what_would_give_a_name_away_is_refused(vault, cases, slices, what):
    with pytest.raises(UserError) as caught:
        sealed(vault, cases, slices)
    assert caught.value.code == "GAO-ARENA-361"
    assert what in caught.value.what


def test_equal_answers_have_equal_boxes_however_long_they_took(vault):
    subject = vault.subjects(["anna"])["anna"]
    one = Output(text="yes", latency_ns=5, trace_id="a", error="quoted")
    kept, boxes = seal_answer(vault, subject, one, Trace(id="a"))
    again, _ = seal_answer(vault, subject, replace(one, latency_ns=9, trace_id="b"), Trace(id="b"))
    assert (kept.text, kept.error, kept.latency_ns) == (None, None, 5)
    assert kept.data == again.data
    assert kept.trace_id == boxes[1].digest
    assert kept.data != seal_answer(vault, subject, replace(one, text="no"), Trace(id="a"))[0].data


@pytest.mark.usefixtures("each_store")
def test_the_ledger_keeps_a_persons_output_and_trace_sealed_and_forgets_them_with_the_key(tmp_path, settings):
    with Store.open(tmp_path / "own") as store:
        vault = Vault(store.database, settings)
        subject = vault.subjects(["anna"])["anna"]
        ledger = Ledger(store, vault)
        case = Case(id="a", inputs={"question": "q"}, cluster="a")
        keys = [output_key(RULER.dataset_digest, case, repeat) for repeat in (0, 1)]
        mine = Kept(
            Output(text="my gout", trace_id="t1"), Trace(id="t1"), "2026-03-03T00:00:00Z", "r", subject
        )
        clear = Kept(Output(text="plain", trace_id="t2"), Trace(id="t2"), "2026-03-03T00:00:00Z", "r")
        for _ in range(2):  # what is there already stays
            ledger.keep({keys[0]: mine, keys[1]: clear})
        assert ledger.outputs(keys) == {keys[0]: mine, keys[1]: clear}
        assert ledger.outputs(keys) != Ledger(store).outputs(keys)
        assert set(Ledger(store).outputs(keys)) == {keys[1]}
        erase(vault, "anna")
        assert set(ledger.outputs(keys)) == {keys[1]}
        ledger.forget(keys)
        assert ledger.outputs(keys) == {}


@pytest.fixture
def bundle(tmp_path, vault, settings):
    """The sample as a run of people: sealed, judged and signed."""
    mine = sealed(vault)
    kept = [one.case for one in mine.sealed.values()]
    ruler = replace(RULER, dataset_digest=dataset_digest(kept), discover=False, slices=SLICES)
    suite = Suite(ruler=ruler, cases=mine.cases, digest=suite_digest(ruler), sealed=mine.sealed)
    boxes = [one.content for one in mine.sealed.values()]
    rows = []
    for row in ROWS:
        said = replace(row.output, text=row.output.text and row.output.text.replace("\udcff", ""))
        subject = mine.sealed[row.case].content.subject
        output, more = seal_answer(vault, subject, said, Trace(id=said.trace_id))
        rows.append(replace(row, output=output))
        boxes += more
    run = sample_run()
    run = replace(
        run,
        suite=kept_suite(suite),
        rows=tuple(rows),
        traces=(),
        scores=kept_scores(run.scores),
        sealed=tuple(boxes),
    )
    folder = tmp_path / "evidence"
    write_bundle(run, *judged(run), folder=folder, signer=signing_key(settings, announce=lambda text: None))
    return folder


def third(bundle, settings, vault):
    result = verify_bundle(bundle, settings=settings, vault=vault)
    assert [level.status for level in result.levels[:2]] == ["passed", "passed"], result.levels
    return result.levels[2], result.rows_erased


def forge(bundle, settings, name, change):
    """Change the lines of a file and sign all of it again."""
    lines = [json.loads(line) for line in (bundle / name).read_text(encoding="utf-8").splitlines()]
    changed = "".join(json.dumps(line) + "\n" for line in change(lines))
    key = signing_key(settings, announce=lambda text: None)
    resign(bundle, key, **{name.replace(".", "__"): changed.encode()})


@pytest.mark.proves("C-ERASE-VERIFIES")
def test_a_sealed_bundle_verifies_whole_with_the_keys_and_from_scores_without_some_or_any(
    bundle, settings, vault
):
    level, erased = third(bundle, settings, vault)
    assert (level.status, erased) == ("passed", 0)
    erase(vault, "person3@example.org")
    level, erased = third(bundle, settings, vault)
    assert (level.status, erased) == ("not possible", 8)
    assert level.reason.startswith("outputs erased (8 of 80 rows); what is left gives these scores again")
    level, erased = third(bundle, settings, None)
    assert (level.status, erased) == ("not possible", 0)
    assert "outputs sealed under keys that are not here (80 of 80 rows)" in level.reason


@pytest.mark.proves("C-ERASE-VERIFIES")
def test_after_an_erasure_a_wrong_score_of_somebody_else_is_still_found(bundle, settings, vault):
    erase(vault, "person3@example.org")

    def worse(lines):
        for line in lines:
            if line["score"]["case"] == "q01" and line["score"]["scorer"] == "latency_ms":
                line["score"]["value"] = 1.0
        return lines

    forge(bundle, settings, "scores.jsonl", worse)
    level = verify_bundle(bundle, settings=settings, vault=vault).levels[2]
    assert level.status == "failed"
    assert "latency_ms of q01" in level.reason


@pytest.mark.proves("C-ERASE-BAD-BOX")
@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("missing", "it lacks the box of a row"),
        ("unknown", "it lacks the box of a row"),
        ("another person's", "belong to several people"),
        ("another status", "is not what stands in clear"),
    ],
)
def test_a_box_that_is_not_the_rows_own_fails_the_third_level(bundle, settings, vault, bad, why):
    def boxes(lines):
        return lines[1:] if bad == "missing" else lines

    def rows(lines):
        mine = lines[0]["output"]
        if bad == "unknown":
            mine["data"]["sealed"] = "sha256:" + "0" * 64
        elif bad == "another person's":
            mine["data"] = lines[1]["output"]["data"]
        elif bad == "another status":
            mine["status"] = "timeout"
        return lines

    forge(bundle, settings, "sealed.jsonl", boxes)
    forge(bundle, settings, "outputs.jsonl", rows)
    level = verify_bundle(bundle, settings=settings, vault=vault).levels[2]
    assert level.status == "failed"
    assert why in level.reason


@pytest.mark.proves("C-ERASE-BAD-BOX")
def test_a_slice_in_clear_that_the_sealed_row_contradicts_fails_the_third_level(vault):
    mine = sealed(vault)
    case = mine.sealed["q00"].case
    output, more = seal_answer(vault, mine.sealed["q00"].content.subject, Output(text="x"), Trace(id="t"))
    boxes = Boxes(vault)
    boxes.add([mine.sealed["q00"].content, *more])
    assert boxes.open_row(case, output) is not None
    with pytest.raises(UserError) as caught:
        boxes.open_row(replace(case, tags={"topic": "Another"}), output)
    assert caught.value.code == "GAO-ARENA-362"
