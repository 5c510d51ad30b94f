"""Reading a folder of documents, and every way in which it can be wrong."""

from pathlib import Path

import pytest
from tests.support.kinds import no_blob

from genaiops.core import UserError
from genaiops.knowledge import CORPUS_KIND, LeftOut, corpus_blobs, corpus_facts, parse_document, read_corpus


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.md").write_text("---\ntitle: Guide\nlicence: MIT\ndate: 2024-01-02\n---\n# Head\n\nText.\n")
    (folder / "sub" / "b.txt").write_text("plain text\n")
    return folder


def refused(folder: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        read_corpus(folder)
    return caught.value


def left_out(folder: Path) -> LeftOut:
    corpus = read_corpus(folder)
    assert {"a.md", "sub/b.txt"} <= {document.path for document in corpus.documents}
    (only,) = corpus.left_out
    assert only.reason == "refused"
    return only


def test_markdown_and_text_are_read_and_other_files_are_named(docs: Path) -> None:
    (docs / "image.png").write_bytes(b"\x89PNG\x00")
    (docs / ".hidden.md").write_text("no")
    corpus = read_corpus(docs)
    assert [(document.id, document.title) for document in corpus.documents] == [
        ("a.md", "Guide"),
        ("sub/b.txt", "b"),
    ]
    assert corpus.documents[0].metadata == {"licence": "MIT", "date": "2024-01-02"}
    assert corpus.ignored == ("image.png",)


def test_the_title_is_the_first_heading_where_none_is_given() -> None:
    assert parse_document("x.md", "intro\n\n# The *big* [guide](http://x)\n").title == "The big guide"
    assert parse_document("how_to-do.txt", "# not markdown").title == "how to do"


def test_the_digest_follows_content_and_names_but_not_line_ends(docs: Path) -> None:
    first = read_corpus(docs).digest
    (docs / "a.md").write_bytes((docs / "a.md").read_bytes().replace(b"\n", b"\r\n"))
    assert read_corpus(docs).digest == first
    (docs / "sub" / "b.txt").rename(docs / "sub" / "c.txt")
    assert read_corpus(docs).digest != first


def test_an_absent_or_empty_folder_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "nowhere").code == "GAO-KNOWLEDGE-010"
    (tmp_path / "data.bin").write_bytes(b"data")
    error = refused(tmp_path)
    assert error.code == "GAO-KNOWLEDGE-011"
    assert "1 file(s) of other kinds" in error.why


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"one\ntwo\x00\n", "GAO-KNOWLEDGE-015", 2),
        (b"one\ntwo\nthr\xffee\n", "GAO-KNOWLEDGE-016", 3),
        (b"---\ntitle: x\n", "GAO-CORE-011", 1),
        (b"---\ntitle: [\n---\n", "GAO-CORE-010", 3),
        (b"---\ntitle: a\ntitle: b\n---\n", "GAO-CORE-010", 3),
        (b"---\nx: !!python/object:os.system a\n---\n", "GAO-CORE-010", 2),
        (b"---\nlicence: x\naccess: []\n---\n", "GAO-KNOWLEDGE-017", 3),
        (b"---\naccess:\n---\n", "GAO-KNOWLEDGE-017", 2),
        (b"---\naccess: [1]\n---\n", "GAO-KNOWLEDGE-017", 2),
        (b"---\nacces: [staff]\n---\n", "GAO-KNOWLEDGE-017", 2),
        (b"---\nAccess: [staff]\n---\n", "GAO-KNOWLEDGE-017", 2),
        (b"---\ntitle: [a]\n---\n", "GAO-KNOWLEDGE-017", 2),
    ],
)
def test_a_document_that_cannot_be_used_is_left_out_and_named_with_its_line(
    docs: Path, content: bytes, code: str, line: int
) -> None:
    (docs / "bad.md").write_bytes(content)
    error = left_out(docs)
    assert (error.path, error.code) == ("bad.md", code)
    assert f"bad.md:{line}" in error.where


@pytest.mark.proves("D-BAD-ENORMOUS")
def test_an_enormous_document_is_left_out_before_it_is_read(docs: Path) -> None:
    with (docs / "big.txt").open("wb") as file:
        file.truncate(11_000_000)
    assert left_out(docs).code == "GAO-KNOWLEDGE-014"


def test_of_two_documents_with_one_id_the_first_is_in(docs: Path) -> None:
    (docs / "c.md").write_text("---\nid: same\n---\nx\n")
    (docs / "d.md").write_text("---\nid: same\n---\ny\n")
    error = left_out(docs)
    assert (error.code, error.where) == ("GAO-KNOWLEDGE-018", "d.md")
    assert "c.md" in error.why


def test_a_link_out_of_the_folder_is_not_followed(docs: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("secret")
    (docs / "link.md").symlink_to(tmp_path / "secret.md")
    error = left_out(docs)
    assert (error.path, error.code) == ("link.md", "GAO-KNOWLEDGE-012")


def test_a_linked_folder_out_of_the_corpus_is_not_followed(docs: Path, tmp_path: Path) -> None:
    (tmp_path / "else").mkdir()
    (docs / "link").symlink_to(tmp_path / "else", target_is_directory=True)
    error = left_out(docs)
    assert (error.path, error.code) == ("link", "GAO-KNOWLEDGE-012")


def test_the_hub_is_told_each_document_and_what_changed(docs: Path) -> None:
    old = corpus_facts(read_corpus(docs))
    (docs / "a.md").write_text("---\naccess: [staff]\n---\nother\n")
    (docs / "new.md").write_text("new")
    (docs / "sub" / "b.txt").unlink()
    corpus = read_corpus(docs)
    new = corpus_facts(corpus)
    assert CORPUS_KIND.diff(old, new, no_blob) == [
        "documents: 2 -> 2",
        "- sub/b.txt",
        "+ new.md",
        "~ a.md (text, title, metadata, access: everyone -> staff)",
    ]
    assert CORPUS_KIND.closure(new) == corpus_blobs(corpus).keys()
