"""The parent's side: warm processes that parse one document after the other, killed where they must be."""

import asyncio
import base64
import signal
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType

from genaiops.core import Json, OutsideError, decode, one_line
from genaiops.knowledge.formats.kinds import PARSERS, SCANS, Format
from genaiops.knowledge.formats.model import CannotParse, Parsed
from genaiops.models import need_extra
from genaiops.work import ChildProcess, Limits, child_environment

_WORKER = Path(__file__).with_name("worker.py")
_PACKAGE = Path(__file__).parents[3]
_START_SECONDS = 30.0
_PIECE = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one document may cost: bytes of its file, seconds, memory, and characters of its text.

    Each page that is a picture may take `picture_seconds` more, where its words are recognised.
    """

    file_bytes: int = 100_000_000
    seconds: float = 60.0
    picture_seconds: float = 60.0
    memory_bytes: int = 1 << 30
    characters: int = 10_000_000


class Parsers:
    """Processes that parse. A context manager; when it is left, they end.

    At most as many run as documents are parsed at once; each is used again until a document spoils it.
    """

    def __init__(
        self, env: Mapping[str, str], bounds: Bounds, folders: tuple[Path, ...] = (_PACKAGE,)
    ) -> None:
        self._env = env
        self._bounds = bounds
        self._folders = folders
        self._idle: list[ChildProcess] = []
        self._home = tempfile.TemporaryDirectory(prefix="genaiops-parse-")
        self.network = ""
        """How the processes are kept from the network: `none` (they have none) or `refused` (by a hook)."""

    async def parse(self, format: Format, content: bytes) -> Parsed:
        """Return the document; raises `CannotParse` for it, `UserError` where an extra is missing."""
        module, package = PARSERS[format]
        if package:
            need_extra(package, "documents", f"a document in {format.upper()}")
        parsed = await self.run(module, content)
        if not parsed.pictures:
            return parsed
        if recogniser():
            seconds = self._bounds.seconds + parsed.pictures * self._bounds.picture_seconds
            return _recognised(await self.run(SCANS, content, seconds), parsed.pictures)
        if not parsed.parts:
            raise CannotParse(
                "its pages are pictures without text",
                "pip install 'genaiops[ocr]', or recognise its text first",
            )
        return _with_remark(parsed, f"{parsed.pictures} page(s) are pictures, and not read")

    async def run(self, module: str, content: bytes, seconds: float | None = None) -> Parsed:
        """Return what `module`'s `parse` makes of `content`; raises `CannotParse`."""
        seconds = seconds or self._bounds.seconds
        worker = self._idle.pop() if self._idle else await self._start()
        healthy = False
        try:
            async with asyncio.timeout(seconds):
                messages = await self._ask(worker, module, content)
            healthy = not messages[-1].get("spent")
        except TimeoutError:
            raise CannotParse(
                f"its parser took longer than {seconds:g} s", "split it, or save it more simply"
            ) from None
        except OutsideError as error:
            raise CannotParse(f"its parser broke off: {error.why or error.what}", "save it again") from error
        finally:
            if healthy:
                self._idle.append(worker)
            else:
                await worker.kill()
        return _parsed(messages)

    async def _start(self) -> ChildProcess:
        # no file may be written (0 bytes), and what is open is the socket and the libraries
        limits = Limits(memory_bytes=self._bounds.memory_bytes, file_bytes=0, open_files=64, processes=16)
        argv = [sys.executable, "-I", "-B", str(_WORKER), *map(str, self._folders)]
        home = Path(self._home.name)
        worker = await ChildProcess.spawn(
            argv, cwd=home, env=child_environment(self._env, (), home), limits=limits
        )
        hello = None
        with suppress(TimeoutError):
            async with asyncio.timeout(_START_SECONDS):
                hello = await worker.receive()
        if hello is None:
            await worker.kill()
            raise OutsideError(
                "GAO-KNOWLEDGE-030",
                "the process that parses documents cannot be started",
                why=one_line(worker.stderr_tail.decode("utf-8", "replace"), 300),
                fix="run the same command again; if it stays, documents in Markdown and text still work",
            )
        self.network = str(hello.get("network"))
        return worker

    async def _ask(self, worker: ChildProcess, module: str, content: bytes) -> list[dict[str, Json]]:
        """Send a document; return what the parser says until its last message."""
        pieces = range(0, len(content), _PIECE)
        await worker.send({"module": module, "pieces": len(pieces)})
        for at in pieces:
            await worker.send({"data": base64.b64encode(content[at : at + _PIECE]).decode("ascii")})
        messages: list[dict[str, Json]] = []
        size = 0
        while True:
            message = await worker.receive()
            if message is None:
                raise CannotParse(
                    f"its parser {_end_of(worker.returncode)}", "save it again, or leave it out"
                )
            messages.append(message)
            if "parts" not in message:
                return messages
            # counted as it came: what that process says is checked only as a whole
            size += len(str(message["parts"]))
            if size > self._bounds.characters:
                raise CannotParse(f"it holds more than {self._bounds.characters:,} characters", "split it")

    async def __aenter__(self) -> "Parsers":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._idle:
            await worker.kill()
        self._idle.clear()
        self._home.cleanup()


def _end_of(status: int | None) -> str:
    if status is not None and status < 0:
        return f"crashed ({signal.Signals(-status).name})"
    return f"ended (status {status})"


def _parsed(messages: list[dict[str, Json]]) -> Parsed:
    *some, last = messages
    if "refused" in last:
        raise CannotParse(one_line(str(last["refused"]), 300), one_line(str(last.get("fix", ""))))
    # what comes from that process is checked like anything from outside
    parts = [part for message in some for part in _listed(message["parts"])]
    return decode(Parsed, {**last, "parts": parts}, where="a parser's process")


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def recogniser() -> str:
    """Return the version of what recognises the words of pictures; empty where it is not installed."""
    try:
        return version("rapidocr")
    except PackageNotFoundError:
        return ""


def _recognised(parsed: Parsed, pictures: int) -> Parsed:
    if not parsed.parts:
        raise CannotParse("its pages are pictures in which no words were recognised", "leave it out")
    return _with_remark(parsed, f"the words of {pictures} page(s) were recognised in pictures: a guess")


def _with_remark(parsed: Parsed, remark: str) -> Parsed:
    return replace(parsed, remarks=(*parsed.remarks, remark))
