"""`local:…`: models in this process. Which one, is decided here; each kind has its own file."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files as packaged
from pathlib import Path

from genaiops.core import ChatModel, Digest, ModelSpec, UserError, parse_digest
from genaiops.models.catalogue import known_weights
from genaiops.models.context import ModelContext
from genaiops.models.embedding import Origin
from genaiops.models.machine import threads
from genaiops.models.providers.extractive import ExtractiveChat
from genaiops.models.providers.llama import LlamaChat, llama_settings
from genaiops.models.providers.onnx import OnnxEmbedder, OnnxFiles
from genaiops.models.sentence_files import Description
from genaiops.models.sentence_folder import SentenceFolder, open_folder, runtime
from genaiops.models.weights import Weights, check_file, digest_file

EXTRACTIVE = "extractive"
_TOKENIZER = packaged("genaiops.models").joinpath("data/minilm-tokenizer.json")
_PINNED = re.compile(r"(?P<path>.+?)(?:@(?P<digest>sha256:[0-9a-f]+))?")


def open_chat(name: str, context: ModelContext) -> ChatModel:
    """Return a GGUF model by name or path, or the extractive answerer."""
    if name == EXTRACTIVE:
        return ExtractiveChat(_minilm("minilm-l6", context))
    chosen = _own_file(name, context) if _is_path(name) else _catalogued(name, "chat", context)
    settings = llama_settings(context.settings.env)
    spec = ModelSpec(provider="local", model=chosen.name, digest=chosen.digest, settings=settings)
    return LlamaChat(spec, chosen.find)


def open_embedder(name: str, context: ModelContext) -> OnnxEmbedder:
    """Return the local embedder called `name`, or that of a folder (a `TokenEmbedder`)."""
    return _own_folder(name, context) if _is_path(name) else _minilm(name, context)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Weights that were named; `find` verifies them and returns their file."""

    name: str
    digest: Digest
    find: Callable[[], Path]


def _minilm(name: str, context: ModelContext) -> OnnxEmbedder:
    ran_by = runtime()
    chosen = _catalogued(name, "embed", context)
    weight, said = known_weights()[name], context.embedding
    described = Description(
        pooling="mean",
        dimension=384,
        window=min(256, said.window or 256),
        query_prefix=said.query_prefix or "",
        passage_prefix=said.passage_prefix or "",
        quantisation="int8",
    )
    spec = ModelSpec(
        provider="local",
        model=name,
        version=f"{weight.package} {weight.version}",
        digest=chosen.digest,
        settings={**described.facts, "runtime": ran_by},
    )
    origin = Origin(licence=weight.licence, source=weight.source)
    found = OnnxFiles(chosen.find, lambda: _TOKENIZER.read_text("utf-8"))
    return OnnxEmbedder(spec, described, found, origin, threads(context.settings.env))


def _own_folder(name: str, context: ModelContext) -> OnnxEmbedder:
    """A user's own ONNX embedder: its digest is stated in the reference, or unverified files are allowed."""
    written, stated = _split(name)
    folder = context.root / Path(written).expanduser()
    if not folder.is_dir():
        raise UserError(
            "GAO-MODELS-020",
            "an embedder of yours is a folder, and there is none here",
            why="it holds model.onnx and tokenizer.json, as an export for feature extraction does",
            fix="give the folder's path, or take local:minilm-l6",
            where=str(folder),
        )
    files = SentenceFolder.read(folder, "model.onnx")
    if stated is None and not context.allow_unverified:
        raise _unstated(folder.name, written, files.digest, folder)
    if stated not in (None, files.digest):
        raise UserError(
            "GAO-MODELS-025",
            f"{folder.name} is not the embedder that was named",
            why=f"the digest of its files is {files.digest}, not {stated}",
            fix="bring back the files, or correct the digest after the @",
            where=str(folder),
        )
    spec = ModelSpec(provider="local", model=written, version=context.embedding.version)
    return open_folder(files, spec, context.embedding, Origin(), context.settings.env)


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
    written, stated = _split(name)
    path = context.root / Path(written).expanduser()
    _check_gguf(path)
    digest = stated or digest_file(path)
    if stated is None and not context.allow_unverified:
        raise _unstated(path.name, written, digest, path)
    return _Chosen(written, digest, lambda: check_file(path, digest))


def _split(name: str) -> tuple[str, Digest | None]:
    """Return the path and the digest that stands after an @, if one does."""
    match = _PINNED.fullmatch(name)
    if match is None:
        return name, None
    return match["path"], parse_digest(match["digest"]) if match["digest"] else None


def _unstated(what: str, written: str, digest: Digest, path: Path) -> UserError:
    return UserError(
        "GAO-MODELS-023",
        f"nobody stated what {what} must be",
        why="weights load only by known digest",
        fix=f"write local:{written}@{digest}, or pass --allow-unverified",
        where=str(path),
    )


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
