"""The default index: filters, withdrawals, damage, ties."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.support.kinds import no_blob
from tests.support.knowledge import ANYONE, SPEC, STAFF, WordEmbedder, damage, make_index, passage, vector

from genaiops.core import OutsideError, Passage, Principal, SnapshotId, UserError
from genaiops.knowledge import (
    INDEX_KIND,
    ChunkOptions,
    Corpus,
    LocalIndex,
    Recipe,
    index_facts,
    parse_document,
    retrieve,
)
from genaiops.knowledge.arrays import fill_rows, map_array, read_array, save_rows
from genaiops.knowledge.filters import fits
from genaiops.knowledge.fusion import top_rows
from genaiops.knowledge.lexical import Terms, content_words, match_query, rarest
from genaiops.knowledge.snapshot import Snapshot

PASSAGES = [
    passage("a.md", "the quick brown fox", topic="animals", tags=["fast", "wild"]),
    passage("b.md", "the lazy brown dog", topic="animals", year=2024),
    passage("c.md", "secret budget of the board", access=["board"], secret_key="x"),
]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[LocalIndex]:
    made = make_index(tmp_path / "index", PASSAGES)
    yield made
    made.close()


def documents(passages: list[Passage]) -> list[str]:
    return [one.document for one in passages]


def lexical(
    index: LocalIndex, query: str, principal: Principal = ANYONE, k: int = 9, **where: object
) -> list[str]:
    return documents(index.lexical(index.snapshot(), query, k, principal=principal, where=where))  # type: ignore[arg-type]


HOSTILE = (
    *('fox" OR "dog', "fox AND dog", "NEAR(fox dog)", "body:fox", "fox*", "^fox", "fox)", "-fox", "fox\x00"),
    "'; DROP TABLE words",
)


@pytest.mark.parametrize("question", HOSTILE)
def test_search_syntax_in_a_question_is_only_text(index: LocalIndex, question: str) -> None:
    assert set(lexical(index, question)) <= {"a.md", "b.md"}


def test_a_question_without_a_word_finds_nothing_by_words(index: LocalIndex) -> None:
    assert lexical(index, "?! -- *") == []


def test_words_match_by_their_stem_and_without_accents(index: LocalIndex) -> None:
    assert lexical(index, "FOXES") == ["a.md"]
    assert lexical(index, "löw quíck") == ["a.md"]


def test_stop_words_are_dropped_unless_there_is_nothing_else() -> None:
    assert content_words("What is the name of the fox?") == ["name", "fox"]
    assert content_words("who is it") == ["who", "is", "it"]
    assert match_query(["not", "near"]) == '"not" OR "near"'


def test_a_long_question_is_cut_to_a_bounded_query() -> None:
    assert len(content_words(" ".join(f"word{at}" for at in range(5000)))) == 48


def test_the_most_common_words_of_a_question_are_left_out_where_they_match_too_much() -> None:
    found = {"azure": 40_000, "key": 9_000, "vault": 5_000, "rotate": 900}
    assert rarest(found, 8_000) == ["vault", "rotate"]
    assert rarest({"azure": 40_000, "key": 9_000}, 8_000) == ["key"]
    assert rarest({}, 8_000) == []


def test_a_word_is_counted_by_the_term_that_the_index_keeps_of_it(tmp_path: Path) -> None:
    terms = Terms()
    assert terms.of(["Foxes", "quíck", "x1", "\u0301"]) == ["fox", "quick", "x1", "\u0301"]
    terms.close()
    index = make_index(tmp_path / "many", [passage(f"{at}.md", f"foxes run {at}") for at in range(1000)])
    reader = Snapshot(tmp_path / "many" / "snapshots" / index.snapshot())
    assert reader.occurrences(["fox", "running", "7"]) == {"fox": 1000, "running": 1000, "7": 1}
    reader.close()
    index.close()


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"topic": "animals"}, {"a.md", "b.md"}),
        ({"topic": ["animals", "plants"], "year": 2024}, {"b.md"}),
        ({"tags": "wild"}, {"a.md"}),
        ({"topic": "plants"}, set()),
        ({"year": "2024"}, set()),
    ],
)
def test_metadata_narrows_a_search(index: LocalIndex, where: dict[str, object], expected: set[str]) -> None:
    assert set(lexical(index, "brown fox dog", **where)) == expected


def test_a_value_fits_only_its_own_type() -> None:
    assert not fits(True, 1)
    assert not fits(1, True)
    assert fits(None, None)


def test_an_unknown_metadata_key_is_refused_and_reveals_no_key_that_the_asker_may_not_read(
    index: LocalIndex,
) -> None:
    with pytest.raises(UserError) as caught:
        lexical(index, "fox", topik="animals")
    assert "topic" in caught.value.fix
    assert "secret_key" not in str(caught.value)


def test_readers_are_decided_by_group(index: LocalIndex) -> None:
    board = Principal(id="b", groups=frozenset({"board"}))
    assert lexical(index, "secret budget", board) == ["c.md"]
    assert lexical(index, "secret budget", STAFF) == []


def test_a_passage_whose_readers_cannot_be_read_is_refused(index: LocalIndex) -> None:
    with pytest.raises(UserError, match="list of groups"):
        index.upsert([passage("d.md", "x", access="staff")], [vector("x").tolist()])


def test_a_document_staged_again_replaces_its_passages(index: LocalIndex) -> None:
    index.upsert([passage("a.md", "the slow white fox")], [vector("the slow white fox").tolist()])
    index.publish()
    assert [one.text for one in index.lexical(index.snapshot(), "fox", 9, principal=ANYONE)] == [
        "the slow white fox"
    ]


def test_a_withdrawn_document_comes_back_only_with_a_new_snapshot(index: LocalIndex, tmp_path: Path) -> None:
    other = LocalIndex(tmp_path / "index")
    assert lexical(other, "fox") == ["a.md"]
    index.tombstone(["a.md"])
    assert lexical(other, "fox") == []
    index.publish()
    assert lexical(other, "fox") == []
    index.upsert([PASSAGES[0]], [vector(PASSAGES[0].text).tolist()])
    index.publish()
    assert lexical(other, "fox") == ["a.md"]
    assert other.facts()["documents"] == 3
    other.close()


def test_withdrawing_takes_a_document_from_what_is_staged(index: LocalIndex) -> None:
    index.upsert([passage("d.md", "new fox")], [vector("new fox").tolist()])
    index.tombstone(["d.md"])
    index.publish()
    assert lexical(index, "new fox") == ["a.md"]


def test_two_passages_with_one_id_are_refused(index: LocalIndex) -> None:
    index.upsert(
        [passage("x.md", "x", id="same"), passage("y.md", "y", id="same")], [vector("x").tolist()] * 2
    )
    with pytest.raises(UserError, match="two passages have the id"):
        index.publish()


def test_a_question_embedded_by_another_model_is_refused(index: LocalIndex) -> None:
    class Other(WordEmbedder):
        spec = SPEC.__class__(provider="test", model="other")

    with pytest.raises(UserError) as caught:
        asyncio.run(retrieve(index, Other(), "fox", 3, principal=ANYONE))
    assert caught.value.code == "GAO-KNOWLEDGE-023"
    with pytest.raises(UserError, match="another model"):
        index.search(index.snapshot(), "fox", [1.0, 0.0], 3, principal=ANYONE)


@pytest.mark.parametrize("k", [0, -1, 1001])
def test_a_senseless_number_of_passages_is_refused(index: LocalIndex, k: int) -> None:
    with pytest.raises(UserError, match="k is"):
        lexical(index, "fox", k=k)


def test_a_damaged_index_says_what_to_do(index: LocalIndex, tmp_path: Path) -> None:
    live = tmp_path / "index" / "snapshots" / index.snapshot()
    (live / "vectors.npy").write_bytes(b"\x93NUMPY nonsense")
    with pytest.raises(OutsideError) as caught:
        LocalIndex(tmp_path / "index").facts()
    assert "genaiops index build" in caught.value.fix
    (tmp_path / "index" / "recipe.json").write_text("{}")
    with pytest.raises(OutsideError):
        LocalIndex(tmp_path / "index")


@pytest.mark.parametrize("table", ["scopes", "titles", "words_data", "passages"])
def test_a_database_that_is_damaged_is_named_whoever_asks(
    index: LocalIndex, tmp_path: Path, table: str
) -> None:
    (database,) = tmp_path.glob("**/passages.db")
    damage(database, table)
    for principal in (ANYONE, STAFF):
        with pytest.raises(OutsideError, match="GAO-KNOWLEDGE-020"):
            index.search(index.snapshot(), "fox", vector("fox"), 3, principal=principal)


def test_an_unknown_snapshot_is_no_way_out_of_the_folder(index: LocalIndex) -> None:
    with pytest.raises(OutsideError):
        index.search(SnapshotId("../../etc"), "x", vector("x").tolist(), 1, principal=ANYONE)


def fully_sorted(scores: Sequence[float]) -> list[int]:
    return sorted(
        (row for row, score in enumerate(scores) if score > -1), key=lambda row: (-scores[row], row)
    )


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0, float("-inf")]), max_size=40), st.integers(1, 10))
def test_the_best_rows_are_those_of_a_full_stable_sort(scores: list[float], k: int) -> None:
    assert [row for row, _ in top_rows(np.array(scores, np.float32), k)] == fully_sorted(scores)[:k]


@pytest.mark.parametrize("allowed", [5000, 300, 7, 0])
def test_the_best_of_many_rows_are_those_of_a_full_stable_sort(allowed: int) -> None:
    random = np.random.default_rng(allowed)
    scores = np.full(5000, -np.inf, np.float32)
    # neighbours, and with ties: the worst for a bound that comes from blocks of rows
    scores[:allowed] = np.round(random.random(allowed), 2)
    for k in (1, 20, 60):
        assert [row for row, _ in top_rows(scores, k)] == fully_sorted(scores.tolist())[:k]


def test_the_identity_of_an_index_is_its_recipe_and_the_hub_shows_what_changed(index: LocalIndex) -> None:
    recipe = index.recipe
    other = Recipe(corpus=recipe.corpus, embedder=recipe.embedder, chunk=ChunkOptions(tokens=200))
    documents = tuple(parse_document(f"{name}.md", f"text of {name}") for name in "abc")
    assert recipe.digest != other.digest
    old, new = (
        index_facts(recipe, Corpus(documents=documents)),
        index_facts(other, Corpus(documents=documents[1:])),
    )
    assert INDEX_KIND.diff(old, new, no_blob) == [
        "chunk.tokens: 130 -> 200",
        "coverage.characters: 27 -> 18",
        "coverage.documents: 3 -> 2",
    ]


@pytest.mark.parametrize(("size", "overlap"), [(8, 0), (100, 51), (100, -1)])
def test_chunks_that_make_no_sense_are_refused(size: int, overlap: int) -> None:
    with pytest.raises(UserError):
        ChunkOptions(tokens=size, overlap=overlap)


@pytest.mark.parametrize(
    "array", [np.arange(5, dtype="<i8"), np.ones((4, 3), "<f4"), np.zeros((0, 0), "<f4")]
)
def test_an_array_is_read_as_it_was_saved_and_nothing_else_is(
    tmp_path: Path, array: NDArray[np.float32]
) -> None:
    file = tmp_path / "array.npy"
    np.save(file, array)
    read: NDArray[np.float32]
    for read in (read_array(file), map_array(file)):
        assert read.dtype == array.dtype
        assert np.array_equal(read, array)
    if array.size:
        file.write_bytes(file.read_bytes()[:-1])
        for open_it in (read_array, map_array):
            with pytest.raises(ValueError, match=r"array|mmap"):
                open_it(file)
    np.save(file, np.array(["text"]))
    with pytest.raises(ValueError, match="no array"):
        read_array(file)


@pytest.mark.parametrize("shape", ["4611686018427387904, 4", "99999999999999,", "9" * 30 + ",", "17,"])
def test_an_array_whose_header_says_more_than_the_file_holds_is_refused(tmp_path: Path, shape: str) -> None:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}\n".encode()
    file = tmp_path / "array.npy"
    file.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(64))
    for open_it in (read_array, map_array):
        with pytest.raises(ValueError, match="only a part"):
            open_it(file)


def test_rows_are_written_alike_whether_they_stand_together_or_not(tmp_path: Path) -> None:
    known, added = (np.arange(rows * 3, dtype="<f4").reshape(rows, 3) + rows for rows in (400, 9))
    together = np.array([*range(90), *range(95, 260), 400, 401, *range(270, 400), 402, 92, *range(403, 409)])
    for chosen in (together, np.random.default_rng(0).permutation(together), together[:0]):
        save_rows(tmp_path / "rows.npy", known, chosen)
        at = np.flatnonzero(chosen >= len(known))
        fill_rows(tmp_path / "rows.npy", added[chosen[at] - len(known)], at)
        written: NDArray[np.float32] = map_array(tmp_path / "rows.npy")
        assert np.array_equal(written.reshape(-1, 3), np.concatenate([known, added])[chosen])
