"""A sentence embedder in a folder: which of its files count, what they must be, what they say."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from genaiops.core import Digest, Json, ModelSpec, UserError, digest_json
from genaiops.models.embedding import EmbedSettings, Origin
from genaiops.models.extras import need_extra
from genaiops.models.machine import threads
from genaiops.models.providers.onnx import OnnxEmbedder, OnnxFiles
from genaiops.models.sentence_files import TOKENIZER, Description, describe, wanted_files
from genaiops.models.weights import check_file, digest_file


@dataclass(frozen=True, slots=True)
class SentenceFolder:
    """The files by their names in `folder`, with the digests they must have; `model` is the ONNX file."""

    folder: Path
    model: str
    digests: Mapping[str, Digest]

    @classmethod
    def read(cls, folder: Path, model: str) -> "SentenceFolder":
        """Return the files that are there, with the digests that they have now."""
        names = [name for name in wanted_files(model) if (folder / name).is_file()]
        for needed in (model, TOKENIZER):
            if needed not in names:
                raise UserError(
                    "GAO-MODELS-084",
                    f"there is no {needed} in the folder of the embedder",
                    fix="export the model for feature extraction to ONNX, with its tokenizer.json",
                    where=str(folder),
                )
        return cls(folder, model, {name: digest_file(folder / name) for name in names})

    @property
    def digest(self) -> Digest:
        """The digest over all files by their names."""
        return digest_json(dict(self.digests))

    def path(self, name: str) -> Path:
        """Return a file, its digest checked; raises `UserError` where it is not what it must be."""
        return check_file(self.folder / name, self.digests[name])

    def describe(self, said: EmbedSettings) -> Description:
        """Return what these files and the project say of the embedder."""
        return describe(self._content, self.model, said, str(self.folder))

    def weights(self) -> Path:
        """Return the ONNX file; every file is checked first."""
        for name in self.digests:
            self.path(name)
        return self.folder / self.model

    def _content(self, name: str) -> bytes | None:
        return self.path(name).read_bytes() if name in self.digests else None


def open_folder(
    files: SentenceFolder, spec: ModelSpec, said: EmbedSettings, origin: Origin, env: Mapping[str, str]
) -> OnnxEmbedder:
    """Return the embedder of `files`; `spec` names it, and gets its facts here."""
    described = files.describe(said)
    named: dict[str, Json] = {"weights": files.digests[files.model], "tokenizer": files.digests[TOKENIZER]}
    whole = ModelSpec(
        provider=spec.provider,
        model=spec.model,
        version=spec.version,
        digest=files.digest,
        settings={**described.facts, **named, "runtime": runtime()},
    )
    loaded = OnnxFiles(files.weights, lambda: files.path(TOKENIZER).read_text("utf-8"))
    return OnnxEmbedder(whole, described, loaded, origin, threads(env))


def runtime() -> str:
    """Return the name and version of what runs ONNX files; raises `UserError` where the extra is absent."""
    need_extra("tokenizers", "local", "a local embedder")
    return f"onnxruntime {need_extra('onnxruntime', 'local', 'a local embedder')}"
