"""Backends: sieves, words, settings, what is damaged or missing, a publish that does not end."""

import asyncio
import signal
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from tests.support.knowledge import ANYONE, SPEC, WordEmbedder, passage, vector
from tests.support.stores import connect, remote

from genaiops.app import load_project
from genaiops.core import OutsideError, Principal, SnapshotId, UserError, digest_json
from genaiops.knowledge import Backend, EmbeddingCache, Index, ReadyPassages, Recipe, index_passages
from genaiops.knowledge.backends.codes import closest, codes_of, width
from genaiops.knowledge.backends.gate import Gate
from genaiops.knowledge.backends.held import Held
from genaiops.knowledge.backends.index import StoredIndex
from genaiops.knowledge.backends.lance import LanceFinder
from genaiops.knowledge.backends.ledger import Ledger
from genaiops.knowledge.backends.wording import Posting, bm25, words_of
from genaiops.knowledge.lexical import rarity
from genaiops.knowledge.opening import create_index, open_folder
from genaiops.store import Store

PAGES = [passage(f"{at}.md", f"page {at} of the quick fox") for at in range(5)]


def recipe(name: str, **settings: int) -> Recipe:
    return Recipe(corpus=digest_json(1), embedder=SPEC, backend=Backend.of(name, settings))  # type: ignore[arg-type]


def filled(folder: Path, of: Recipe, env: dict[str, str] | None = None) -> Index:
    index = create_index(folder, of, env)
    index.upsert(PAGES, [vector(one.text) for one in PAGES])
    index.publish()
    return index


def pages(index: Index) -> set[str]:
    return {one.document for one in index.lexical(index.snapshot(), "page", 9, principal=ANYONE)}


def test_words_are_cut_and_scored_as_the_default_index_does() -> None:
    titled = passage("a.md", "Foxes run, a fox rests.").__class__(
        id="a", text="Foxes run, a fox rests.", document="a.md", title="The Fox", end=23
    )
    words = words_of([titled, passage("b.md", "…")])
    counted = {
        words.terms[term]: often
        for term, often in zip(words.term.tolist(), words.often.tolist(), strict=True)
    }
    assert counted == {"the": 2, "fox": 4, "run": 1, "a": 1, "rest": 1}
    assert (words.place.tolist(), words.lengths.tolist()) == ([0] * 5, [7, 0])
    posting = Posting(np.array([3], np.uint32), np.array([4], np.uint16), np.array([7], np.uint32))
    assert bm25(posting, 2.0, 7.0) == pytest.approx(2.0 * 4 * 2.2 / (4 + 1.2))
    assert rarity(10, 9) == 1e-6


def test_the_default_backend_leaves_the_digest_of_a_recipe_as_it_was() -> None:
    assert "backend" not in recipe("local").facts
    assert recipe("local").digest == Recipe(corpus=digest_json(1), embedder=SPEC).digest
    digests = {recipe("lance").digest, recipe("lance", refine=9).digest, recipe("postgres").digest}
    assert len(digests | {recipe("local").digest}) == 4


@pytest.mark.proves("D-BACKENDS-NAMED")
def test_the_project_file_names_a_backend_in_a_word_or_with_its_settings(tmp_path: Path) -> None:
    def chosen(value: str) -> Backend:
        (tmp_path / "genaiops.yaml").write_text(
            f"project: p\napp: app:answer\nknowledge: {{docs: {{source: docs, index: {value}}}}}\n"
        )
        return load_project(tmp_path).knowledge["docs"].index.chosen()

    assert chosen("lance") == Backend.of("lance")
    assert chosen("{backend: lance, nprobes: 7}").settings == {"nprobes": 7, "refine": 10}
    assert chosen("{backend: postgres, ef_search: 80}").settings == {"ef_search": 80}
    with pytest.raises(UserError, match="has no setting 'ef_search'"):
        chosen("{backend: lance, ef_search: 80}")
    with pytest.raises(UserError):
        chosen("qdrant")


def test_two_codes_differ_in_the_share_of_bits_that_their_vectors_angle_is_of_pi() -> None:
    random = np.random.default_rng(1)
    # none of their numbers is below 0: without a rotation all their signs would be equal
    vectors = np.abs(random.standard_normal((300, 384), dtype=np.float32))
    codes = codes_of(vectors)
    assert codes.shape == (300, width(384))
    unlike = np.bitwise_count(codes ^ codes[0]).sum(axis=1) / (64 * width(384))
    cosines = vectors @ vectors[0] / np.linalg.norm(vectors, axis=1) / np.linalg.norm(vectors[0])
    angles = np.arccos(np.minimum(cosines, 1.0)) / np.pi
    assert np.abs(unlike - angles).mean() < 0.04
    assert unlike[0] == 0
    assert closest(codes.T, codes[5], 1).tolist() == [5]
    assert closest(np.zeros((width(384), 9), np.uint64), codes[5], 3).tolist() == [0, 1, 2]


def test_a_gate_lets_in_as_many_as_it_has_places_in_the_order_in_which_they_came() -> None:
    gate, order = Gate(1), list[int]()

    def pass_through(at: int) -> None:
        with gate:
            order.append(at)

    threads = [threading.Thread(target=pass_through, args=(at,)) for at in range(6)]
    with gate:
        for at, thread in enumerate(threads, start=1):
            thread.start()
            while len(gate._waiting) < at:  # type: ignore[reportPrivateUsage]
                pass
        assert order == []
    for thread in threads:
        thread.join()
    assert order == list(range(6))


def test_one_who_stops_waiting_leaves_no_place_behind() -> None:
    gate = Gate(1)

    def ring(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, ring)
    try:
        with gate:
            signal.setitimer(signal.ITIMER_REAL, 0.005)
            with pytest.raises(KeyboardInterrupt):
                gate.__enter__()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert not gate._waiting  # type: ignore[reportPrivateUsage]
    assert gate._free == 1  # type: ignore[reportPrivateUsage]


def test_what_was_used_longest_ago_is_forgotten_first_once_all_is_larger_than_the_bound() -> None:
    made = list[str]()

    def get(held: Held[str, int], key: str) -> int:
        return held.get(key, lambda: made.append(key) or len(key))

    held = Held[str, int](6, lambda value: value)
    for key in ("aa", "bb", "aa", "ccc", "aa", "ccc", "bb"):
        assert get(held, key) == len(key)
    assert made == ["aa", "bb", "ccc", "bb"]
    assert get(held, "larger than the bound") == 21
    assert get(held, "larger than the bound") == 21
    assert made[4:] == ["larger than the bound"]


def test_who_asks_for_what_is_being_made_waits_for_it_and_nobody_else_does() -> None:
    held, begun, go = Held[str, str](9), threading.Event(), threading.Event()
    made = list[str]()

    def slow() -> str:
        begun.set()
        go.wait(10)
        made.append("slow")
        return "slow"

    threads = [threading.Thread(target=held.get, args=("slow", slow)) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    assert held.get("other", lambda: "at once") == "at once"
    assert not made
    go.set()
    for thread in threads:
        thread.join()
    assert made == ["slow"]


@pytest.mark.proves("D-NO-LEAK")
def test_groups_that_open_nothing_make_no_search_of_their_own(tmp_path: Path) -> None:
    index = create_index(tmp_path / "index", recipe("lance"))
    index.upsert([passage("a.md", "a fox", access=["staff"]), PAGES[0]], [vector("a fox")] * 2)
    live = index.publish()
    for at in range(3):
        for groups in ({"staff", f"person {at}"}, {f"person {at}"}):
            who = Principal(id="sam", groups=frozenset(groups))
            found = index.search(live, "fox", vector("fox"), 5, principal=who)
            assert len(found) == len(groups)
    sieves = index._finder._sieved._values  # type: ignore[attr-defined, reportPrivateUsage]
    assert len(sieves) == 2
    index.close()


@pytest.mark.proves("D-NO-LEAK")
def test_words_of_closed_passages_that_are_gone_are_not_read_for_who_could_not_read_them(
    tmp_path: Path,
) -> None:
    index = create_index(tmp_path / "index", recipe("lance"))
    index.upsert([passage("a.md", "merger", access=["board"]), *PAGES], [vector("page")] * 6)
    index.publish()
    index.tombstone(["a.md"])
    index.publish()
    assert isinstance(index, StoredIndex)
    with index._view() as whole:  # type: ignore[reportPrivateUsage]
        seen, _ = index._seen_by(whole, ANYONE)  # type: ignore[reportPrivateUsage]
        postings = index._ledger.terms.postings(seen, {"merger", "page"})  # type: ignore[reportPrivateUsage]
    assert set(postings) == {"page"}
    index.close()


@pytest.mark.proves("D-BAD-BACKEND")
def test_a_missing_extra_says_which_install_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lancedb", None)
    with pytest.raises(UserError) as caught:
        create_index(tmp_path / "index", recipe("lance"))
    assert "pip install 'genaiops[lance]'" in caught.value.fix
    assert not (tmp_path / "index").exists()


@pytest.mark.proves("D-BAD-BACKEND")
def test_a_database_that_is_not_named_or_not_reached_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UserError) as unnamed:
        create_index(tmp_path / "a", recipe("postgres"), {})
    assert (unnamed.value.code, unnamed.value.where) == ("GAO-STORE-014", "GENAIOPS_DATABASE")
    with pytest.raises(OutsideError) as unreached:
        create_index(
            tmp_path / "b", recipe("postgres"), {"GENAIOPS_DATABASE": "postgresql://u:secret@/x?host=/none"}
        )
    assert unreached.value.code == "GAO-STORE-015"
    assert "secret" not in str(unreached.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.proves("D-BAD-BACKEND")
def test_a_damaged_lance_index_says_what_to_do(tmp_path: Path) -> None:
    filled(tmp_path / "index", recipe("lance")).close()
    for file in (tmp_path / "index" / "lance").rglob("*.manifest"):
        file.write_bytes(b"nonsense")
    index = open_folder(tmp_path / "index")
    with pytest.raises(OutsideError) as caught:
        pages(index)
    assert "genaiops index build" in caught.value.fix
    index.close()


@pytest.mark.proves("D-BAD-BACKEND")
def test_rows_of_a_lance_index_that_are_no_passages_any_more_say_what_to_do(tmp_path: Path) -> None:
    filled(tmp_path / "index", recipe("lance")).close()
    parts = tmp_path / "index" / "parts.i4"
    parts.write_bytes(bytes(parts.stat().st_size))
    index = open_folder(tmp_path / "index")
    with pytest.raises(OutsideError, match=r"parts\.i4"):
        index.dense(index.snapshot(), vector("page"), 3, principal=ANYONE)
    index.close()


@pytest.mark.proves("D-BAD-BACKEND")
def test_tables_that_are_gone_or_of_another_dimension_are_one_clear_error(tmp_path: Path) -> None:
    env = remote()
    schema = env["GENAIOPS_DATABASE"].rpartition("%3D")[2]
    index = filled(tmp_path / "index", recipe("postgres"), env)
    prefix = f"{schema}.index_{index.recipe.digest.removeprefix('sha256:')[:20]}_"
    with connect() as connection:
        connection.execute(f"ALTER TABLE {prefix}vectors RENAME COLUMN embedding TO other")
        connection.execute(f"ALTER TABLE {prefix}vectors ADD COLUMN embedding public.vector(7)")
        with pytest.raises(OutsideError, match="7 numbers"):
            open_folder(tmp_path / "index", env)
        connection.execute(f"DROP TABLE {prefix}vectors, {prefix}passages")
    for broken in (lambda: pages(index), lambda: open_folder(tmp_path / "index", env)):
        with pytest.raises(OutsideError) as caught:
            broken()
        assert caught.value.code == "GAO-KNOWLEDGE-083"
    index.close()


@pytest.mark.proves("D-BAD-BACKEND")
def test_a_vector_that_a_graph_cannot_hold_is_refused_before_anything_is_kept(tmp_path: Path) -> None:
    index = create_index(tmp_path / "index", recipe("postgres", ef_search=40), remote())
    index.upsert([PAGES[0]], [[0.1] * 2001])
    with pytest.raises(UserError, match="2001"):
        index.publish()
    assert not index.published()
    index.close()


@pytest.mark.proves("D-BACKENDS-CRASH")
@pytest.mark.parametrize("name", ["lance", "postgres"])
def test_a_publish_that_does_not_end_is_unseen_and_the_next_one_is_whole(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = remote() if name == "postgres" else {}
    index = filled(tmp_path / "index", recipe(name), env)
    before = index.snapshot()
    more = [passage("0.md", "page nought anew"), passage("9.md", "page nine")]

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    # everything is written, and the process ends before the snapshot is there
    index.upsert(more, [vector(one.text) for one in more])
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "finish", cut)
        with pytest.raises(KeyboardInterrupt):
            index.publish()
    again = open_folder(tmp_path / "index", env)
    assert again.snapshot() == before
    assert pages(again) == {f"{at}.md" for at in range(5)}
    other = passage("8.md", "page eight")
    again.upsert([other], [vector(other.text)])
    again.publish()
    assert pages(again) == {f"{at}.md" for at in range(5)} | {"8.md"}
    assert again.dense(again.snapshot(), vector(other.text), 1, principal=ANYONE)[0].document == "8.md"
    assert pages(index) == pages(again)
    again.close()
    index.close()


def test_an_index_that_another_machine_built_in_the_database_is_taken_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENAIOPS_DATABASE", remote()["GENAIOPS_DATABASE"])
    ready = ReadyPassages(tuple(PAGES), digest_json("pages"), ())
    machines = [WordEmbedder(), WordEmbedder()]
    indexes: list[Index] = []
    for at, embedder in enumerate(machines):
        with Store.open(tmp_path / f"machine{at}", {}) as store:
            building = index_passages(
                ready,
                embedder,
                folder=store.path / "indexes",
                cache=EmbeddingCache(store),
                backend=Backend.of("postgres"),
            )
            indexes.append(asyncio.run(building))
    assert machines[0].embedded
    assert not machines[1].embedded
    assert indexes[0].snapshot() == indexes[1].snapshot()
    indexes[0].tombstone(["3.md"])
    assert pages(indexes[1]) == {"0.md", "1.md", "2.md", "4.md"}
    for index in indexes:
        index.close()


@pytest.mark.proves("D-BACKENDS-MANY")
@pytest.mark.parametrize(("narrow", "compared"), [(0, 0), (600, 0)], ids=["by cells", "by codes"])
def test_many_vectors_are_found_through_an_index_and_compared_exactly(
    narrow: int, compared: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("lance.LEAST_INDEXED", 300),
        ("lance_rows.NARROW", narrow),
        ("lance_rows.FEW", compared),
    ):
        monkeypatch.setattr(f"genaiops.knowledge.backends.{name}", value)
    index = create_index(tmp_path / "index", recipe("lance", nprobes=4))
    many = [
        passage(f"{at}.md", f"word{at % 40} and word{at % 37}", access=["few"] if at % 16 == 0 else ["all"])
        for at in range(600)
    ]
    index.upsert(many, [vector(one.text) for one in many])
    index.publish()
    finder = index._finder  # type: ignore[attr-defined]
    assert isinstance(finder, LanceFinder)
    few = ANYONE.__class__(id="few", groups=frozenset({"few"}))
    near = index.dense(index.snapshot(), vector(many[16].text), 38, principal=few)
    assert len(near) == 38
    assert near[0].text == many[16].text
    assert near[0].score == pytest.approx(1.0, abs=1e-5)
    later = passage("later.md", "word5 and nothing", access=["few"])
    index.upsert([later], [vector(later.text)])
    index.publish()
    assert index.dense(index.snapshot(), vector(later.text), 1, principal=few)[0].id == later.id
    with pytest.raises(OutsideError):
        index.dense(SnapshotId("000009-x"), vector("x"), 1, principal=few)
    index.close()
