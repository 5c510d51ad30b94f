"""Pulling a model from Hugging Face, or from a mirror that speaks the same routes, at a commit.

    GET {endpoint}/api/models/{repo}/revision/{commit}           its commit and licence
    GET {endpoint}/api/models/{repo}/tree/{commit}?recursive=…   files: size, git blob, sha256 where in LFS
    GET {endpoint}/{repo}/resolve/{commit}/{path}                a file, mostly by a redirect to where it lies

`HF_ENDPOINT` names another endpoint, `HF_TOKEN` holds a token: it is sent to the endpoint and to nobody else,
never kept and never shown. Routes and headers as `huggingface_hub` 2.4 uses them.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import quote, urlsplit

from genaiops.core import Digest, Egress, Json, OutsideError, Response, Settings, UserError, one_line
from genaiops.models import fetching
from genaiops.models.catalogue import megabytes
from genaiops.models.pulled import HubModel, Pulled, PulledModels
from genaiops.models.sentence_files import TOKENIZER, wanted_files
from genaiops.models.weights import digest_file
from genaiops.net import RetryPolicy
from genaiops.work import Console

ENDPOINT, TOKEN = "HF_ENDPOINT", "HF_TOKEN"
PUBLIC = "https://huggingface.co"
_USUAL = ("onnx/model.onnx", "model.onnx")
_MOST_PAGES = 50
_NEXT = re.compile(r'<([^>]+)>\s*;[^,]*\brel="?next"?')


class HubClient:
    """Asks one endpoint about one model."""

    def __init__(
        self, egress: Egress, settings: Settings, model: HubModel, policy: RetryPolicy = fetching.POLICY
    ) -> None:
        self._egress = egress
        self._model = model
        self._policy = policy
        self._endpoint = (settings.env.get(ENDPOINT) or PUBLIC).rstrip("/")
        self._token = settings.env.get(TOKEN, "").strip()

    @property
    def source(self) -> str:
        """The page of the model at its commit."""
        return f"{self._endpoint}/{self._model.repo}/tree/{self._model.revision}"

    async def licence(self) -> str:
        """Return the licence that the model's card states; empty where it states none."""
        route = f"/api/models/{self._model.repo}/revision/{self._model.revision}"
        facts, _ = await self._json(self._endpoint + route)
        told: Mapping[str, Json] = facts if isinstance(facts, dict) else {}
        if told.get("sha") != self._model.revision:
            raise self._odd(f"it answered for the commit {told.get('sha')!r}")
        card = told.get("cardData")
        return str(card.get("license") or "") if isinstance(card, dict) else ""

    async def tree(self) -> dict[str, fetching.Expected]:
        """Return the files at the commit by their paths, and what each must be."""
        route = f"/api/models/{self._model.repo}/tree/{self._model.revision}"
        url: str | None = f"{self._endpoint}{route}?recursive=true&expand=false"
        files: dict[str, fetching.Expected] = {}
        for _ in range(_MOST_PAGES):
            if url is None:
                return files
            page, url = await self._json(url)
            if not isinstance(page, list):
                raise self._odd("its list of files is no list")
            files |= dict(map(self._file, (one for one in page if _is_file(one))))
        raise self._odd(f"its list of files has more than {_MOST_PAGES} pages")

    async def fetch(self, path: str) -> Response:
        """Return the response with a file's content."""
        url = f"{self._endpoint}/{self._model.repo}/resolve/{self._model.revision}/{quote(path)}"
        response = await self._get(url)
        commit = response.headers.get("X-Repo-Commit", self._model.revision)
        if commit != self._model.revision:
            await response.close()
            raise self._odd(f"{path} came from the commit {one_line(commit, 40)}")
        return response

    def _file(self, entry: Json) -> tuple[str, fetching.Expected]:
        """Return a file's path and what it must be: in LFS by sha256, else by its id as a git blob."""
        facts = cast("Mapping[str, Json]", entry)
        path, size, blob, lfs = (facts.get(key) for key in ("path", "size", "oid", "lfs"))
        sha256 = str(lfs.get("oid", "")).removeprefix("sha256:") if isinstance(lfs, dict) else None
        if not isinstance(path, str) or not isinstance(size, int) or not isinstance(blob, str):
            raise self._odd("a file of its list has no path, size or id")
        whole = fetching.Expected(bytes=size, sha256=sha256, blob=None if sha256 is not None else blob)
        return path, whole

    async def _json(self, url: str) -> tuple[Json, str | None]:
        """Return what the endpoint answers, and the URL of the next page if there is one."""
        response = await self._get(url)
        following = _NEXT.search(response.headers.get("Link", ""))
        content = await response.read()
        if following and _origin(following[1]) != _origin(self._endpoint):
            raise self._odd("the next page is at another host, which may not see the token")
        try:
            return cast(Json, json.loads(content)), following[1] if following else None
        except (ValueError, RecursionError) as error:
            raise self._odd("its answer is no JSON") from error

    async def _get(self, url: str) -> Response:
        headers = {"Accept-Encoding": "identity"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        response = await fetching.get(self._egress, url, headers, self._policy)
        if response.status != 200:
            await response.close()
            raise self._failed(response)
        return response

    def _failed(self, response: Response) -> UserError | OutsideError:
        said = response.headers.get("X-Error-Code", "")
        why = one_line(f"status {response.status}" + (f", {said}" if said else ""), 120)
        if response.status in (401, 403) or said in ("GatedRepo", "RepoNotFound"):
            return UserError(
                "GAO-MODELS-089",
                f"{self._model.repo} may not be read, or is not there",
                why=f"{why}; {TOKEN} is {'set' if self._token else 'not set'}",
                fix=f"check the name; of a private or gated model set {TOKEN} to a token that may read it",
                where=self._endpoint,
            )
        if response.status == 404:
            what = f"{self._model.repo} has no such commit or file"
            fix = f"check the commit: {self._model.revision}"
            return UserError("GAO-MODELS-090", what, why=why, fix=fix, where=self._endpoint)
        return OutsideError(
            "GAO-MODELS-093",
            f"{self._model.repo} could not be fetched",
            why=why,
            fix=f"wait and try again, or name a mirror in {ENDPOINT}",
            where=self._endpoint,
        )

    def _odd(self, why: str) -> OutsideError:
        what = f"what answered for {self._model.repo} is not Hugging Face, or lies"
        return OutsideError("GAO-MODELS-094", what, why=why, where=self._endpoint)


@dataclass(frozen=True, slots=True)
class HubPull:
    """Pulls models through `egress` into the user's cache."""

    egress: Egress
    settings: Settings
    console: Console
    policy: RetryPolicy = fetching.POLICY

    async def pull(self, model: HubModel) -> Pulled:
        """Fetch the files of `model`, each checked, and record them; large ones that are here stay.

        An ONNX file comes with its tokenizer and configs, a GGUF file alone. Raises `UserError` where the
        model may not be read, has no such file, or a file is not what is stated of it.
        """
        client = HubClient(self.egress, self.settings, model, self.policy)
        licence, tree = await client.licence(), await client.tree()
        weights = model.file or next((name for name in _USUAL if name in tree), "")
        wanted = [weights] if weights.endswith(".gguf") else [*wanted_files(weights)]
        needed = [weights] if weights.endswith(".gguf") else [weights, TOKENIZER]
        if any(name not in tree for name in needed):
            raise _no_such_file(model, needed, tree)
        names = [name for name in wanted if name in tree]
        total = sum(tree[name].bytes or 0 for name in names)
        self.console.note(
            f"{model.repo}: {len(names)} file(s), {megabytes(total)}, {licence or 'no licence'}"
        )
        digests = {name: await self._file(client, model, name, tree[name]) for name in names}
        pulled = Pulled(
            repo=model.repo,
            revision=model.revision,
            model=weights,
            bytes=total,
            licence=licence,
            source=client.source,
            files=digests,
        )
        PulledModels(self.settings).keep(pulled)
        return pulled

    async def _file(
        self, client: HubClient, model: HubModel, name: str, expected: fetching.Expected
    ) -> Digest:
        target = PulledModels(self.settings).folder(model) / name
        if target.is_file() and digest_file(target) == f"sha256:{expected.sha256}":
            self.console.note(f"{name} is already here")
            return digest_file(target)
        return await fetching.keep(await client.fetch(name), target, expected, self.console)


def _is_file(entry: Json) -> bool:
    return isinstance(entry, dict) and entry.get("type") == "file"


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _no_such_file(model: HubModel, needed: list[str], tree: Mapping[str, object]) -> UserError:
    missing = [name or "an ONNX file" for name in needed if name not in tree]
    offered = [name for name in sorted(tree) if name.endswith((".onnx", ".gguf"))]
    return UserError(
        "GAO-MODELS-095",
        f"{model.repo} has no {' and no '.join(missing)} at this commit",
        why=f"it has: {', '.join(offered[:12]) or 'no ONNX and no GGUF file'}",
        fix="name one with --file; other weights have to be exported to ONNX first",
    )
