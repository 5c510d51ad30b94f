"""`local:…`: models in this process. Which one, is decided here; each kind has its own file."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from genaiops.core import ChatModel, Digest, Embedder, Json, ModelSpec, UserError, parse_digest
from genaiops.models.catalogue import known_weights
from genaiops.models.context import ModelContext
from genaiops.models.extras import need_extra
from genaiops.models.machine import CONTEXT, positive, threads
from genaiops.models.providers.extractive import ExtractiveChat
from genaiops.models.providers.llama import LlamaChat
from genaiops.models.providers.minilm import MiniLm
from genaiops.models.weights import Weights, digest_file

DEFAULT_CONTEXT = 4096
EXTRACTIVE = "extractive"
_PINNED = re.compile(r"(?P<path>.+?)(?:@(?P<digest>sha256:[0-9a-f]+))?")


def open_chat(name: str, context: ModelContext) -> ChatModel:
    """Return a GGUF model by name or path, or the extractive answerer."""
    if name == EXTRACTIVE:
        return ExtractiveChat(_minilm("minilm-l6", context))
    chosen = _own_file(name, context) if _is_path(name) else _catalogued(name, "chat", context)
    settings: dict[str, Json] = {
        "n_ctx": positive(context.settings.env, CONTEXT) or DEFAULT_CONTEXT,
        "threads": threads(context.settings.env),
        "runtime": f"xllamacpp {need_extra('xllamacpp', 'local', 'a local language model')}",
    }
    spec = ModelSpec(provider="local", model=chosen.name, digest=chosen.digest, settings=settings)
    return LlamaChat(spec, chosen.find)


def open_embedder(name: str, context: ModelContext) -> Embedder:
    """Return the local embedder called `name` (a `TokenEmbedder`)."""
    if _is_path(name):
        raise UserError(
            "GAO-MODELS-020",
            "an embedder cannot be a file of yours yet",
            fix="take local:minilm-l6, or an endpoint: http://host:8000/v1#name",
            where=f"local:{name}",
        )
    return _minilm(name, context)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Weights that were named; `find` verifies them and returns their file."""

    name: str
    digest: Digest
    find: Callable[[], Path]


def _minilm(name: str, context: ModelContext) -> MiniLm:
    runtime = f"onnxruntime {need_extra('onnxruntime', 'local', 'the local embedder')}"
    need_extra("tokenizers", "local", "the local embedder")
    chosen = _catalogued(name, "embed", context)
    spec = ModelSpec(provider="local", model=name, digest=chosen.digest, settings={"runtime": runtime})
    return MiniLm(spec, chosen.find, threads(context.settings.env))


def _catalogued(name: str, use: str, context: ModelContext) -> _Chosen:
    known = [weight.name for weight in known_weights().values() if weight.use == use]
    names = [*known, EXTRACTIVE] if use == "chat" else known
    if name not in known:
        near = get_close_matches(name, names, n=1)
        other = name in known_weights()
        raise UserError(
            "GAO-MODELS-021",
            f"local:{name} is not a model that {'chats' if use == 'chat' else 'embeds'}",
            why=f"known: {', '.join('local:' + n for n in names)}"
            + (", or a GGUF file by path" if use == "chat" else ""),
            fix=f"did you mean local:{near[0]}?" if near and not other else f"take local:{names[0]}",
        )
    weights = Weights(context.settings)
    weights.present(name)
    return _Chosen(name, known_weights()[name].digest, lambda: weights.path(name))


def _is_path(name: str) -> bool:
    return "/" in name or "\\" in name or ".gguf" in name


def _own_file(name: str, context: ModelContext) -> _Chosen:
    """A user's own GGUF: its digest is stated in the reference, or unverified weights are allowed."""
    match = _PINNED.fullmatch(name)
    written = match["path"] if match else name
    path = context.root / Path(written).expanduser()
    _check_gguf(path)
    stated = parse_digest(match["digest"]) if match and match["digest"] else None
    digest = stated or digest_file(path)
    if stated is None and not context.allow_unverified:
        raise UserError(
            "GAO-MODELS-023",
            f"nobody stated what {path.name} must be",
            why="weights load only by known digest",
            fix=f"write local:{written}@{digest}, or pass --allow-unverified",
            where=str(path),
        )
    return _Chosen(written, digest, lambda: _verified(path, digest))


def _verified(path: Path, digest: Digest) -> Path:
    found = digest_file(path)
    if found != digest:
        raise UserError(
            "GAO-MODELS-022",
            f"{path.name} is not the file that was named",
            why=f"its digest is {found}, not {digest}",
            fix="bring back the file, or correct the digest after the @",
            where=str(path),
        )
    return path


def _check_gguf(path: Path) -> None:
    problem = ""
    if not path.is_file():
        problem = "there is no such file"
    else:
        with path.open("rb") as stream:
            problem = "" if stream.read(4) == b"GGUF" else "it does not begin like a GGUF file"
    if problem:
        raise UserError(
            "GAO-MODELS-024",
            f"{path.name} cannot be loaded as a model",
            why=problem,
            fix="give the path of a .gguf file",
            where=str(path),
        )
