"""Whatever a file holds, reading it ends in a value or in one clear error."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genaiops.core import UserError, read_front_matter, read_yaml
from genaiops.knowledge import parse_document
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
