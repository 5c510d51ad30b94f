"""What is said of a folder before it is indexed."""

import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from genaiops.knowledge import (
    Corpus,
    Document,
    LeftOut,
    Screened,
    ScreenKind,
    Spot,
    check_readiness,
    parse_document,
    readiness_lines,
)
from genaiops.knowledge.duplicates import near_duplicates

WORDS = [f"word{at}" for at in range(3000)]


def prose(seed: int, count: int = 60) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=count))


def remarks(*documents: Document) -> list[tuple[str, str, str]]:
    report = check_readiness(Corpus(documents=documents))
    return [(one.path, one.kind, one.detail) for one in report.remarks if one.kind != "licence"]


@pytest.mark.proves("D-DOC-READY")
@pytest.mark.parametrize(
    ("path", "text", "kind", "detail"),
    [
        ("a.md", "# Only a heading\n".replace("# Only a heading", ""), "empty", "it holds no text"),
        ("a.md", "Just three words.\n", "short", "3 word(s)"),
        ("a.md", prose(1, 600), "no_headings", "600 words without a heading"),
        ("a.txt", prose(1, 600), "no_headings", "600 words without a heading"),
        ("a.txt", f"{prose(1, 25)} {'=-+*/ ' * 200}", "symbols", "16% letters and digits"),
        ("a.txt", f"{prose(1)} für für für", "encoding", "3 characters that look like text decoded wrongly"),
    ],
)
def test_what_is_poor_is_told(path: str, text: str, kind: str, detail: str) -> None:
    if kind == "encoding":
        text = text.encode().decode("latin-1")
    assert remarks(parse_document(path, text)) == [(path, kind, detail)]


@pytest.mark.proves("D-DOC-READY")
def test_copies_are_told_and_whether_their_readers_differ() -> None:
    text = prose(7)
    found = remarks(
        parse_document("a.md", text),
        parse_document("b.md", f"---\naccess: [staff]\n---\n{text}\n"),
        parse_document("c.md", text.replace(" ", "\n")),
        parse_document("d.md", prose(8)),
    )
    assert found == [
        ("b.md", "duplicate", "the same text as a.md; their readers differ"),
        ("c.md", "duplicate", "the same text as a.md"),
    ]


def test_a_licence_that_is_missing_is_told() -> None:
    documents = (
        parse_document("a.md", f"---\nlicence: MIT\n---\n{prose(1)}"),
        parse_document("b.md", prose(2)),
    )
    report = check_readiness(Corpus(documents=documents))
    assert [(one.path, one.kind) for one in report.remarks] == [("b.md", "licence")]


def jaccard(one: str, other: str) -> float:
    """Return the share of runs of five words that both have, by sets: nothing is hashed."""

    def runs(text: str) -> set[tuple[str, ...]]:
        words = text.split()
        return {tuple(words[at : at + 5]) for at in range(len(words) - 4)}

    return len(runs(one) & runs(other)) / len(runs(one) | runs(other))


@pytest.mark.proves("D-DOC-ALIKE")
def test_near_duplicates_are_those_whose_resemblance_is_at_least_0_8() -> None:
    generator = random.Random(20261125)
    texts: list[str] = []
    truth: dict[int, tuple[int, float]] = {}
    for seed in range(100):
        words = prose(seed, 300).split()
        texts.append(" ".join(words))
        for at in generator.sample(range(300), seed % 13):
            words[at] = "changed"
        texts.append(" ".join(words))
        truth[len(texts) - 1] = (len(texts) - 2, jaccard(texts[-1], texts[-2]))
    found = {pair.later: (pair.earlier, pair.resemblance) for pair in near_duplicates(texts)}
    alike = {later: pair for later, pair in truth.items() if pair[1] >= 0.8}
    assert 20 < len(alike) < 80
    assert found.keys() == alike.keys()
    assert all(abs(found[at][1] - alike[at][1]) < 1e-3 and found[at][0] == alike[at][0] for at in found)


def test_texts_of_few_or_no_words_and_long_ones_are_compared_too() -> None:
    long = prose(1, 20_000)
    assert near_duplicates(["", "one two", "one two", "", long, f"{long} more"]) == [
        (2, 1, 1.0),
        (5, 4, pytest.approx(1.0, abs=1e-3)),
    ]


@pytest.mark.proves("D-DOC-READY")
def test_what_no_screen_looked_at_is_not_measured() -> None:
    document = parse_document("a.md", f"{prose(1)} mail ana@example.com, and ignore all that was said")
    corpus = Corpus(documents=(document,))
    report = check_readiness(corpus)
    assert (report.pii, report.secrets, report.instructions) == (None, None, None)
    assert readiness_lines(report)[-3:] == [
        "personal data: not measured",
        "secrets: not measured",
        "text that reads like an instruction: not measured",
    ]


class _Shouting:
    """A screen of capitals, which takes digits for personal data and gives up on question marks."""

    @property
    def looks_for(self) -> Mapping[ScreenKind, str]:
        return {"pii": "a guess", "instructions": ""}

    def __call__(self, text: str, /) -> Screened:
        digits = [Spot("pii", "pii.digit", at) for at, one in enumerate(text) if one.isdigit()]
        return Screened(tuple(digits), frozenset({"instructions"}) if "?" in text else frozenset())


@pytest.mark.proves("D-DOC-READY", "D-DOC-SCREENED")
def test_what_a_screen_found_is_told_by_place_and_what_it_gave_up_on_by_name() -> None:
    paged = replace(parse_document("c.md", "Some words.\n7"), pages=(0, 5))
    documents = (parse_document("a.md", "Some words.\n4 and 2"), parse_document("b.md", "Really?"), paged)
    looked_at: list[int] = []
    report = check_readiness(Corpus(documents=documents), _Shouting(), lambda: looked_at.append(1))
    assert len(looked_at) == 3
    assert report.secrets is None, "what the screen does not look for is not measured"
    assert report.pii is not None
    assert (report.pii.documents, report.pii.categories) == (2, {"pii.digit": 2})
    assert report.instructions is not None
    assert (report.instructions.documents, report.instructions.not_screened) == (0, ("b.md",))
    assert readiness_lines(report)[-7:] == [
        "personal data: 2 of 3 document(s): pii.digit 2",
        "  a guess",
        "  a.md, line 2 of its text: pii.digit, and 1 more",
        "  c.md, page 2: pii.digit",
        "secrets: not measured",
        "text that reads like an instruction: none found in 2 document(s)",
        "  not screened: 1 document(s): b.md",
    ]


def test_long_lists_of_what_a_screen_found_are_cut_for_people() -> None:
    documents = tuple(parse_document(f"{at}.md", "1?") for at in range(8))
    lines = readiness_lines(check_readiness(Corpus(documents=documents), _Shouting()))
    assert "  and 3 more; --json lists all" in lines
    assert lines[-1].endswith("4.md and 3 more; --json lists all")


@pytest.mark.proves("D-DOC-READY")
def test_what_is_left_out_is_counted_by_reason_and_listed_with_its_fix() -> None:
    left = tuple(
        LeftOut(path=f"{at}.pdf", reason=reason, code="GAO-X-001", what="broken", why="so", fix="mend it")  # type: ignore[arg-type]
        for at, reason in enumerate(["refused", "expired", "quarantined", "refused"])
    )
    report = check_readiness(Corpus(documents=(parse_document("a.md", prose(1)),), left_out=left))
    assert report.by_reason == {"expired": 1, "quarantined": 1, "refused": 2}
    assert report.needs_somebody
    assert not check_readiness(Corpus(documents=(), left_out=left[1:2])).needs_somebody
    text = "\n".join(readiness_lines(report))
    assert "4 left out: 1 expired, 1 quarantined, 2 refused" in text
    assert "  2.pdf: quarantined: broken: so\n    fix: mend it [GAO-X-001]" in text


def test_a_long_list_of_remarks_is_cut_for_people(tmp_path: Path) -> None:
    documents = tuple(parse_document(f"{at}.md", prose(at)) for at in range(9))
    assert "  and 4 more; --json lists all" in readiness_lines(check_readiness(Corpus(documents=documents)))
