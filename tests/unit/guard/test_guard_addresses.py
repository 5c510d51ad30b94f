"""Images and addresses that nobody trusted named are taken out, however they are written."""

import html
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from genaiops.guard import hosts_in, without_addresses

NAMED = hosts_in(["see https://docs.example.com/start, or github.com; mail bob@corp.example"])


@pytest.mark.proves("E-STRUCTURE-ADDRESS")
@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("![a chart](https://evil.com/c.png?d=1)", "a chart"),
        ("![a]( <https&#58;//evil.com/x> 'T')", "a"),
        ("[here](//evil.com/a) it is", "here it is"),
        ("![x](https:\\\\evil.com/a)", "x"),
        ("![x](http:evil.com/a)", "x"),
        ("[x](javascript:alert(1))", "x"),
        ("see https://evil.com/x?d=1.", "see [address removed]"),
        ("see www.evil.com/x", "see [address removed]"),
        ("<https://evil.com/d>", ""),
        ('a <img src="http://evil.com/x"> b', "a  b"),
        ("a <b style='background:url(//evil.com)'>b</b>", "a b</b>"),
        ("![a][r]\n\n[r]: https://evil.com/x 'T'", "![a][r]\n\n"),
        ("![a](https://docs.example.com.evil.com/x)", "a"),
        ("![a](https://docs.example.com@evil.com/x)", "a"),
        ("![a](![b](https://evil.com/1)", "![a](![b]([address removed])"),
    ],
)
def test_an_address_from_outside_is_taken_out_and_words_stay(text: str, left: str) -> None:
    bare, taken = without_addresses(text, [], NAMED)
    assert bare == left
    assert taken >= 1


@pytest.mark.parametrize(
    "text",
    [
        "![a](https://docs.example.com/c.png) and https://www.github.com/x",
        "[there](/rel#part), ![i](img.png), mailto:bob@corp.example, <b>bold</b>",
        "a < b && c > d, 5//2, and/or, C:\\\\x, 10:30, a & b",
        "[write](mailto:bob@corp.example)",
    ],
)
def test_named_hosts_places_within_the_page_and_plain_signs_stay(text: str) -> None:
    assert without_addresses(text, [], NAMED) == (text, 0)


def test_hosts_of_the_policy_count_with_their_sub_domains() -> None:
    text = "![a](https://cdn.example.org/x) ![b](https://notexample.org/x)"
    assert without_addresses(text, ["example.org"], frozenset())[0] == "![a](https://cdn.example.org/x) b"
    assert without_addresses(text, ["*"], frozenset()) == (text, 0)


PIECES = st.sampled_from(
    (
        *("![", "[", "]", "](", "(", ")", "<", ">", "![a](", "[r]: ", "![a][r]", "https://evil.com/"),
        *("//evil.com/x", "https&#58;//evil.com/", "&#x68;ttps://evil.com", "http:evil.com", "www.evil.com"),
        *("javascript:alert(1)", "\\", '"', "'", " ", "\n", "text ", "<img src=", "<a href='", "`", "> "),
        *("- ", "\t", "<!--", "-->", "?q=1"),
    )
)


def rendered(text: str) -> list[str]:
    """Return every address that a renderer of Markdown would ask for or link to."""
    found: list[str] = []
    tokens = MarkdownIt("commonmark", {"html": True}).parse(text)
    for token in [one for each in tokens for one in (each, *(each.children or ()))]:
        found += [str(value) for name in ("src", "href") if (value := token.attrGet(name))]
        if token.type in ("html_inline", "html_block"):
            found += re.findall(r"""(?:src|href)\s*=\s*["']?([^"'>\s]+)""", html.unescape(token.content))
    return [html.unescape(one).replace("\\", "/").lower() for one in found]


@pytest.mark.proves("E-STRUCTURE-ADDRESS")
@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(PIECES, max_size=14))
def test_what_a_renderer_reads_afterwards_leads_nowhere(pieces: list[str]) -> None:
    bare, _ = without_addresses("".join(pieces), [], frozenset())
    assert [one for one in rendered(bare) if re.match(r"[a-z]+:|//", one)] == []
    assert without_addresses(bare, [], frozenset()) == (bare, 0)


@pytest.mark.parametrize("piece", ["![", "[a", "[a](", "<a ", "a.", "![a[b]", "[r]: ", "//a.", "<!--", "[["])
def test_a_text_made_to_be_slow_is_not(piece: str) -> None:
    text = (piece * 200_000)[:200_000] + " //"
    began = time.process_time()
    without_addresses(text, [], frozenset())
    assert time.process_time() - began < 3
