"""Names of indexes, withdrawals, and the order in which a migration does things."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.support.knowledge import SPEC, STAFF, WordEmbedder, make_index, passage, vector

from genaiops.core import (
    Citation,
    Digest,
    ModelSpec,
    Output,
    OutsideError,
    Span,
    UserError,
    digest_bytes,
    hex_of,
)
from genaiops.knowledge import (
    ChunkOptions,
    Corpus,
    IndexRelease,
    Migrated,
    Outcome,
    Recipe,
    Releases,
    Ruling,
    Withdrawal,
    Withdrawals,
    bring_back,
    differences,
    drift,
    migrate,
    parse_document,
)

ONE, TWO = digest_bytes(b"one"), digest_bytes(b"two")


def release(corpus: Digest = ONE, tokens: int = 130) -> IndexRelease:
    recipe = Recipe(corpus=corpus, embedder=SPEC, chunk=ChunkOptions(tokens=tokens))
    return IndexRelease.of(recipe, "test:words", "docs")


def withdrawal(document: str = "a.md", index: str = "docs", **more: object) -> Withdrawal:
    return Withdrawal(index=index, document=document, reason="old", by="me", at="now", **more)  # type: ignore[arg-type]


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    return Releases(tmp_path)


@pytest.mark.proves("D-RELEASE")
def test_a_release_replaces_the_live_one_and_a_rollback_brings_it_back(releases: Releases) -> None:
    assert releases.get("docs") is None
    first, second = release(), release(TWO)
    assert releases.publish("docs", first).previous == ()
    named = releases.publish("docs", second)
    assert (named.live, named.previous) == (second, (first,))
    assert releases.publish("docs", second) == named, "what is live already is no new release"
    assert releases.roll_back("docs") == (second, first)
    assert Releases(releases._names.parent).get("docs") == releases.get("docs")
    with pytest.raises(UserError, match="GAO-KNOWLEDGE-091"):
        releases.roll_back("docs")


def test_a_build_that_ends_after_a_switch_does_not_undo_it(releases: Releases) -> None:
    releases.publish("docs", release())
    releases.switch("docs", releases.begin("docs", release(tokens=64)))
    with pytest.raises(UserError, match="GAO-KNOWLEDGE-097"):
        releases.publish("docs", release(TWO))
    assert releases.names()["docs"].live.digest == release(tokens=64).digest


def test_a_name_remembers_a_few_releases_and_none_twice(releases: Releases) -> None:
    made = [release(digest_bytes(b"%d" % at)) for at in range(9)]
    for one in [*made, made[7]]:
        named = releases.publish("docs", one)
    assert [one.digest for one in named.previous] == [one.digest for one in (made[8], *reversed(made[3:7]))]


@pytest.mark.proves("D-RELEASE")
def test_a_switch_that_was_overtaken_does_nothing(releases: Releases) -> None:
    releases.publish("docs", release())
    seen = releases.begin("docs", release(tokens=64))
    releases.publish("docs", release(TWO), also=release(TWO, tokens=64))
    assert not releases.switch("docs", seen)
    assert releases.switch("docs", releases.names()["docs"])
    after = releases.names()["docs"]
    assert (after.live.digest, after.migrating_to) == (release(TWO, tokens=64).digest, None)


@pytest.mark.proves("D-BAD-RELEASE-VERSION")
@pytest.mark.parametrize("change", ["{}", '{"recipe": "sha256:0", "embedder": "x", "source": "y"}', "digest"])
def test_releases_of_another_version_are_refused_by_name(
    releases: Releases, change: str, tmp_path: Path
) -> None:
    releases.publish("docs", release())
    path = next(releases._names.glob("docs.json"))
    if change == "digest":
        content = json.loads(path.read_text())
        content["live"]["recipe"]["parser"] = "documents-0"
        change = json.dumps(content)
    path.write_text(change)
    with pytest.raises(OutsideError, match="GAO-KNOWLEDGE-092"):
        releases.get("docs")


@pytest.mark.proves("D-WITHDRAW")
def test_a_withdrawn_document_is_hidden_by_id_and_by_text_and_elsewhere_only_where_that_is_said() -> None:
    here = withdrawal(digests=(ONE,))
    assert here.covers("docs", "a.md", TWO)
    assert here.covers("docs", "renamed.md", ONE)
    assert not here.covers("other", "a.md", ONE)
    everywhere = replace(here, everywhere=True)
    assert everywhere.covers("other", "b.md", ONE)
    assert not everywhere.covers("other", "a.md", TWO), "another text of that name is another document"


@pytest.mark.proves("D-WITHDRAW")
def test_every_index_that_is_opened_hides_what_was_withdrawn_until_it_comes_back(tmp_path: Path) -> None:
    corpus = Corpus(documents=tuple(parse_document(f"{n}.md", f"# {n}\n\nwords of {n}\n") for n in "ab"))
    withdrawals = Withdrawals(tmp_path)
    index = make_index(tmp_path / "index", [passage("a.md", "words of a"), passage("b.md", "words of b")])
    kept = index.snapshot()
    withdrawals.add([withdrawal()])
    assert Withdrawals(tmp_path).without(corpus, "docs").left_out[0].reason == "withdrawn"
    assert withdrawals.hide(index, "docs", lambda corpus: None) == {"a.md"}
    found = index.dense(kept, vector("words of a"), 5, principal=STAFF)
    assert [one.document for one in found] == ["b.md"], "in a snapshot that somebody holds, too"
    asyncio.run(bring_back(index, withdrawals.without(corpus, "docs"), WordEmbedder()))
    assert index.snapshot() == kept
    assert withdrawals.take_back("docs", ["a.md"])
    asyncio.run(bring_back(index, withdrawals.without(corpus, "docs"), WordEmbedder()))
    assert index.showing(["a.md", "b.md"]) == {"a.md", "b.md"}
    assert [one.document for one in index.dense(kept, vector("words of a"), 5, principal=STAFF)] == ["b.md"]
    index.close()


@pytest.mark.proves("D-WITHDRAW")
def test_what_is_published_after_a_withdrawal_is_hidden_again(tmp_path: Path) -> None:
    withdrawals = Withdrawals(tmp_path)
    index = make_index(tmp_path / "index", [passage("a.md", "words of a"), passage("b.md", "words of b")])
    withdrawals.add([withdrawal()])
    assert withdrawals.hide(index, "docs", lambda corpus: None) == {"a.md"}
    index.upsert([passage("a.md", "words of a")], [vector("words of a")])
    index.publish()  # by a builder that read its documents before
    assert withdrawals.hide(index, "docs", lambda corpus: None) == {"a.md"}
    index.close()


@pytest.mark.proves("D-WITHDRAW-ANSWERS")
def test_an_answer_rests_on_a_withdrawn_document_by_passage_citation_or_trace(tmp_path: Path) -> None:
    withdrawals = Withdrawals(tmp_path)
    a = passage("a.md", "words", id="p1")
    span = Span(
        trace_id="t",
        span_id="s",
        name="retrieval",
        operation="retrieval",
        start_ns=0,
        end_ns=1,
        attributes={"gen_ai.retrieval.documents": [{"id": "p1", "score": 1.0}]},
    )
    answers = [
        (Output(text="x", passages=(a,)), ()),
        (Output(text="x", citations=(Citation(passage="p1", quote="words"),)), ()),
        (Output(text="x"), (span,)),
    ]
    assert not any(withdrawals.rests_on(*one) for one in answers)
    withdrawals.add([withdrawal(passages=("p1",))])
    assert all(withdrawals.rests_on(*one) for one in answers)
    assert not withdrawals.rests_on(Output(text="x", passages=(passage("b.md", "words", id="p2"),)))


def migrating(
    releases: Releases, outcome: Outcome, made: list[Digest], overtake: bool = False, there: bool = True
) -> Migrated:
    async def make(wanted: IndexRelease) -> bool:
        made.append(wanted.recipe.corpus)
        return there

    async def gate(old: IndexRelease, new: IndexRelease) -> Ruling:
        assert releases.names()["docs"].live == old, "the old one answers while both are compared"
        if overtake:
            releases.publish("docs", release(TWO))
        return Ruling(outcome, ("because",), {})

    old = releases.names()["docs"].live
    return asyncio.run(migrate("docs", old, release(tokens=64), releases, make, gate))


@pytest.mark.proves("D-MIGRATE")
@pytest.mark.parametrize("outcome", ["pass", "fail", "inconclusive"])
def test_only_a_pass_switches(releases: Releases, outcome: Outcome) -> None:
    releases.publish("docs", release())
    done = migrating(releases, outcome, [])
    named = releases.names()["docs"]
    assert done.switched == (outcome == "pass")
    assert named.live.digest == release(tokens=64 if outcome == "pass" else 130).digest
    assert named.migrating_to is None


@pytest.mark.proves("D-MIGRATE")
def test_what_was_written_to_one_index_alone_is_made_up_for_before_the_switch(releases: Releases) -> None:
    releases.publish("docs", release())
    made: list[Digest] = []
    assert migrating(releases, "pass", made, overtake=True).switched
    assert made == [ONE, TWO]
    assert releases.names()["docs"].live.digest == release(TWO, tokens=64).digest


@pytest.mark.proves("D-MIGRATE")
def test_a_name_never_switches_to_an_index_of_other_documents(
    releases: Releases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genaiops.knowledge.migration._FIRST_WAIT", 0.0)
    releases.publish("docs", release())
    with pytest.raises(OutsideError, match="GAO-KNOWLEDGE-096"):
        migrating(releases, "pass", [], overtake=True, there=False)
    assert releases.names()["docs"].live.digest == release(TWO).digest
    with pytest.raises(UserError, match="GAO-KNOWLEDGE-094"):
        asyncio.run(migrate("docs", release(), release(), releases, None, None))  # type: ignore[arg-type]


@pytest.mark.proves("D-MIGRATE")
def test_what_the_gate_did_not_see_never_goes_live(releases: Releases) -> None:
    releases.publish("docs", release())
    old = releases.names()["docs"].live

    async def make(wanted: IndexRelease) -> bool:
        return True

    async def gate(live: IndexRelease, new: IndexRelease) -> Ruling:
        releases.end("docs")
        releases.begin("docs", release(tokens=99))
        return Ruling("pass", ("because",), {})

    with pytest.raises(OutsideError, match="GAO-KNOWLEDGE-095"):
        asyncio.run(migrate("docs", old, release(tokens=64), releases, make, gate))
    assert releases.names()["docs"].live == old
    named = releases.publish("docs", release(TWO), release(TWO, tokens=64))
    assert named.migrating_to is not None
    late = "a late write of another migration changes nothing"
    assert named.migrating_to.digest == release(tokens=99).digest, late


@pytest.mark.proves("D-RELEASE")
def test_an_index_is_set_aside_only_where_no_name_holds_on_to_it(releases: Releases, tmp_path: Path) -> None:
    live, other = (tmp_path / hex_of(release(one).digest) for one in (ONE, TWO))
    for folder in (live, other):
        folder.mkdir()
    releases.publish("docs", release())
    aside = releases.set_aside()
    assert list(aside) == [other.name]
    assert [live.is_dir(), other.is_dir(), aside[other.name].is_dir()] == [True, False, True]
    assert not releases.set_aside()


def test_a_name_cannot_leave_its_folder(releases: Releases) -> None:
    for name in ("../../escaped", ".hidden", "a/b"):
        with pytest.raises(UserError, match="GAO-KNOWLEDGE-098"):
            releases.publish(name, release())


@pytest.mark.proves("D-HEALTH")
def test_documents_that_moved_on_and_vectors_that_drifted_are_told(tmp_path: Path) -> None:
    corpus = Corpus(documents=tuple(parse_document(f"{n}.md", f"# {n}\n\nwords of {n}\n") for n in "ab"))
    listed = {"a.md": ONE, "gone.md": ONE, "withdrawn.md": ONE}
    found = differences(listed, corpus, {"withdrawn.md"})
    assert (found.orphans, found.stale, found.missing) == (("gone.md",), ("a.md",), ("b.md",))
    index = make_index(tmp_path / "index", [passage(f"{at}.md", f"words of page {at}") for at in range(9)])
    same = asyncio.run(drift(index, WordEmbedder(), count=4))
    assert same is not None
    assert (same.sample, same.mean, same.moved) == (4, 1.0, 0)
    moved = asyncio.run(drift(index, Moved(), count=4))
    assert moved is not None
    assert (moved.moved, moved.mean < 0.9) == (4, True)
    index.close()


class Moved(WordEmbedder):
    """The same name, and other vectors."""

    spec = ModelSpec(provider="test", model="hashed-words")

    async def embed(self, texts: Sequence[str], kind: str) -> np.ndarray:  # type: ignore[override]
        return np.stack([vector(f"{text} and more words that nobody wrote") for text in texts])
