"""The models that were pulled from Hugging Face: where they lie, and what each of their files must be.

<cache>/weights/hf/ORG/NAME/REVISION/…          the files, as they are called there
<cache>/weights/hf/ORG/NAME/REVISION/.pulled/   a record for each model file: every digest, licence, source
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from genaiops.core import Digest, Settings, UserError, decode_json, encode_json
from genaiops.models.weights import check_file
from genaiops.store import write_whole

_REFERENCE = re.compile(
    r"(?P<repo>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)@(?P<revision>[^#@]+)(?:#(?P<file>\S+))?", re.ASCII
)
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class HubModel:
    """`ORG/NAME@COMMIT[#FILE]`: a repository at a commit, and the file of weights in it, if it is named."""

    repo: str
    revision: str
    file: str | None = None

    @classmethod
    def parse(cls, text: str) -> "HubModel":
        """Return the model that `text` names; raises `UserError` where it is none, or pinned to no commit."""
        match = _REFERENCE.fullmatch(text)
        if match is None or ".." in text or (match["file"] or "").startswith("/"):
            raise UserError(
                "GAO-MODELS-085",
                f"hf:{text} names no model of Hugging Face at a revision",
                why="it reads hf:ORG/NAME@COMMIT, and #FILE where there are several",
                fix="for example hf:intfloat/e5-small-v2@<the 40 digits of a commit>",
            )
        if not _COMMIT.fullmatch(match["revision"]):
            raise UserError(
                "GAO-MODELS-086",
                f"{match['revision']!r} is not a commit",
                why="a branch or a tag moves: the same name would be other weights tomorrow",
                fix=f"take the 40 digits of a commit: git ls-remote https://huggingface.co/{match['repo']}",
            )
        return cls(match["repo"], match["revision"], match["file"])

    def __str__(self) -> str:
        return f"{self.repo}@{self.revision}" + (f"#{self.file}" if self.file else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """A model that is here: its file of weights, and the digest of every file that was fetched for it."""

    repo: str
    revision: str
    model: str
    bytes: int
    licence: str = ""
    source: str = ""
    files: dict[str, Digest] = field(default_factory=dict[str, Digest])

    @property
    def reference(self) -> str:
        """What names it in a project file."""
        return f"hf:{HubModel(self.repo, self.revision, self.model)}"


class PulledModels:
    """What was pulled into the user's cache."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.cache_dir / "weights" / "hf"

    def folder(self, model: HubModel) -> Path:
        """Return where the files of a repository at a commit lie."""
        return self._folder / model.repo / model.revision

    def keep(self, pulled: Pulled) -> None:
        """Record what was pulled; raises `UserError` where the same commit held other files before."""
        before = next((one for one in self.list() if one.reference == pulled.reference), pulled)
        other = [name for name in before.files if pulled.files.get(name) != before.files[name]]
        if other:
            raise UserError(
                "GAO-MODELS-099",
                f"{pulled.repo} had other files at this commit when it was first pulled",
                why=f"another digest: {', '.join(other)}; a commit never changes, so somebody lies",
                fix="find out who; to begin anew delete the folder",
                where=str(self.folder(HubModel(pulled.repo, pulled.revision))),
            )
        folder = self.folder(HubModel(pulled.repo, pulled.revision)) / ".pulled"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / (pulled.model.replace("/", "--") + ".json")
        write_whole(file, [encode_json(pulled).encode()])

    def list(self) -> "list[Pulled]":
        """Return every record, by repository, revision and file."""
        files = sorted(self._folder.glob("*/*/*/.pulled/*.json"))
        return [decode_json(Pulled, file.read_bytes(), where=str(file)) for file in files]

    def find(self, model: HubModel) -> Pulled:
        """Return the record of `model`; raises `UserError` where there is none, or are several."""
        there = [one for one in self.list() if (one.repo, one.revision) == (model.repo, model.revision)]
        fitting = [one for one in there if model.file in (None, one.model)]
        if not fitting:
            raise UserError(
                "GAO-MODELS-087",
                f"hf:{model} is not on this machine",
                why=f"pulled of this revision: {', '.join(one.model for one in there) or 'nothing'}",
                fix=f"genaiops models pull 'hf:{model}'",
            )
        if len(fitting) > 1:
            raise UserError(
                "GAO-MODELS-088",
                f"hf:{model} does not say which file",
                why=f"pulled of this revision: {', '.join(one.model for one in fitting)}",
                fix=f"write {fitting[0].reference}",
            )
        return fitting[0]

    def file(self, pulled: Pulled) -> Path:
        """Return the file of weights, its digest checked; raises `UserError` where it is another."""
        folder = self.folder(HubModel(pulled.repo, pulled.revision))
        return check_file(folder / pulled.model, pulled.files[pulled.model])
