"""Whatever a file holds, reading it ends in a value or in one clear error."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.files import Put, docx, para, pdf, table

from genaiops.core import UserError, read_front_matter, read_yaml
from genaiops.knowledge import parse_document
from genaiops.knowledge.formats import docx as word
from genaiops.knowledge.formats import html
from genaiops.knowledge.formats import pdf as paper
from genaiops.knowledge.formats.composing import compose
from genaiops.knowledge.formats.model import CannotParse, Parsed
from genaiops.prompts import Prompt, parse_prompt

YAMLISH = st.text(alphabet="ab:-[]{}&*!|>'\"#,\n \t0.?%@\\~<=") | st.text(max_size=60)
PROMPTISH = st.lists(
    st.sampled_from(
        ["# user\n", "# system\n", "{{ x }}", "{% if x %}", "{% endif %}", "{% for", "%}", "}}", "{#"]
    )
    | st.text(max_size=20)
)


def refusal(read: Callable[[], object]) -> UserError | None:
    """Return the error that `read` ends in; None where it ends in a value."""
    try:
        read()
    except UserError as error:
        return error
    return None


@given(YAMLISH)
def test_any_yaml_is_a_value_or_an_error_with_its_place(text: str) -> None:
    error = refusal(lambda: read_yaml(text, "f.yaml"))
    assert error is None or error.where.startswith("f.yaml")


@given(YAMLISH)
def test_any_front_matter_is_a_mapping_or_an_error_with_its_line(text: str) -> None:
    whole = f"---\n{text}\n---\nbody"
    error = refusal(lambda: read_front_matter(whole, "f.md"))
    if error:
        assert error.where.startswith("f.md:")
    else:
        front = read_front_matter(whole, "f.md")
        assert isinstance(front.values, dict)
        assert whole[front.body_start :].endswith("body")


@given(YAMLISH, st.sampled_from(["a.md", "a.txt"]))
def test_any_document_is_read_or_refused(text: str, path: str) -> None:
    for whole in (text, f"---\n{text}\n---\n# T\n"):
        with suppress(UserError):
            document = parse_document(path, whole)
            assert 0 <= document.body_start <= len(document.text)


@given(PROMPTISH.map("".join))
def test_any_prompt_is_rendered_or_refused(text: str) -> None:
    with suppress(UserError):
        head, turns = parse_prompt(text, "p.md")
        Prompt(name=head.name or "p", turns=turns).render(x="value")


@pytest.mark.parametrize("text", ["[" * 10_000, "a: &a [1]\nb: *a\n", "{" * 500, "- " * 5_000])
def test_a_deep_or_aliased_yaml_is_refused(text: str) -> None:
    error = refusal(lambda: read_yaml(text, "f.yaml"))
    assert error is not None
    assert error.where.startswith("f.yaml:")


TAGS = (
    *("<p>", "</p>", "<table>", "<tr>", "<td rowspan=9 colspan=0>", "<li>", "<ul>", "<pre>", "<h2>", "</h2>"),
    *(
        "<p style='",
        "color:white",
        "display:none",
        "'>",
        "<style>",
        "a{b:c}",
        "</style>",
        "&#0;",
        "<!--",
        "|",
    ),
)
HTMLISH = st.lists(st.sampled_from(TAGS) | st.text(max_size=20)).map("".join)


def read_by(parse: Callable[[bytes], Parsed], content: bytes) -> None:
    """Read as the worker does: what cannot be parsed is refused, and what can be has its blocks in place."""
    with suppress(CannotParse):
        composed = compose(parse(content))
        written = [composed.text[block.start : block.end] for block in composed.blocks]
        assert "\n\n".join(written) == composed.text.removesuffix("\n")
        assert list(composed.pages) == sorted(composed.pages)


@given(st.binary(max_size=200) | HTMLISH.map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_a_page_of_html_or_refused(content: bytes) -> None:
    read_by(html.parse, content)


GOOD_DOCX = docx(para("Title", style="H1"), para("one", number="1"), table([["a", "b"], ["c", "d"]]))


@given(st.integers(0, len(GOOD_DOCX) - 1), st.binary(min_size=1, max_size=8))
def test_a_docx_that_was_damaged_anywhere_is_read_or_refused(at: int, bytes_: bytes) -> None:
    read_by(word.parse, GOOD_DOCX[:at] + bytes_ + GOOD_DOCX[at + len(bytes_) :])


@given(st.lists(st.sampled_from(["w:p", "w:r", "w:t", "w:tbl", "w:tr", "w:tc", "w:sdt"]), max_size=12))
def test_a_docx_of_elements_in_any_order_is_read(tags: list[str]) -> None:
    blocks = "".join(f"<{tag}>" for tag in tags) + "x" + "".join(f"</{tag}>" for tag in reversed(tags))
    read_by(word.parse, docx(blocks))


GOOD_PDF = pdf([[Put("Words on a page", 700), Put("and more of them", 680)]])


@given(st.integers(0, len(GOOD_PDF) - 1), st.binary(min_size=1, max_size=8))
def test_a_pdf_that_was_damaged_anywhere_is_read_or_refused(at: int, bytes_: bytes) -> None:
    read_by(paper.parse, GOOD_PDF[:at] + bytes_ + GOOD_PDF[at + len(bytes_) :])
