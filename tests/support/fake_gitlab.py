"""A stand-in for GitLab's API over HTTP on loopback: merge requests, jobs, notes and statuses in memory."""

import io
import json
import re
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

TOKEN = "glpat-of-the-tests"


class GitLab:
    """One project with at most one open merge request, number 7."""

    def __init__(self) -> None:
        self.request: dict | None = None
        self.evidence: Path | None = None
        self.notes: list[dict] = []
        self.statuses: list[dict] = []
        self.refused = 0

    def answer(self, method: str, path: str, form: dict[str, str]) -> object:
        """Return what GitLab would; bytes are a file."""
        if path == "user":
            return {"id": 3}
        project = path.removeprefix("projects/1/")
        if project == "merge_requests":
            return [self.request] if self.request else []
        if project == "merge_requests/7":
            return self.request
        if project == "pipelines/5/jobs":
            return [{"id": 9, "name": "arena-measure", "status": "success"}]
        if project == "jobs/9/artifacts":
            return self._zip()
        if found := re.fullmatch(r"repository/commits/(\w+)/statuses", project):
            return [one for one in self.statuses if one["sha"] == found[1]]
        if found := re.fullmatch(r"statuses/(\w+)", project):
            self.statuses.append({"sha": found[1], **form})
            return form
        return self._note(method, project, form)

    def _note(self, method: str, project: str, form: dict[str, str]) -> object:
        if method == "GET" and project == "merge_requests/7/notes":
            return self.notes
        if method == "POST" and project == "merge_requests/7/notes":
            self.notes.append({"id": len(self.notes) + 1, "author": {"id": 3}, **form})
            return self.notes[-1]
        if method == "PUT" and (found := re.fullmatch(r"merge_requests/7/notes/(\d+)", project)):
            self.notes[int(found[1]) - 1].update(form)
            return self.notes[int(found[1]) - 1]
        return None

    def _zip(self) -> bytes | None:
        if self.evidence is None:
            return None
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for file in sorted(self.evidence.rglob("*")):
                archive.write(file, Path("arena-evidence") / file.relative_to(self.evidence))
        return content.getvalue()


@contextmanager
def serving(gitlab: GitLab) -> Iterator[str]:
    """Serve on a free port and give the API's address; a call without the token is refused."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            if self.headers.get("PRIVATE-TOKEN") != TOKEN:
                gitlab.refused += 1
                self.send_error(401)
                return
            length = int(self.headers.get("Content-Length") or 0)
            form = {key: value[0] for key, value in parse_qs(self.rfile.read(length).decode()).items()}
            said = gitlab.answer(self.command, urlsplit(self.path).path.removeprefix("/api/v4/"), form)
            if said is None:
                self.send_error(404)
                return
            body = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = handle_any

        def log_message(self, *arguments: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/v4"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
