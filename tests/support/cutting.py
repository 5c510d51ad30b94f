"""A way to a server that is cut: after so many bytes sent, until it is mended."""

import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit


class Cutting:
    """Forwards to `endpoint` until `after` bytes have been sent through it; then refuses until `mend`."""

    def __init__(self, endpoint: str, after: int) -> None:
        parts = urlsplit(endpoint)
        assert parts.hostname
        self._target = (parts.hostname, parts.port)
        self._left = after
        self._whole = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.cut = False
        threading.Thread(target=self._accept, daemon=True).start()

    def mend(self) -> None:
        """Forward everything from now on."""
        self._whole = True

    def close(self) -> None:
        """Accept nobody any more."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                near, _ = self._listener.accept()
                if not self._whole and self._left <= 0:
                    near.close()
                    continue
                far = socket.create_connection(self._target)
                for source, sink, counted in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self._pump, args=(source, sink, counted), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        with suppress(OSError), source, sink:
            while data := source.recv(65_536):
                if counted and not self._whole:
                    self._left -= len(data)
                    if self._left <= 0:
                        self.cut = True
                        sink.shutdown(socket.SHUT_RDWR)
                        source.shutdown(socket.SHUT_RDWR)
                        return
                sink.sendall(data)
