"""A file from a URL into a folder: its bytes checked on the way, its name given only when they are right."""

import asyncio
import hashlib
import os
import random
import re
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import unquote, urlsplit

from genaiops.core import Digest, Egress, OutsideError, Response, Settings, UserError
from genaiops.models.catalogue import megabytes
from genaiops.models.weights import cannot_be_kept
from genaiops.net import RETRYABLE, RetryPolicy, retry_after
from genaiops.work import Console, Progress

POLICY = RetryPolicy(attempts=4, total=6 * 3600.0)
"""`total` bounds a whole download: the largest weights over a slow line."""

PURPOSE = "weights"
_PIECE = 1 << 20
_HEX = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[\w][\w.+-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a file must be, as far as it is known: its size, its sha256, its id as a git blob (sha1)."""

    bytes: int | None = None
    sha256: str | None = None
    blob: str | None = None

    def misfit(self, size: int, sha256: str, blob: str) -> str:
        """Return why a file is not the expected one; empty where it is."""
        if self.bytes not in (None, size):
            return f"it has {size:,} bytes, expected {self.bytes:,}"
        if self.sha256 not in (None, sha256):
            return f"its sha256 is {sha256}, expected {self.sha256}"
        return f"its git blob is {blob}, expected {self.blob}" if self.blob not in (None, blob) else ""


async def get(egress: Egress, url: str, headers: Mapping[str, str], policy: RetryPolicy = POLICY) -> Response:
    """Return the response to a GET; what may pass (429, most of 5xx) is asked again within the policy."""
    draw, attempt = random.Random(), 0  # noqa: S311  jitter, not a secret
    while True:
        response = await egress.request(PURPOSE, "GET", url, headers=headers, timeout=policy.total)
        attempt += 1
        if response.status not in RETRYABLE or attempt >= policy.attempts:
            return response
        pause = policy.wait(attempt - 1, retry_after(response.headers, datetime.now(UTC)), draw)
        if pause > policy.silence:
            return response  # it asks for more patience than a person has
        await response.close()
        await asyncio.sleep(pause)


async def pull_url(
    url: str, sha256: str | None, egress: Egress, settings: Settings, console: Console
) -> tuple[Path, Digest]:
    """Fetch the file at `url` into the user's cache; return where it lies, and its digest.

    Raises `UserError` where it is not said what the file must be, or it is another.
    """
    name = PurePosixPath(unquote(urlsplit(url).path)).name
    wanted = (sha256 or "").removeprefix("sha256:").lower()
    host = urlsplit(url).hostname or ""  # an address may hold a password
    if not _NAME.fullmatch(name):
        raise UserError(
            "GAO-MODELS-079",
            "the URL names no file that can be kept",
            fix="give a URL that ends in a file name of letters, digits, dots, hyphens and underscores",
            where=host,
        )
    if not _HEX.fullmatch(wanted):
        raise UserError(
            "GAO-MODELS-097",
            "it is not said what the file at this URL must be" if sha256 is None else "that is no sha256",
            why="weights load only by known digest",
            fix="add --sha256 and the 64 digits that its publisher states",
            where=host,
        )
    response = await get(egress, url, {"Accept-Encoding": "identity"})
    if response.status != 200:
        await response.close()
        raise OutsideError(
            "GAO-MODELS-098", f"{name} could not be fetched", why=f"status {response.status}", where=name
        )
    target = settings.cache_dir / "weights" / "url" / wanted[:12] / name
    size = response.headers.get("Content-Length", "")
    stated = Expected(bytes=int(size) if size.isdigit() else None, sha256=wanted)
    return target, await keep(response, target, stated, console)


async def keep(response: Response, target: Path, expected: Expected, console: Console) -> Digest:
    """Write a response's body to `target` and return its digest.

    Raises `UserError` where it is not the expected file, `OutsideError` where it breaks off; nothing is kept.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part, name = tempfile.mkstemp(prefix=".pull-", dir=target.parent)
    except OSError as error:
        await response.close()
        raise cannot_be_kept(target.parent, error) from error
    try:
        with os.fdopen(part, "wb") as file:
            digest = await _copy(response, file, target.name, expected, console)
        os.replace(name, target)
    except OSError as error:
        raise cannot_be_kept(target.parent, error) from error
    finally:
        Path(name).unlink(missing_ok=True)
    return digest


async def _copy(
    response: Response, file: IO[bytes], name: str, expected: Expected, console: Console
) -> Digest:
    """Copy with checksums; stops one piece after the size that is expected."""
    size, content, blob = 0, hashlib.sha256(), hashlib.sha1(usedforsecurity=False)
    blob.update(f"blob {expected.bytes}\0".encode())
    label = f"{name} ({megabytes(expected.bytes)})" if expected.bytes else name
    with Progress(label, max(1, (expected.bytes or 0) // _PIECE), console=console) as bar:
        async for piece in _pieces_of(response, name):
            size += len(piece)
            content.update(piece)
            blob.update(piece)
            file.write(piece)
            bar.advance(size // _PIECE - (size - len(piece)) // _PIECE)
            if expected.bytes is not None and size > expected.bytes:
                break
    file.flush()
    os.fsync(file.fileno())
    problem = expected.misfit(size, content.hexdigest(), blob.hexdigest())
    if problem:
        raise UserError(
            "GAO-MODELS-092",
            f"{name} is refused: it is not the file that was named",
            why=f"{problem}; nothing was kept",
            fix="try again; if it stays so, do not trust where it came from",
        )
    return Digest(f"sha256:{content.hexdigest()}")


async def _pieces_of(response: Response, name: str) -> AsyncGenerator[bytes]:
    """Yield the body; a silence ends it."""
    chunks = response.chunks()
    try:
        while (piece := await asyncio.wait_for(_next(chunks), POLICY.silence)) is not None:
            yield piece
    except TimeoutError as error:
        raise OutsideError(
            "GAO-MODELS-091",
            f"{name} stopped in the middle",
            why=f"nothing came for {POLICY.silence:.0f} s",
            fix="try again; nothing was kept",
        ) from error
    finally:
        await response.close()


async def _next(chunks: AsyncIterator[bytes]) -> bytes | None:
    return await anext(chunks, None)
