"""Loading genaiops.yaml: values, overrides and schema, with errors that name the line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from genaiops.app.overrides import Overrides, nearest
from genaiops.app.schema import (
    AppTarget,
    ChunkConfig,
    ClaimConfig,
    GateConfig,
    JudgeConfig,
    KnowledgeConfig,
    ModelConfig,
    PriceConfig,
    ProjectFile,
    ReuseConfig,
    ScorerConfig,
    SuiteConfig,
)
from genaiops.app.secrets import find_secrets
from genaiops.core import Json, KeyPath, Located, OutsideError, UserError, one_line, read_yaml
from genaiops.guard import Asker
from genaiops.models import EmbedSettings

PROJECT_FILE = "genaiops.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project as its file states it, overrides applied; `root` is the folder of the file.

    `embedding`: what is said of the embedder beside its reference in `models`. `guard`: the file of the
    policy that its texts are checked by, None where there is none. `role`: on whose behalf it answers, for
    rules of that policy that are narrowed to roles; empty where it is not said.
    """

    root: Path
    project: str
    app: AppTarget
    params: dict[str, Json]
    models: dict[str, str]
    prices: dict[str, PriceConfig]
    knowledge: dict[str, KnowledgeConfig]
    suites: dict[str, SuiteConfig]
    judges: dict[str, JudgeConfig]
    reuse: ReuseConfig
    embedding: EmbedSettings = field(default_factory=EmbedSettings)
    guard: str | None = None
    role: str = ""

    @property
    def asker(self) -> Asker:
        """For whom and where the guard checks its texts."""
        return Asker(role=self.role, app=self.project)

    def resolved(self) -> Json:
        """Return what shapes the app's outputs, defaults filled in; suites only judge them."""
        values: dict[str, object] = {
            "app": self.app.model_dump(mode="json", exclude_none=True),
            "params": self.params,
            "models": self.models,
            "prices": {key: price.model_dump(by_alias=True) for key, price in self.prices.items()},
            "knowledge": {key: config.resolved() for key, config in self.knowledge.items()},
        }
        said = {"version": self.embedding.version, **self.embedding.facts}
        if self.guard is not None:
            values["guard"] = self.guard
        if self.role:
            values["role"] = self.role
        if stated := {key: value for key, value in said.items() if value is not None}:
            values["embedding"] = stated
        return cast(Json, values)


def load_project(path: Path, overrides: Sequence[str] = (), env: Mapping[str, str] | None = None) -> Project:
    """Read the project at `path` (its folder, or the file), then `env`'s and the given overrides."""
    file = path / PROJECT_FILE if path.is_dir() else path
    located = read_yaml(_text(file), file.name)
    if not isinstance(located.value, dict):
        raise UserError(
            "GAO-APP-009",
            f"{file.name} is not a mapping of keys",
            why="it needs at least `project` and `app`",
            fix="`genaiops init` writes one for an app you have",
            where=f"{file.name}:1",
        )
    applied = Overrides.parse(overrides, env or {}, list(ProjectFile.model_fields)).apply(
        located.value, _KNOWN
    )
    sites = _Sites(file.name, located, applied.origins)
    _refuse_secrets(applied.values, sites)
    try:
        parsed = ProjectFile.model_validate(applied.values)
    except ValidationError as error:
        raise _invalid(error, sites, applied.values) from None
    apart = ("models", "guard", "role")
    stated = {name: getattr(parsed, name) for name in ProjectFile.model_fields if name not in apart}
    return Project(
        root=file.parent.resolve(),
        models={role: model.model for role, model in parsed.models.items()},
        guard=parsed.guard or None,
        role=parsed.role or "",
        embedding=parsed.models["embed"].settings if "embed" in parsed.models else EmbedSettings(),
        **stated,
    )


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(
            "GAO-APP-001",
            f"there is no {PROJECT_FILE} in {file.parent}",
            why="it says what the app is, its models, knowledge and suites",
            fix="`genaiops init` writes one for your app; `genaiops new rag-assistant` starts a new one",
            where=str(file),
        ) from None
    except UnicodeDecodeError as error:
        raise UserError(
            "GAO-APP-002",
            f"{file.name} is not UTF-8 text",
            why=f"byte {error.start} does not fit",
            fix="save it as UTF-8",
            where=file.name,
        ) from error
    except OSError as error:
        raise OutsideError(
            "GAO-APP-006", f"{file.name} cannot be read", why=str(error), where=str(file)
        ) from error


@dataclass(frozen=True, slots=True)
class _Sites:
    """Where each value was given: a line of the file, or an override."""

    file: str
    located: Located
    origins: Mapping[KeyPath, str]

    def of(self, path: KeyPath) -> str:
        for size in range(len(path), -1, -1):
            if path[:size] in self.origins:
                return self.origins[path[:size]]
            if path[:size] in self.located.lines:
                line, column = self.located.lines[path[:size]], self.located.columns[path[:size]]
                return f"{self.file}:{line}:{column}"
        return self.file


def _refuse_secrets(values: Mapping[str, Json], sites: _Sites) -> None:
    for path in find_secrets(dict(values)):
        raise UserError(
            "GAO-APP-008",
            f"the value of {_dotted(path[:-1]) or 'a key'} looks like a secret"
            if len(path) > 1
            else "a value looks like a secret",
            why="this file is committed, shown and stored with the evidence",
            fix="remove it (and revoke it if it was committed); keys come from the environment, "
            "for example OPENAI_API_KEY",
            where=sites.of(path),
        )


_MODELS: dict[str, type[BaseModel]] = {
    "": ProjectFile,
    "knowledge": KnowledgeConfig,
    "chunk": ChunkConfig,
    "suite": SuiteConfig,
    "gate": GateConfig,
    "claim": ClaimConfig,
    "price": PriceConfig,
    "scorer": ScorerConfig,
    "app": AppTarget,
    "reuse": ReuseConfig,
    "judge": JudgeConfig,
    "embed": ModelConfig,
}
_KNOWN: dict[str, Sequence[str]] = {
    "none": (),
    **{
        name: [field.alias or key for key, field in model.model_fields.items()]
        for name, model in _MODELS.items()
    },
}


def _keys_at(path: KeyPath) -> Sequence[str]:
    """Return the keys that the schema knows in the mapping at `path`."""
    match path:
        case ():
            return _KNOWN[""]
        case ("app",):
            return ("url", "version", "key_env")
        case ("models", "embed"):
            return _KNOWN["embed"]
        case ("knowledge", _):
            return _KNOWN["knowledge"]
        case ("knowledge", _, "chunk"):
            return _KNOWN["chunk"]
        case ("prices", _):
            return _KNOWN["price"]
        case ("suites", _):
            return _KNOWN["suite"]
        case ("suites", _, "gate"):
            return _KNOWN["gate"]
        case ("suites", _, "gate", "claims", _):
            return _KNOWN["claim"]
        case ("judges", _):
            return _KNOWN["judge"]
        case ("reuse",):
            return _KNOWN["reuse"]
        case _:
            return ()


def _invalid(error: ValidationError, sites: _Sites, values: Mapping[str, Json]) -> UserError:
    details = error.errors(include_url=False)
    # an unknown key first: it is often the reason why a known one is missing
    first = min(details, key=lambda item: item["type"] != "extra_forbidden")
    path: KeyPath = tuple(first["loc"])
    more = f" ({len(details) - 1} more after this one)" if len(details) > 1 else ""
    if first["type"] == "extra_forbidden":
        return UserError(
            "GAO-APP-003",
            f"unknown key {_dotted(path)!r}",
            why=f"genaiops does not know it, and would not read it{more}",
            fix=nearest(str(path[-1]), _keys_at(path[:-1])),
            where=sites.of(path),
        )
    if first["type"] == "missing":
        return UserError(
            "GAO-APP-017",
            f"the key {_dotted(path)!r} is missing",
            why=f"it is needed{more}",
            fix=f"add `{path[-1]}:` here",
            where=sites.of(path[:-1]),
        )
    path = _there(path, dict(values))
    same = [item for item in details if _there(tuple(item["loc"]), dict(values)) == path]
    more = f" ({len(details) - len(same)} more after this one)" if len(details) > len(same) else ""
    return UserError(
        "GAO-APP-004",
        f"{_dotted(path) or 'the file'} does not fit: {_given(first)}",
        why=", or ".join(dict.fromkeys(map(_expected, same))) + more,
        fix="correct the value; schemas/genaiops.schema.json lists every key",
        where=sites.of(path),
    )


def _there(path: KeyPath, values: Json) -> KeyPath:
    """Return the part of `path` that the file has: of a value of several kinds it names the kind last."""
    for at, part in enumerate(path):
        if isinstance(values, dict) and part in values:
            values = values[str(part)]
        elif isinstance(values, list) and isinstance(part, int) and part < len(values):
            values = values[part]
        else:
            return path[:at]
    return path


def _dotted(path: KeyPath) -> str:
    return ".".join(str(part) for part in path)


def _given(detail: ErrorDetails) -> str:
    value: object = detail["input"]
    if isinstance(value, dict):
        return "a mapping with " + (
            ", ".join(str(key) for key in cast("dict[str, object]", value)) or "no keys"
        )
    return one_line(repr(value), 80)


def _expected(detail: ErrorDetails) -> str:
    message = detail["msg"].replace("Input should be", "expected", 1)
    message = message.replace("a valid dictionary", "a mapping").replace("a valid string", "text")
    return message.replace("a valid tuple", "a list")
