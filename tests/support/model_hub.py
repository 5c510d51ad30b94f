"""A hub of models on loopback that speaks the few routes of Hugging Face, and can be made to lie."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPO = "org/tiny-embedder"


@dataclass
class ModelHub:
    """The files of one repository at one commit. Files in `lfs` are told by sha256 and sent from elsewhere.

    `statuses` are what the next calls meet; `tree` changes an entry that is listed; `body` what is sent.
    """

    files: Mapping[str, bytes]
    lfs: frozenset[str] = frozenset({"onnx/model.onnx", "model_int8.onnx"})
    page: int = 3
    token: str = ""
    statuses: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    tree: dict[str, dict[str, Any]] = field(default_factory=dict)
    body: dict[str, bytes] = field(default_factory=dict)
    commit: str = COMMIT
    next_page: str = ""
    cut: str = ""
    asked: list[str] = field(default_factory=list)
    tokens_elsewhere: list[str | None] = field(default_factory=list)
    port: int = 0

    def app(self) -> web.Application:
        """Return the hub and the place that LFS files are sent from, told apart by the host's name."""
        app = web.Application(middlewares=[self._gate])
        app.router.add_get(f"/api/models/{REPO}/revision/{COMMIT}", self._info)
        app.router.add_get(f"/api/models/{REPO}/tree/{COMMIT}", self._tree)
        app.router.add_get(f"/{REPO}/resolve/{COMMIT}/{{path:.+}}", self._resolve)
        app.router.add_get("/lfs/{path:.+}", self._lfs)
        return app

    @web.middleware
    async def _gate(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked.append(request.path)
        if self.statuses:
            status, headers = self.statuses.pop(0)
            if status != 200:
                return web.Response(status=status, headers=headers)
        given = request.headers.get("Authorization")
        if self.token and not request.path.startswith("/lfs/") and given != f"Bearer {self.token}":
            return web.Response(status=401, headers={"X-Error-Code": "RepoNotFound"})
        return await handler(request)

    async def _info(self, request: web.Request) -> web.Response:
        return web.json_response({"sha": self.commit, "cardData": {"license": "mit"}})

    async def _tree(self, request: web.Request) -> web.Response:
        assert request.query["recursive"] == "true"
        start = int(request.query.get("cursor", 0))
        entries = [{"type": "directory", "path": "onnx", "oid": "0" * 40, "size": 0}]
        entries += [self._entry(path) for path in sorted(self.files)]
        headers: dict[str, str] = {}
        if start + self.page < len(entries):
            more = request.url.update_query(cursor=start + self.page)
            headers["Link"] = f'<{self.next_page or more}>; rel="next"'
        return web.json_response(entries[start : start + self.page], headers=headers)

    def _entry(self, path: str) -> dict[str, Any]:
        content = self.files[path]
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
        entry: dict[str, Any] = {"type": "file", "path": path, "size": len(content), "oid": blob}
        if path in self.lfs:
            sha256 = hashlib.sha256(content).hexdigest()
            entry["lfs"] = {"oid": sha256, "size": len(content), "pointerSize": 130}
        return entry | self.tree.get(path, {})

    async def _resolve(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        if path not in self.files:
            return web.Response(status=404, headers={"X-Error-Code": "EntryNotFound"})
        headers = {"X-Repo-Commit": self.commit}
        if path in self.lfs:
            raise web.HTTPFound(f"http://localhost:{self.port}/lfs/{path}", headers=headers)
        return web.Response(body=self.body.get(path, self.files[path]), headers=headers)

    async def _lfs(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        self.tokens_elsewhere.append(request.headers.get("Authorization"))
        content = self.body.get(path, self.files[path])
        if self.cut != path:
            return web.Response(body=content)
        response = web.StreamResponse(headers={"Content-Length": str(len(content))})
        await response.prepare(request)
        await response.write(content[: len(content) // 2])
        assert request.transport is not None
        request.transport.abort()
        return response


@asynccontextmanager
async def serving(hub: ModelHub) -> AsyncIterator[str]:
    """Serve `hub`; its address."""
    runner = web.AppRunner(hub.app())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    hub.port = runner.addresses[0][1]
    try:
        yield f"http://127.0.0.1:{hub.port}"
    finally:
        await runner.cleanup()
