"""The part of CEL that a rule may use, as a syntax tree: what is not in this grammar is never run.

    rule    = and ('||' and)*                 gives a truth value
    and     = truth ('&&' truth)*
    truth   = '!' truth | '(' rule ')' | sum ('<' | '<=' | '>' | '>=' | '==' | '!=') sum
    sum     = product (('+' | '-') product)*  gives a number
    product = factor (('*' | '/') factor)*
    factor  = '-' factor | '(' sum ')' | number | path
    path    = name ('.' name | '[' string ']')*

No functions, no macros, no lists, no conditionals. Every number is written back as a double, every path as
one variable: CEL's integers and nested maps, and what they do when mixed or absent, do not occur.
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NoReturn

from genaiops.core.errors import UserError

MOST_NODES = 200
DEEPEST = 12
LONGEST = 4_000

_TOKEN = re.compile(
    r"\s+"
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9_.]))"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<string>\"(?:[^\"\\\n]|\\[\"\\])*\"|'(?:[^'\\\n]|\\['\\])*')"
    r"|(?P<mark>&&|\|\||<=|>=|==|!=|[-+*/<>!().,\[\]])",
    re.ASCII,
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!="})
_WORDS = frozenset({"true", "false", "null", "in"})


@dataclass(frozen=True, slots=True)
class Number:
    """A literal."""

    value: float


@dataclass(frozen=True, slots=True)
class Path:
    """A fact, by its full name."""

    name: str


@dataclass(frozen=True, slots=True)
class Prefix:
    """`-` before a number, or `!` before a truth value."""

    mark: str
    item: "Node"


@dataclass(frozen=True, slots=True)
class Chain:
    """Items of one precedence, joined from left to right by `marks`."""

    items: "tuple[Node, ...]"
    marks: tuple[str, ...]
    gives: Literal["number", "truth"]


Node = Number | Path | Prefix | Chain
_Part = Callable[[], Node]


def fact_path(*parts: str) -> str:
    """Return the one spelling of a fact's name: `ratio.f1.mean.high`, `slice["topic=billing"].diff…`."""
    text = ""
    for index, part in enumerate(parts):
        plain = _NAME.fullmatch(part) is not None and not (index and parts[index - 1] == "slice")
        quoted = part.replace("\\", "\\\\").replace('"', '\\"')
        text += (f".{part}" if text else part) if plain else f'["{quoted}"]'
    return text


def parse_rule(text: str) -> Node:
    """Return the syntax tree of a rule; raises `UserError` with the position of what is not allowed."""
    return _Parser(text).whole()


def walk(node: Node) -> Iterator[Node]:
    """Yield `node` and everything below it."""
    yield node
    if isinstance(node, Prefix):
        yield from walk(node.item)
    elif isinstance(node, Chain):
        for item in node.items:
            yield from walk(item)


def render(node: Node, variables: dict[str, str]) -> str:
    """Return `node` as CEL in which every path stands as its variable and every number as a double."""
    if isinstance(node, Number):
        return repr(node.value)
    if isinstance(node, Path):
        return variables[node.name]
    if isinstance(node, Prefix):
        return f"{node.mark}({render(node.item, variables)})"
    rest = zip(node.marks, node.items[1:], strict=True)
    return f"({render(node.items[0], variables)}{''.join(f' {m} {render(i, variables)}' for m, i in rest)})"


def gives_number(node: Node) -> bool:
    """Return whether `node` is a number rather than a truth value."""
    if isinstance(node, Chain):
        return node.gives == "number"
    return not (isinstance(node, Prefix) and node.mark == "!")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


class _Parser:
    """Recursive descent over one rule; `_nodes` and `_depth` keep what is built within the limits."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._nodes = 0
        self._depth = 0
        if len(text) > LONGEST:
            self._refuse(LONGEST, f"a rule has at most {LONGEST} characters")
        self._tokens = list(self._scan())
        self._next = 0

    def whole(self) -> Node:
        node = self._rule()
        if self._peek.kind != "end":
            self._unexpected()
        self._truth(node, 0)
        if not any(isinstance(part, Path) for part in walk(node)):
            self._refuse(0, "it reads no fact, so it would say the same about every change")
        return node

    @property
    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._peek
        self._next += 1
        return token

    def _at(self, *marks: str) -> bool:
        return self._peek.kind == "mark" and self._peek.text in marks

    def _scan(self) -> Iterator[_Token]:
        at = 0
        while at < len(self._text):
            match = _TOKEN.match(self._text, at)
            if match is None:
                self._refuse(at, f"{self._text[at]!r} is not allowed in a rule")
            if match.lastgroup is not None:
                yield _Token(match.lastgroup, match[0], at)
            at = match.end()
        yield _Token("end", "", len(self._text))

    def _rule(self) -> Node:
        return self._junction("||", lambda: self._junction("&&", self._comparison))

    def _junction(self, mark: str, part: _Part) -> Node:
        at = self._peek.at
        items = [part()]
        while self._at(mark):
            self._take()
            self._truth(items[-1], at)
            at = self._peek.at
            items.append(part())
            self._truth(items[-1], at)
        return (
            items[0]
            if len(items) == 1
            else self._made(Chain(tuple(items), (mark,) * (len(items) - 1), "truth"))
        )

    def _comparison(self) -> Node:
        at = self._peek.at
        left = self._sum()
        if not self._at(*_COMPARISONS):
            return left
        mark = self._take().text
        other = self._peek.at
        right = self._sum()
        self._number(left, at)
        self._number(right, other)
        if self._at(*_COMPARISONS):
            self._refuse(self._peek.at, "comparisons do not chain; write a < b && b < c")
        return self._made(Chain((left, right), (mark,), "truth"))

    def _sum(self) -> Node:
        return self._arithmetic(("+", "-"), lambda: self._arithmetic(("*", "/"), self._factor))

    def _arithmetic(self, marks: tuple[str, ...], part: _Part) -> Node:
        at = self._peek.at
        items, used = [part()], list[str]()
        while self._at(*marks):
            used.append(self._take().text)
            self._number(items[-1], at)
            at = self._peek.at
            items.append(part())
            self._number(items[-1], at)
        return items[0] if not used else self._made(Chain(tuple(items), tuple(used), "number"))

    def _factor(self) -> Node:
        token = self._take()
        if token.kind == "number":
            return self._made(self._literal(token))
        if token.kind == "name":
            return self._made(self._path(token))
        if token.kind == "mark" and token.text in "-!(":
            return self._nested(token)
        self._next -= 1
        return self._unexpected()

    def _nested(self, token: _Token) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            self._refuse(token.at, f"it is nested more than {DEEPEST} deep")
        at = self._peek.at
        if token.text == "(":
            node = self._rule()
            self._expect(")")
        else:
            item = self._factor()
            (self._number if token.text == "-" else self._truth)(item, at)
            node = self._made(Prefix(token.text, item))
        self._depth -= 1
        return node

    def _literal(self, token: _Token) -> Number:
        value = float(token.text)
        if not math.isfinite(value):
            self._refuse(token.at, "the number is too large")
        return Number(value)

    def _path(self, first: _Token) -> Path:
        if first.text in _WORDS:
            self._refuse(first.at, f"{first.text!r} is not allowed in a rule")
        parts = [first.text]
        while self._at(".", "["):
            if self._take().text == ".":
                parts.append(self._expect_kind("name", "a name").text)
            else:
                quoted = self._expect_kind("string", "a text in quotes").text
                parts.append(re.sub(r"\\(.)", r"\1", quoted[1:-1]))
                self._expect("]")
        if self._at("("):
            self._refuse(first.at, f"{'.'.join(parts)}(…): functions and macros are not allowed in a rule")
        return Path(fact_path(*parts))

    def _expect(self, mark: str) -> None:
        if not self._at(mark):
            self._refuse(self._peek.at, f"{mark!r} is missing")
        self._take()

    def _expect_kind(self, kind: str, words: str) -> _Token:
        if self._peek.kind != kind:
            self._refuse(self._peek.at, f"{words} is missing")
        return self._take()

    def _made(self, node: Node) -> Node:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            self._refuse(self._peek.at, f"it has more than {MOST_NODES} parts")
        return node

    def _number(self, node: Node, at: int) -> None:
        if not gives_number(node):
            self._refuse(at, "a number is needed here, not a truth value")

    def _truth(self, node: Node, at: int) -> None:
        if gives_number(node):
            self._refuse(at, "a comparison is needed here, not a number")

    def _unexpected(self) -> NoReturn:
        token = self._peek
        self._refuse(token.at, f"{token.text!r} is unexpected" if token.text else "it ends too early")

    def _refuse(self, at: int, why: str) -> NoReturn:
        raise UserError(
            "GAO-CORE-020",
            f"this is not a rule: {self._text[:200]}",
            why=f"at character {at + 1}: {why}",
            fix="compare facts with numbers, for example ratio.cost_usd.mean.high <= 1.10",
        )
