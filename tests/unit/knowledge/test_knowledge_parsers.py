"""Parsers run apart: what a taken-over, broken or hostile one can do, and what it costs."""

import asyncio
import socket
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.support.files import Put, docx, para, pdf

from genaiops.knowledge.formats.model import CannotParse, Parsed
from genaiops.knowledge.formats.parsers import Bounds, Parsers

ROOT = Path(__file__).parents[3]
BOUNDS = Bounds(seconds=20.0, memory_bytes=200 << 20, characters=1_000_000)
Ask = Callable[[str], Awaitable[str]]


def with_parsers(work: Callable[[Parsers, Ask], Awaitable[None]], bounds: Bounds = BOUNDS) -> None:
    """Run `work` with a parser that does what it is told; `ask` returns what it says, or why not."""

    async def run() -> None:
        env = {"PATH": "/usr/bin:/bin", "OPENAI_API_KEY": "secret"}
        async with Parsers(env, bounds, (ROOT / "src", ROOT)) as parsers:

            async def ask(what: str) -> str:
                try:
                    parsed = await parsers.run("tests.support.hostile_parser", what.encode())
                except CannotParse as error:
                    return f"refused: {error.what}"
                return parsed.parts[0].text

            await work(parsers, ask)

    asyncio.run(run())


@pytest.mark.proves("D-DOC-ISOLATED", "D-DOC-WARM")
def test_a_parser_reaches_nothing_and_its_process_stays_for_the_next_document() -> None:
    async def work(parsers: Parsers, ask: Ask) -> None:
        first = await ask("number")
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            assert "a parser may not do this: socket" in await ask(f"connect {port}")
            if parsers.network == "none":  # the kernel let the process leave the network
                assert await ask(f"connect-natively {port}") == "-1"
        assert "a parser may not do this: subprocess" in await ask("program")
        with tempfile.TemporaryDirectory() as folder:
            assert "a parser may not do this: open" in await ask(f"write {folder}/x")
            assert await ask(f"write-natively {folder}/y") == "-1"
            assert (Path(folder) / "y").read_bytes() == b""
        assert await ask("number") == first

    with_parsers(work)


@pytest.mark.proves("D-DOC-ISOLATED")
def test_a_parser_gets_no_secret_of_ours() -> None:
    async def work(_: Parsers, ask: Ask) -> None:
        names = (await ask("environment")).split()
        assert "PATH" in names
        assert "OPENAI_API_KEY" not in names

    with_parsers(work)


@pytest.mark.proves("D-BAD-PARSER", "D-DOC-WARM")
def test_a_parser_that_crashes_or_takes_all_memory_costs_one_document() -> None:
    async def work(_: Parsers, ask: Ask) -> None:
        assert (await ask("number")).isdigit()
        assert await ask("crash") == "refused: its parser crashed (SIGSEGV)"
        assert await ask("memory") == "refused: it needs more memory than a document may"
        assert await ask("shout") == "refused: it holds more than 1,000,000 characters"
        assert (await ask("number")).isdigit()

    with_parsers(work)


@pytest.mark.proves("D-BAD-PARSER")
def test_a_parser_that_hangs_is_ended() -> None:
    async def work(_: Parsers, ask: Ask) -> None:
        assert (await ask("number")).isdigit()
        assert await ask("hang") == "refused: its parser took longer than 1 s"

    with_parsers(work, Bounds(seconds=1.0))


def test_what_comes_back_is_what_the_parsers_find() -> None:
    async def run() -> list[Parsed]:
        async with Parsers({}, BOUNDS) as parsers:
            return [
                await parsers.parse("html", b"<h1>One</h1><p>Two</p>"),
                await parsers.parse("pdf", pdf([[Put("Words on a page", 700)]])),
                await parsers.parse("docx", docx(para("A paragraph"))),
            ]

    html, paper, word = asyncio.run(run())
    assert [(part.kind, part.text) for part in html.parts] == [("heading", "One"), ("prose", "Two")]
    assert [(part.text, part.page) for part in paper.parts] == [("Words on a page", 1)]
    assert [part.text for part in word.parts] == ["A paragraph"]
