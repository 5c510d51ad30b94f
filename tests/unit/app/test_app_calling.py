"""How an app's function is found and called, and what its failures read like."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from genaiops import Context
from genaiops.app.calling import Calling, describe, load_function
from genaiops.core import UserError

INPUTS = {"question": "why", "history": ["a"]}
CTX = object()


def called(function: Any, inputs: Mapping[str, Any] = INPUTS) -> Any:
    positional, named = Calling.of(function).arguments(inputs, CTX)
    return function(*positional, **named)


@pytest.fixture
def import_path() -> Iterator[None]:
    before, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = before
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def test_inputs_and_ctx_get_both() -> None:
    assert called(lambda inputs, ctx: (inputs, ctx)) == (INPUTS, CTX)


def test_the_second_parameter_after_inputs_is_the_context_whatever_its_name() -> None:
    assert called(lambda inputs, c: (inputs, c)) == (INPUTS, CTX)


def test_inputs_alone_gets_all_inputs() -> None:
    assert called(lambda inputs: inputs) == INPUTS


def test_parameters_named_like_inputs_get_them() -> None:
    assert called(lambda question, ctx, history=(): (question, history, ctx)) == ("why", ["a"], CTX)


def test_a_single_input_goes_to_a_single_parameter() -> None:
    assert called(lambda q: q, {"question": "why"}) == "why"


def test_a_parameter_annotated_as_a_mapping_gets_all_inputs() -> None:
    def answer(data: dict[str, Any], context: "Context") -> object:
        return data, context

    assert called(answer) == (INPUTS, CTX)


def test_an_input_called_context_is_an_input() -> None:
    assert called(lambda question, context: (question, context), {"question": "q", "context": "c"}) == (
        "q",
        "c",
    )


def test_positional_only_parameters_are_served() -> None:
    def answer(inputs: dict[str, Any], ctx: Context, /) -> object:
        return inputs, ctx

    assert called(answer) == (INPUTS, CTX)


@pytest.mark.parametrize("function", [lambda: 1, lambda query: query, lambda question, other: 1])
def test_parameters_that_do_not_fit_are_refused_with_both_lists(function: Any) -> None:
    with pytest.raises(UserError, match="do not fit") as caught:
        called(function)
    assert "question, history" in caught.value.why


@pytest.mark.usefixtures("import_path")
def test_a_function_is_loaded_from_the_project_and_from_its_src(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app_inner_one.py").write_text(
        "class A:\n    def run(self): ...\n    made = staticmethod(len)\n"
    )
    assert load_function("app_inner_one:A.made", tmp_path) is len


@pytest.mark.usefixtures("import_path")
@pytest.mark.parametrize(
    ("code", "target", "says"),
    [
        ("import langchain_that_is_missing", "app_x:answer", "langchain_that_is_missing"),
        ("", "app_absent:answer", "app_absent.py"),
        ("answer = 3", "app_x:answer", "not a function"),
        ("", "app_x:answer", "has no 'answer'"),
        ("def answer(:", "app_x:answer", "app_x.py:1"),
        ("import sys; sys.exit(4)", "app_x:answer", "sys.exit(4)"),
        ("1/0", "app_x:answer", "app_x.py:1"),
        ("", "json:loads", "not imported from the project"),
    ],
)
def test_an_app_that_cannot_be_loaded_says_why(tmp_path: Path, code: str, target: str, says: str) -> None:
    (tmp_path / "app_x.py").write_text(code)
    with pytest.raises(UserError) as caught:
        load_function(target, tmp_path)
    assert says in str(caught.value)
    assert target in caught.value.where


def test_a_failure_reads_type_message_and_the_users_own_line_bounded_and_plain(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def answer(x):\n    return int('\\x1b[31m' + 'z' * 5000)\n")
    space: dict[str, Any] = {}
    exec(compile((tmp_path / "app.py").read_text(), str(tmp_path / "app.py"), "exec"), space)
    with pytest.raises(ValueError, match="invalid literal") as caught:
        space["answer"](1)
    text = describe(caught.value, tmp_path)
    assert text.startswith("ValueError: invalid literal")
    assert text.endswith("(app.py:2 in answer)")
    assert len(text) <= 2000
    assert "\x1b" not in text


def test_an_error_whose_message_fails_is_still_described(tmp_path: Path) -> None:
    class Evil(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert describe(Evil(), tmp_path).startswith("Evil: ")


def test_our_own_errors_are_told_by_code_and_fix(tmp_path: Path) -> None:
    text = describe(UserError("GAO-X-1", "no", why="because", fix="do", where=f"{tmp_path}/a.md"), tmp_path)
    assert text == "GAO-X-1: no (a.md) · because · do"
