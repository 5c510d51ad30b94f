"""Run as a file in a process of its own: bytes come in over the inherited socket, parts go out as JSON lines.

    python -I worker.py FOLDER [FOLDER …]     where `genaiops` and parsers are found

Nobody else is reached: the process leaves the network where the kernel lets it, an audit hook refuses
connections, programs and files opened for writing, and limits on memory and files were set before it began.
"""

import base64
import ctypes
import importlib
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_REFUSED = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "pty.")
_CHANGES_TEXT = (
    "os.remove os.rename os.rmdir os.mkdir os.link os.symlink os.truncate os.chmod os.chown os.kill "
    "os.setxattr shutil.rmtree"
)
_CHANGES = frozenset(_CHANGES_TEXT.split())
_AT_ONCE = 1 << 20
"""Characters of a message, about."""


def leave_network() -> bool:
    """Go to a network without interfaces; False where the kernel does not let us."""
    if sys.platform != "linux":
        return False
    return ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0


def close_doors() -> None:
    """Refuse from now on what a parser never needs. Python code cannot undo it; native code is not bound."""

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(_REFUSED) or event in _CHANGES or (event == "open" and _writes(arguments)):
            raise PermissionError(f"a parser may not do this: {event}")

    sys.addaudithook(refuse)


def _writes(arguments: tuple[Any, ...]) -> bool:
    flags = arguments[2] if len(arguments) > 2 and isinstance(arguments[2], int) else 0
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND))


def serve(lines: BinaryIO, out: BinaryIO, hello: dict[str, Any]) -> None:
    """Parse one document after the other until nobody asks any more."""

    def say(message: dict[str, Any]) -> None:
        out.write(json.dumps(message, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        out.flush()

    say(hello)
    for line in lines:
        asked = json.loads(line)
        content = b"".join(base64.b64decode(json.loads(next(lines))["data"]) for _ in range(asked["pieces"]))
        for message in _answers(asked["module"], content):
            say(message)


def _answers(module: str, content: bytes) -> Iterator[dict[str, Any]]:
    """Yield what a parser found, in pieces, or why it found nothing."""
    try:
        parse: Callable[[bytes], Any] = importlib.import_module(module).parse
        parsed = parse(content)
    except MemoryError:
        yield {"refused": "it needs more memory than a document may", "fix": "split it", "spent": True}
        return
    except Exception as error:  # noqa: BLE001  whatever a hostile file makes of a parser costs that file
        what = getattr(error, "what", f"its parser failed: {type(error).__name__}: {error}"[:300])
        yield {"refused": what, "fix": getattr(error, "fix", "save it again, or leave it out")}
        return
    batch: list[Any] = []
    size = 0
    for part in parsed.parts:
        batch.append({"kind": part.kind, "text": part.text, "level": part.level, "page": part.page})
        size += len(part.text)
        if size > _AT_ONCE:
            yield {"parts": batch}
            batch, size = [], 0
    yield {"parts": batch}
    yield {
        "title": parsed.title[:1000],
        "pages": parsed.pages,
        "pictures": parsed.pictures,
        "hidden": [{"by": one.by, "text": one.text[:1000], "page": one.page} for one in parsed.hidden[:100]],
        "remarks": parsed.remarks[:10],
    }


def main(*folders: str) -> None:
    """Close the doors, then serve."""
    sys.path[:0] = folders
    sys.setrecursionlimit(10_000)
    end = socket.socket(fileno=int(os.environ["GENAIOPS_CHANNEL"]))
    end.set_inheritable(False)
    alone = leave_network()
    lines, out = end.makefile("rb"), end.makefile("wb")
    close_doors()
    serve(lines, out, {"network": "none" if alone else "refused"})


if __name__ == "__main__":
    main(*sys.argv[1:])
