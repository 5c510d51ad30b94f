"""How a search joins words, vectors, names and what was said before."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.support.knowledge import ANYONE, SPEC, STAFF, WordEmbedder, make_index, passage, vector

from genaiops.core import Passage, Principal, digest_bytes
from genaiops.knowledge import LocalIndex, Query, Recipe, retrieve, retrieve_all
from genaiops.knowledge.fusion import Weights, default_weights, fuse, ordered, with_links
from genaiops.knowledge.links import Titles, name_of, named_in
from genaiops.knowledge.passages import parts_of
from genaiops.knowledge.scripts import folded, script_of
from genaiops.knowledge.trust import trust_in

WEIGHTS = Weights(
    version=0,
    words=0.5,
    tokens=1.0,
    named=0.2,
    history_words=0.2,
    history_vector=1.0,
    trust_power=2,
    tokens_trust_power=3,
)


def titled(id: str, title: str, text: str, **metadata: object) -> Passage:
    return Passage(id=id, text=text, document=id, title=title, metadata=metadata)  # type: ignore[arg-type]


def titled_index(folder: Path, passages: Sequence[Passage]) -> LocalIndex:
    index = LocalIndex.create(folder, Recipe(corpus=digest_bytes(b""), embedder=SPEC))
    index.upsert(passages, [vector(f"{one.title} {one.text}").tolist() for one in passages])
    index.publish()
    return index


def found(index: LocalIndex, query: str, principal: Principal = ANYONE, **options: object) -> list[str]:
    asked = retrieve(index, WordEmbedder(), query, 3, principal=principal, rerank=False, **options)  # type: ignore[arg-type]
    return [one.document for one in asyncio.run(asked)]


def test_a_script_without_spaces_becomes_pairs_of_characters() -> None:
    assert folded("北京大学 A").split() == ["北京", "京大", "大学", "A"]
    assert folded("京 and ภาษา").split() == ["京", "and", "ภา", "าษ", "ษา"]
    assert folded("Plain café") == "Plain café"


def test_arabic_words_are_found_with_and_without_article_marks_and_ending() -> None:
    assert folded("الكِتَاب") == folded("وكتاب") == "كتاب"
    assert folded("مدرسة") == folded("المدرسه")
    assert folded("في") == "في"


@pytest.mark.proves("D-CJK")
def test_a_chinese_question_finds_the_passage_with_its_words(tmp_path: Path) -> None:
    index = make_index(
        tmp_path / "zh", [passage("a", "退款需要十四天才能到账。"), passage("b", "包裹一周内送达。")]
    )
    assert [one.document for one in index.lexical(index.snapshot(), "退款要多久", 5, principal=ANYONE)] == [
        "a"
    ]
    index.close()


@pytest.mark.parametrize(
    ("text", "script"), [("Hello", "LATIN"), ("退款 a", "CJK"), ("كتاب", "ARABIC"), ("12 ?!", "")]
)
def test_the_script_of_a_text_is_that_of_most_letters(text: str, script: str) -> None:
    assert script_of(text) == script


def test_a_sum_weighs_vectors_by_trust_and_words_by_their_share() -> None:
    cosines = np.array([0.8, 0.2, -np.inf, 0.1], np.float32)
    shares = np.array([0.0, 0.6, 0.0, 0.0], np.float32)
    assert fuse(cosines, shares, 2, trust=1.0, weights=WEIGHTS) == {
        0: pytest.approx(0.8),
        1: pytest.approx(0.5),
        3: pytest.approx(0.1),
    }
    distrusted = fuse(cosines, shares, 2, trust=0.5, weights=WEIGHTS)
    assert ordered(distrusted, 1) == [(1, pytest.approx(0.35))]


def test_equal_scores_are_ordered_by_row() -> None:
    assert [row for row, _ in ordered({4: 0.5, 2: 0.5 + 1e-9, 3: 0.6}, 3)] == [3, 2, 4]


def test_the_weights_that_come_along_say_what_they_were_chosen_on() -> None:
    assert default_weights().version == 1
    assert 0 < default_weights().words < 1


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Titanic (1997 film)", "titanic"),
        ("Ada", ""),
        ("The Long Way Home From The Sea", ""),
        ("José Müller", "josé müller"),
    ],
)
def test_a_title_is_a_name_where_it_is_short_but_not_too_short(title: str, name: str) -> None:
    assert name_of(title) == name


def test_a_title_that_many_passages_bear_names_none_of_them() -> None:
    titles = Titles({"normans": [0, 1, 2, 3], "rollo": [4, 5]})
    assert named_in("Rollo and the Normans", titles, lambda _: True) == {4: "rollo", 5: "rollo"}


@pytest.mark.proves("D-NO-LEAK-STATISTICS")
def test_who_bears_a_title_is_counted_among_what_one_may_read() -> None:
    titles = Titles({"normans": [0, 1, 2, 3]})
    assert named_in("the Normans", titles, lambda row: row > 0) == dict.fromkeys([1, 2, 3], "normans")


def test_names_are_whole_words() -> None:
    titles = Titles({"rollo": [1], "new york": [2]})
    assert named_in("Rollo sailed to New York; Rollos stayed", titles, lambda _: True) == {
        1: "rollo",
        2: "new york",
    }


@pytest.mark.proves("D-LINKS")
def test_what_the_first_passage_names_comes_up_with_it(tmp_path: Path) -> None:
    passages = [
        titled("film", "Quiet Harbour", "Quiet Harbour is a film directed by Mara Lindqvist."),
        titled("person", "Mara Lindqvist", "She was born in Uppsala."),
        titled("other", "Old Boats", "Where boats were born and built, nobody knows."),
        titled("more", "Born Free", "A film about a lion that was born and freed."),
    ]
    index = titled_index(tmp_path / "links", passages)
    assert found(index, "where was the director of Quiet Harbour born")[:2] == ["film", "person"]
    index.close()


@pytest.mark.proves("D-LINKS")
def test_a_name_leads_to_no_passage_that_the_asker_may_not_read(tmp_path: Path) -> None:
    passages = [
        titled("film", "Quiet Harbour", "Quiet Harbour is a film directed by Mara Lindqvist."),
        titled("person", "Mara Lindqvist", "Born in Uppsala.", access=["board"]),
        titled("other", "Boats", "Nothing."),
    ]
    index = titled_index(tmp_path / "secret", passages)
    assert "person" not in found(index, "Quiet Harbour Mara Lindqvist", STAFF)
    assert "person" in found(
        index, "Quiet Harbour Mara Lindqvist", Principal(id="b", groups=frozenset({"board"}))
    )
    index.close()


def test_without_titles_nothing_is_linked() -> None:
    def never(rows: Sequence[int]) -> Sequence[str]:
        raise AssertionError(rows)

    assert with_links({1: 0.5}, "anything", Titles({}), bool, never, lambda rows: {}, 0.3) == {1: 0.5}


@pytest.mark.proves("D-REWRITE")
def test_what_was_said_before_decides_where_a_question_alone_cannot(tmp_path: Path) -> None:
    passages = [
        passage("refund", "A refund takes long, two weeks."),
        passage("parcel", "A parcel takes long, one week."),
        passage("phone", "Support answers the phone."),
    ]
    index = make_index(tmp_path / "said", passages)
    assert found(index, "how long?", history=["I want a refund"])[0] == "refund"
    assert found(index, "how long?", history=["where is my parcel", "the parcel"])[0] == "parcel"
    index.close()


def test_an_empty_query_among_others_finds_nothing(tmp_path: Path) -> None:
    index = make_index(tmp_path / "some", [passage("a", "red fox"), passage("b", "grey wolf")])
    queries = [Query("wolf"), Query(" "), Query("fox", ("  ",))]
    answers = asyncio.run(retrieve_all(index, WordEmbedder(), queries, 1, principal=ANYONE))
    assert [[one.document for one in some] for some in answers] == [["b"], [], ["a"]]
    index.close()


def words_in(text: str) -> int:
    return len(text.split())


def test_a_long_passage_is_read_whole_and_in_parts_under_its_title() -> None:
    long = titled("a", "Title", " ".join(f"w{at}" for at in range(100)))
    whole, *parts = parts_of(long, words_in, 40)
    assert whole == f"Title\n{long.text}"
    assert all(part.startswith("Title\n") and words_in(part) <= 40 for part in parts)
    assert {word for part in parts for word in part.split()} >= set(long.text.split())
    assert parts_of(titled("b", "", "short"), words_in, 40) == ["short"]


def test_a_text_without_spaces_is_cut_too() -> None:
    parts = parts_of(titled("a", "", "字" * 1000), len, 100)
    assert all(len(part) <= 100 for part in parts[1:])


@pytest.mark.proves("D-PARTS")
def test_a_passage_is_as_near_as_its_nearest_part(tmp_path: Path) -> None:
    index = LocalIndex.create(tmp_path / "parts", Recipe(corpus=digest_bytes(b""), embedder=SPEC))
    two = np.stack([vector("apples"), vector("needle")])
    index.upsert([passage("a", "x"), passage("b", "y")], [two, vector("pears")])
    index.publish()
    (best, _) = index.dense(index.snapshot(), vector("needle"), 2, principal=ANYONE)
    assert (best.document, best.score) == ("a", pytest.approx(1.0))
    index.upsert([passage("c", "z")], [vector("needle")])
    index.publish()
    again = index.dense(index.snapshot(), vector("needle"), 3, principal=ANYONE)
    assert {one.document for one in again[:2]} == {"a", "c"}
    index.close()


class Blind(WordEmbedder):
    """Sees no difference between texts."""

    async def embed(self, texts: Sequence[str], kind: str) -> np.ndarray:  # type: ignore[override]
        return np.stack([vector("same") for _ in texts])


@pytest.mark.proves("D-TRUST")
def test_an_embedder_is_trusted_by_how_it_finds_passages_by_their_own_words(tmp_path: Path) -> None:
    texts = [f"Number {at} stands alone in its row {at * 7919} today." for at in range(30)]
    index = make_index(tmp_path / "seen", [passage(f"{at}", text) for at, text in enumerate(texts)])
    asyncio.run(index.measure(WordEmbedder()))
    assert index.trust("what?") == 1.0
    asyncio.run(index.measure(Blind()))
    assert index.trust("what?") < 0.5
    assert LocalIndex(index.folder).trust("what?") == index.trust("what?"), "it is kept"
    index.close()


def test_a_corpus_too_small_to_measure_trusts_and_asks_nothing(tmp_path: Path) -> None:
    index = make_index(tmp_path / "few", [passage("a", "A sentence that is long enough.")])
    embedder = WordEmbedder()
    asyncio.run(index.measure(embedder))
    assert (index.trust("x"), embedder.embedded) == (1.0, [])
    assert trust_in({"LATIN": 0.9, "": 0.4}, "退款") == 0.4
    index.close()
