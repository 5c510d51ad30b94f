"""The application under granian, in this process, until it is told to stop."""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from genaiops.server import faults
from genaiops.server.place import Place

if TYPE_CHECKING:
    from granian.server.embed import Server

_HEADER_MILLISECONDS = 15_000
_MOST_HEADER_BYTES = 64 << 10
_STOP_SECONDS = 10.0
_LOOK_SECONDS = 0.01


def free_port(host: str, port: int) -> int:
    """Return the port that can be listened on; 0 finds one. Raises `UserError` where it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        # without SO_REUSEPORT, which granian sets: else two servers would share one port
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return int(probe.getsockname()[1])
    except OSError as error:
        raise faults.port_taken(host, port, error.strerror or str(error)) from error


def serve(app: Any, place: Place, ready: Callable[[], None]) -> None:
    """Serve an ASGI application until SIGINT or SIGTERM; requests that were begun have 10 s to end.

    `ready` is called once it listens.
    """
    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s")
    asyncio.run(_serve(app, place, ready))


async def _serve(app: Any, place: Place, ready: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await serve_until(app, place, ready, stopped)


async def serve_until(app: Any, place: Place, ready: Callable[[], None], stopped: asyncio.Event) -> None:
    """Serve an ASGI application in the running loop until `stopped` is set."""
    server = _server(app, place)
    running = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stopped.wait())
    try:
        if await _listens(place, running):
            ready()
            await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
        server.stop()
        async with asyncio.timeout(_STOP_SECONDS):
            await running
    except TimeoutError:
        logging.getLogger(__name__).warning("requests were still running after %g s", _STOP_SECONDS)
    finally:
        stopping.cancel()


async def _listens(place: Place, running: "asyncio.Task[None]") -> bool:
    """Wait until the server takes connections; False where it ended before it did."""
    while not running.done():
        try:
            _, writer = await asyncio.open_connection(place.host, place.port)
        except OSError:
            await asyncio.sleep(_LOOK_SECONDS)
        else:
            writer.close()
            return True
    return False


def _server(app: Any, place: Place) -> "Server":
    from granian.constants import HTTPModes, Interfaces  # with the extra `server`
    from granian.http import HTTP1Settings
    from granian.server.embed import Server

    return Server(
        app,
        address=place.host,
        port=place.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=_HEADER_MILLISECONDS, max_buffer_size=_MOST_HEADER_BYTES
        ),
        websockets=False,
        log_enabled=False,
    )
