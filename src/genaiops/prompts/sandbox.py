"""Templates that can neither run away nor reach out.

Jinja cannot be interrupted, so a template may only use what is bounded: expressions, conditions, loops that
are counted, `range`, and a list of filters. No macro, no include, no assignment, no call of a method; what
could multiply a text (`*`, `**`, `%`, `replace` and `join` with long arguments) is refused or limited.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

from jinja2 import StrictUndefined, nodes, pass_context
from jinja2.exceptions import SecurityError, TemplateSyntaxError, UndefinedError
from jinja2.meta import find_undeclared_variables
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from genaiops.core import UserError, encode, one_line

MAX_OUTPUT = 200_000
"""Characters of one rendered prompt."""
MAX_STEPS = 20_000
"""Rounds of all loops of one rendering together."""
MAX_RANGE = 1_000
MAX_SECONDS = 2.0
MAX_SOURCE = 100_000

_METER = "meter of this rendering"  # not an identifier: a template cannot name it
_KEPT_FILTERS = (
    "abs capitalize count d default dictsort first float groupby int items last length list lower map "
    "max min reject rejectattr reverse round select selectattr sort string sum title trim "
    "truncate unique upper wordcount"
)
_NODES = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.For,
    nodes.If,
    nodes.Expr,
    nodes.Helper,
)
_METHODS = frozenset({"items", "keys", "values", "get"})


_FAILURES = (
    UndefinedError,
    SecurityError,
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RecursionError,
)


class _Meter:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until = clock() + MAX_SECONDS
        self._steps = 0

    def step(self) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise SecurityError(f"its loops take more than {MAX_STEPS:,} rounds")
        self.check_time()

    def check_time(self) -> None:
        if self._clock() > self._until:
            raise SecurityError(f"it takes longer than {MAX_SECONDS:g} s")


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if not all(isinstance(side, int | float) for side in (left, right)):
            raise SecurityError(f"{operator} is for numbers")
        return super().call_binop(context, operator, left, right)

    def call(self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        for name in ("_loop_vars", "_block_vars"):  # what Jinja adds for callables that ask for a context
            kwargs.pop(name, None)
        if __obj is _range or _is_mapping_method(__obj):
            return __obj(*args, **kwargs)
        raise SecurityError("nothing can be called but range, and items, keys, values and get of a mapping")


def _is_mapping_method(thing: object) -> bool:
    owner = getattr(thing, "__self__", None)
    return isinstance(owner, dict) and getattr(thing, "__name__", "") in _METHODS


def _range(*args: int) -> range:
    numbers = range(*args)
    if len(numbers) > MAX_RANGE:
        raise SecurityError(f"range is longer than {MAX_RANGE:,}")
    return numbers


@pass_context
def _metered(context: Context, things: Iterable[object]) -> Iterator[object]:
    meter = cast(_Meter, context.parent[_METER])
    for thing in things:
        meter.step()
        yield thing


def _join(things: Iterable[object], separator: str = "", attribute: str | None = None) -> str:
    if len(separator) > 100:
        raise SecurityError("join takes a separator of at most 100 characters")
    if attribute is not None:
        raise SecurityError("join takes no attribute; use map(attribute=…) before it")
    return separator.join(str(thing) for thing in things)


def _replace(text: object, old: str, new: str) -> str:
    if len(new) > max(len(old), 20):
        raise SecurityError("replace puts at most 20 characters in for each match")
    if not old:
        raise SecurityError("replace needs something to look for")
    return str(text).replace(old, new)


def _indent(text: object, width: int = 4, first: bool = False) -> str:
    if not 0 <= width <= 40:
        raise SecurityError("indent takes a width of at most 40")
    lines = str(text).split("\n")
    return "\n".join(" " * width + line if line and (at or first) else line for at, line in enumerate(lines))


def _tojson(value: object) -> str:
    return json.dumps(encode(value), ensure_ascii=False, sort_keys=True)


def _environment() -> _Sandbox:
    # optimized=False: constants are not folded, so nothing of the template runs while it is compiled
    sandbox = _Sandbox(undefined=StrictUndefined, optimized=False, autoescape=False, trim_blocks=True)
    sandbox.lstrip_blocks = True
    filters = cast("dict[str, Any]", sandbox.filters)
    kept = {name: filters[name] for name in _KEPT_FILTERS.split()}
    filters.clear()
    filters.update(kept)
    filters.update({"join": _join, "replace": _replace, "indent": _indent, "tojson": _tojson})
    filters[_METER] = _metered
    sandbox.globals.clear()
    cast("dict[str, Any]", sandbox.globals)["range"] = _range
    return sandbox


class TurnTemplate:
    """A template of one turn, checked when it is made. `where` and `line` are for error messages."""

    def __init__(self, source: str, where: str, line: int) -> None:
        self._where = where
        self._line = line
        if len(source) > MAX_SOURCE:
            raise self._bad(f"it is longer than {MAX_SOURCE:,} characters", line)
        sandbox = _environment()
        try:
            tree = sandbox.parse(source)
            self._check(tree)
            self.variables = frozenset(find_undeclared_variables(tree) - {"range"})
            _count_rounds(tree)
            self._template = sandbox.from_string(tree)
        except TemplateSyntaxError as error:
            raise self._bad(error.message or "it cannot be parsed", line + error.lineno - 1) from error
        except RecursionError as error:
            raise self._bad("it is nested too deeply", line) from error

    def render(self, values: Mapping[str, object], clock: Callable[[], float] = time.monotonic) -> str:
        """Return the text; raises `UserError` for a missing value and for what exceeds the limits."""
        meter = _Meter(clock)
        pieces: list[str] = []
        size = 0
        try:
            context = self._template.new_context({**values, _METER: meter})
            for piece in self._template.root_render_func(context):
                size += len(piece)
                if size > MAX_OUTPUT:
                    raise SecurityError(f"it becomes longer than {MAX_OUTPUT:,} characters")
                meter.check_time()
                pieces.append(piece)
        except _FAILURES as error:
            raise self._failed(error) from error
        return "".join(pieces)

    def _check(self, tree: nodes.Template) -> None:
        for node in tree.find_all(nodes.Node):
            if not isinstance(node, _NODES) or isinstance(node, nodes.Concat | nodes.Pow | nodes.NSRef):
                kind = type(node).__name__.lower()
                raise self._bad(f"{kind} is not allowed in a prompt", self._line + node.lineno - 1)
            if isinstance(node, nodes.For) and node.recursive:
                raise self._bad("a loop may not be recursive", self._line + node.lineno - 1)

    def _bad(self, why: str, line: int) -> UserError:
        return UserError(
            "GAO-PROMPTS-001",
            "the prompt's template is not allowed",
            why=one_line(why),
            fix="docs/prompts.md lists what a template may use",
            where=f"{self._where}:{line}",
        )

    def _failed(self, error: Exception) -> UserError:
        missing = isinstance(error, UndefinedError)
        return UserError(
            "GAO-PROMPTS-002" if missing else "GAO-PROMPTS-003",
            "the prompt needs a value that it was not given" if missing else "the prompt cannot be rendered",
            why=one_line(str(error)),
            fix=f"it uses: {', '.join(sorted(self.variables)) or 'no value'}",
            where=f"{self._where}:{self._line}",
        )


def _count_rounds(tree: nodes.Template) -> None:
    """Put the meter on every loop."""
    for loop in tree.find_all(nodes.For):
        loop.iter = nodes.Filter(loop.iter, _METER, [], [], None, None, lineno=loop.lineno)
